"""Image gradients by 3x3 kernels: a difference along one axis, smoothed along the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.ops.convolution import cross_correlate

DIFFERENCE = (-1, 0, 1)
SOBEL = (1, 2, 1)
PREWITT = (1, 1, 1)


def gradients(
    images: NDArray[np.float64], smoothing: tuple[int, int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Correlate grey images with a 3x3 gradient kernel and its transpose.

    The kernels are separable; with ``smoothing=SOBEL`` the second one is the textbook's
    ``(-1 0 1, -2 0 2, -1 0 1)``. Beyond its border an image continues as its own mirror image.

    Parameters
    ----------
    images : float64 array [n, height, width]
        Grey levels.
    smoothing : tuple of int
        Weights across the direction of the difference, such as `SOBEL` or `PREWITT`. The
        gradients are larger than a central difference by the sum of these weights.

    Returns
    -------
    down, right : float64 arrays [n, height, width]
        Positive where the image gets lighter downwards and to the right.
    """
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)), mode="edge")[..., None]
    change = np.array(DIFFERENCE, images.dtype)
    smooth = np.array(smoothing, images.dtype)
    # Two passes of three weights each in place of one of nine.
    down = cross_correlate(cross_correlate(padded, _column(change)), _row(smooth))
    right = cross_correlate(cross_correlate(padded, _row(change)), _column(smooth))
    return down[..., 0], right[..., 0]


def _column(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a kernel [rows, 1, 1, 1]."""
    return weights.reshape(-1, 1, 1, 1)


def _row(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a kernel [1, columns, 1, 1]."""
    return weights.reshape(1, -1, 1, 1)
