"""Numbers and differences in plain words: pure functions from values to sentences."""
