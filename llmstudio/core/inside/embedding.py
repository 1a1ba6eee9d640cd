"""The token embeddings as a map: their principal components in the plane, and the tokens nearest to one. Numpy only."""

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FITTED = 8192  # largest number of rows the components are computed from; beyond it, as many evenly spaced rows


class Projection(Struct, frozen=True, kw_only=True, eq=False):
    """Vectors drawn in the plane of their first two principal components (Pearson 1901).

    The plane is that of PC1 and PC2; inside it the picture is turned to match the one before, so the drawn axes are a
    rotation of PC1 and PC2 and `variance` is measured along the drawn ones. Their sum is that of PC1 and PC2.
    """

    points: Floats  # (V, 2) in the units of the weights, 0 at the mean
    variance: Floats  # (2,) share of the total variance along each drawn axis
    spectrum: Floats  # (C,) share of the total variance of each principal component, falling
    axes: Floats  # (C, 2) unit vectors of the drawn axes
    mean: Floats  # (C,) what was taken away before
    rows: int  # V
    fitted: int  # rows the components and shares are computed from: all, or FITTED evenly spaced ones
    turned: bool  # matched to a picture before; False: axes are PC1 and PC2 themselves


def project(weights: NDArray[Any], previous: Projection | None = None) -> Projection:
    """Draw `weights` (V, C) in the plane. Exact PCA: eigenvectors of the covariance, in float64.

    Two principal components that change places, or their sign, do not disturb the picture: it is rotated or mirrored
    onto `previous` (orthogonal Procrustes, Schoenemann 1966). When the third component overtakes the second, the plane
    itself changes and points do jump. ValueError where weights are not finite.
    """
    x = np.asarray(weights, dtype=np.float64)
    assert x.ndim == 2 and x.size
    if not np.isfinite(x).all():
        raise ValueError("The embeddings are no longer numbers, so they cannot be drawn: lower the learning rate.")
    rows, width = x.shape
    sample = x if rows <= FITTED else x[np.arange(FITTED) * rows // FITTED]
    mean = sample.mean(0)
    centred = sample - mean
    values, vectors = np.linalg.eigh(centred.T @ centred)
    values, vectors = values[::-1].clip(min=0), vectors[:, ::-1]
    spectrum = values / (values.sum() or 1.0)
    axes = np.zeros((width, 2))
    axes[:, : min(2, width)] = _signed(vectors[:, :2])
    points = (x - mean) @ axes
    turn = np.eye(2)
    fits = previous is not None and previous.points.shape == points.shape
    if previous is not None and fits:
        turn = _procrustes(points, previous.points)
    shares = np.zeros(2)
    shares[: min(2, width)] = spectrum[:2]
    return Projection(
        points=points @ turn,
        variance=(turn**2 * shares[:, None]).sum(0),
        spectrum=spectrum,
        axes=axes @ turn,
        mean=mean,
        rows=rows,
        fitted=len(sample),
        turned=fits,
    )


def neighbours(weights: NDArray[Any], id: int, count: int) -> list[tuple[int, float]]:
    """The `count` tokens most like token `id`, itself left out: (id, cosine over all C axes), nearest first.

    A row of zeros has cosine 0 with everything. Equal cosines: lower ids first.
    """
    x = np.asarray(weights, dtype=np.float64)
    lengths = np.sqrt((x * x).sum(1))
    cosines = x @ x[id] / np.where(lengths * lengths[id] > 0, lengths * lengths[id], 1.0)
    cosines = cosines.clip(-1, 1)
    order = np.argsort(-cosines, kind="stable")
    return [(int(i), float(cosines[i])) for i in order[order != id][:count]]


def _signed(vectors: Floats) -> Floats:
    """Eigenvectors have no sign: the largest entry of each becomes positive, so that the same weights look the same."""
    largest = np.abs(vectors).argmax(0)
    return vectors * np.where(vectors[largest, np.arange(vectors.shape[1])] < 0, -1.0, 1.0)


def _procrustes(points: Floats, target: Floats) -> Floats:
    """The orthogonal R (2, 2), rotation or reflection, with the least ||points R - target||."""
    u, _, vt = np.linalg.svd(points.T @ target)
    return u @ vt  # type: ignore[no-any-return]
