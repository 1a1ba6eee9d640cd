"""The inside of an opened block. Sizes are in units of the canvas, one pixel at 100 %; `layout` reserves the room.

A part is one section: the stream is read at READS below its top and added to at ADDS below its top.
"""

WIDTH = 916
HEIGHT = {"conv": 200.0, "attn": 372.0, "rec": 280.0, "mlp": 288.0, "moe": 288.0}
READS = {"conv": 96.0, "attn": 172.0, "rec": 130.0, "mlp": 128.0, "moe": 128.0}
ADDS = {name: height - 20 for name, height in HEIGHT.items()}
