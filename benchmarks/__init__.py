"""Measurements, each a ratio of two things that alternate in one process: `python3 run.py bench NAME`."""
