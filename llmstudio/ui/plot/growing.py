"""Series of a run as numpy arrays that grow with it: what is known already is neither copied nor computed again."""

from array import array

import numpy as np

from .series import Floats, smooth_on


class Growing:
    """Room for numbers that grows in leaps; `all` looks at what is there."""

    def __init__(self) -> None:
        self._room: Floats = np.empty(0)
        self._n = 0

    def __len__(self) -> int:
        return self._n

    @property
    def all(self) -> Floats:
        return self._room[: self._n]

    def clear(self) -> None:
        self._n = 0

    def add(self, values: Floats) -> None:
        end = self._n + len(values)
        if end > len(self._room):
            room = np.empty(max(256, end, 2 * len(self._room)))
            room[: self._n] = self.all
            self._room = room
        self._room[self._n : end] = values
        self._n = end

    def follow(self, values: "array[float]") -> Floats:
        """Take in what `values` has more than before. It may grow on: nothing keeps looking at it."""
        if len(values) < self._n:
            self.clear()
        if len(values) > self._n:
            self.add(np.frombuffer(values, dtype=np.float64, offset=8 * self._n))
        return self.all


class Smoothed(Growing):
    """The exponential mean of a growing series; only the new part is computed."""

    def __init__(self) -> None:
        super().__init__()
        self._share = -1.0

    def smooth(self, values: Floats, share: float) -> Floats:
        """`share` of the old value is kept at each step. Where a value is not finite, neither is the mean."""
        if share != self._share or len(values) < len(self):
            self.clear()
            self._share = share
        if len(values) > len(self):
            self.add(smooth_on(values, share, self.all))
        return self.all
