"""The inside of an opened block: norms, matrices, heads, scores, as they are at this moment on the probe text.

Measures are those of the canvas, a pixel at 100 %. `arrange` reserves `HEIGHT` for each part of an opened block,
`WIDTH` wide, and the scene hands the rectangles to `insides.Insides.place`. A part reads the stream `READS` below its
top and is added to it `ADDS` below. Nothing is imported here: `arrange` needs these numbers, what draws needs `layout`.
"""

WIDTH = 796
HEIGHT = {"conv": 212.0, "attn": 372.0, "rec": 372.0, "mlp": 248.0, "moe": 300.0}
READS = {"conv": 96.0, "attn": 172.0, "rec": 172.0, "mlp": 128.0, "moe": 128.0}
ADDS = {name: height - 20 for name, height in HEIGHT.items()}
