"""Plots in the studio's look. `chart` needs pyqtgraph (0.4 s to import): import it inside a function, once shown."""
