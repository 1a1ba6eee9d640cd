"""The optimisers' rules as their papers have them, in numpy: one weight, one gradient at a time, step by step."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rule = Callable[[Array, Array, float], Array]  # weight, gradient, learning rate -> weight


def sgd(decay: float = 0.0, momentum: float = 0.0, nesterov: bool = False) -> Rule:
    """Polyak 1964 and Nesterov 1983 as in Sutskever et al. 2013, the rate outside of the velocity; decay apart."""
    v: Array | float = 0.0

    def step(w: Array, g: Array, rate: float) -> Array:
        nonlocal v
        v = momentum * v + g
        return w - rate * decay * w - rate * (g + momentum * v if nesterov else v)

    return step


def rmsprop(decay: float, beta: float) -> Rule:
    """Tieleman & Hinton 2012, lecture 6e."""
    v: Array | float = 0.0

    def step(w: Array, g: Array, rate: float) -> Array:
        nonlocal v
        v = beta * v + (1 - beta) * g**2
        return w - rate * decay * w - rate * g / (np.sqrt(v) + 1e-8)

    return step


def adam(decay: float, beta1: float, beta2: float, apart: bool) -> Rule:
    """Kingma & Ba 2015, algorithm 1, decay within the gradient; `apart`: Loshchilov & Hutter 2019, algorithm 2."""
    m: Array | float = 0.0
    v: Array | float = 0.0
    t = 0

    def step(w: Array, g: Array, rate: float) -> Array:
        nonlocal m, v, t
        t += 1
        g = g if apart else g + decay * w
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        move = (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + 1e-8)
        return w - rate * move - (rate * decay * w if apart else 0)

    return step


def lion(decay: float, beta1: float, beta2: float) -> Rule:
    """Chen et al. 2023, algorithm 2."""
    m: Array | float = 0.0

    def step(w: Array, g: Array, rate: float) -> Array:
        nonlocal m
        c = beta1 * m + (1 - beta1) * g
        m = beta2 * m + (1 - beta2) * g
        return w - rate * (np.sign(c) + decay * w)

    return step


def adafactor(decay: float) -> Rule:
    """Shazeer & Stern 2018, algorithms 4 and 5 with c = 0.8, d = 1, and the rate for their 0.01; decay apart."""
    rows: Array | float = 0.0
    columns: Array | float = 0.0
    v: Array | float = 0.0
    t = 0

    def step(w: Array, g: Array, rate: float) -> Array:
        nonlocal rows, columns, v, t
        t += 1
        beta = 1 - t**-0.8
        if w.ndim == 2:
            rows = beta * rows + (1 - beta) * (g**2).sum(1)
            columns = beta * columns + (1 - beta) * (g**2).sum(0)
            v = np.outer(rows, columns) / np.sum(rows)
        else:
            v = beta * v + (1 - beta) * g**2
        u = g / np.sqrt(v)
        u = u / max(1.0, rms(u))
        size = max(1e-3, rms(w)) * min(rate, t**-0.5)
        return w * (1 - rate * decay) - size * u

    return step


def rms(x: Array) -> float:
    return float(np.sqrt(np.mean(x**2)))


def muon(decay: float, momentum: float) -> Rule:
    """Jordan et al. 2024: Nesterov momentum, made orthogonal by five Newton-Schulz iterations."""
    m: Array | float = 0.0

    def step(w: Array, g: Array, rate: float) -> Array:
        nonlocal m
        m = momentum * m + (1 - momentum) * g
        x = momentum * m + (1 - momentum) * g
        x = x / np.linalg.norm(x)
        for _ in range(5):
            a = x @ x.T
            x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
        return w * (1 - rate * decay) - rate * max(1, w.shape[0] / w.shape[1]) ** 0.5 * x

    return step
