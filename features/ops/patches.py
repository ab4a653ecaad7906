"""Small square patches of images: cut out, freed of brightness and contrast, whitened."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

# Added to a patch's variance (of grey levels from 0 to 255): the value of Coates and Ng, Learning
# feature representations with k-means, 2012.
CONTRAST = 10.0


def every_patch(image: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """Cut out the patch at every position where one fits.

    Parameters
    ----------
    image : uint8 array [height, width, channels]
        One image.
    side : int
        Side of a patch in pixels.

    Returns
    -------
    float32 array [height - side + 1, width - side + 1, side * side * channels]
        In each patch row by row, channels last.
    """
    windows = np.lib.stride_tricks.sliding_window_view(image, (side, side), axis=(0, 1))
    rows, columns, channels = windows.shape[:3]
    patches = np.empty((rows, columns, side, side, channels), dtype=np.float32)
    patches[...] = windows.transpose(0, 1, 3, 4, 2)
    return patches.reshape(rows, columns, -1)


def sample_patches(
    images: NDArray[np.uint8], side: int, count: int, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Cut out patches at random: any image, any position, with replacement.

    Parameters
    ----------
    images : uint8 array [n, height, width, channels]
        All images.
    side : int
        Side of a patch in pixels.
    count : int
        Number of patches.
    generator : numpy.random.Generator
        Decides which.

    Returns
    -------
    float32 array [count, side * side * channels]
        As in `every_patch`.
    """
    n, height, width, _ = images.shape
    image = generator.integers(n, size=(count, 1, 1))
    top = generator.integers(height - side + 1, size=(count, 1, 1))
    left = generator.integers(width - side + 1, size=(count, 1, 1))
    offset = np.arange(side)
    patches = images[image, top + offset[:, None], left + offset]
    return patches.reshape(count, -1).astype(np.float32)


def normalise(patches: NDArray[np.float32]) -> None:
    """Take the mean of every patch off it and divide by its deviation, in place.

    Parameters
    ----------
    patches : float32 array [n, d]
        Grey levels from 0 to 255. 10 is added to the variance, so that a patch of even light is
        not blown up to noise.
    """
    patches -= patches.mean(axis=1, keepdims=True)
    variance = np.einsum("nd,nd->n", patches, patches) / np.float32(patches.shape[1])
    patches /= np.sqrt(variance + np.float32(CONTRAST))[:, None]


def zca(
    patches: NDArray[np.float32], epsilon: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Learn the whitening that turns the patches least: zero-phase component analysis.

    Parameters
    ----------
    patches : float32 array [n, d]
        Normalised patches.
    epsilon : float
        Added to the eigenvalues that are divided by: directions with a smaller variance stay weak.

    Returns
    -------
    mean : float32 array [d]
        To be subtracted first.
    whitener : float32 array [d, d]
        Symmetric; ``(patches - mean) @ whitener`` has a covariance of about the identity.
    """
    mean = patches.mean(axis=0, dtype=np.float64)
    values, vectors = eigh(np.cov(patches, rowvar=False, dtype=np.float64))
    whitener = vectors / np.sqrt(values + epsilon) @ vectors.T
    return mean.astype(np.float32), whitener.astype(np.float32)
