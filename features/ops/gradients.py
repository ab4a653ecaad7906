"""Image gradients by 3x3 kernels: a difference along one axis, smoothed along the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

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

    def along(axis: int, across: int) -> NDArray[np.float64]:
        difference = correlate1d(images, DIFFERENCE, axis=axis, mode="reflect")
        return correlate1d(difference, smoothing, axis=across, mode="reflect")

    return along(1, across=2), along(2, across=1)
