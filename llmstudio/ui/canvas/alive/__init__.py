"""What a run shows on the drawing: a number for every part, small attention maps beside the blocks, a legend."""
