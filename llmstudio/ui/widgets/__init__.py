"""The parts of which panels are made: each file one widget, knowing nothing of models."""
