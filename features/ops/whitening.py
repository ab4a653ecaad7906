"""The whitening filter of Olshausen and Field, which evens out the spectrum of images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn

CUTOFF = 200 / 512  # cycles a pixel: the paper's 200 cycles a picture of 512 pixels


def whitening_filter(height: int, width: int) -> NDArray[np.float32]:
    """Tabulate f * exp(-(f / f0)^4): white noise from a 1/f spectrum, without the corners.

    Parameters
    ----------
    height, width : int
        Size of the image in pixels.

    Returns
    -------
    float32 array [height, width]
        The response to the cosines of the discrete cosine transform, f from 0 to just under
        sqrt(1/2) cycles a pixel. A constant image has the response 0.
    """
    down, right = np.arange(height) / (2 * height), np.arange(width) / (2 * width)
    frequency = np.hypot(down[:, None], right)
    return (frequency * np.exp(-((frequency / CUTOFF) ** 4))).astype(np.float32)


def whiten(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Filter whole images; beyond its border an image continues as its own mirror image.

    Parameters
    ----------
    images : float32 array [n, height, width]
        Grey levels.

    Returns
    -------
    float32 array [n, height, width]
        Filtered with zero phase.
    """
    response = whitening_filter(*images.shape[1:])
    waves = dctn(images, type=2, axes=(1, 2), norm="ortho")
    return idctn(waves * response, type=2, axes=(1, 2), norm="ortho")
