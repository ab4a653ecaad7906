"""Dense SIFT: Lowe's descriptor on a regular grid of upright patches of one size."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

CELLS = 4  # a side of the descriptor
ORIENTATIONS = 8
LENGTH = CELLS * CELLS * ORIENTATIONS
CLIP = 0.2
EPSILON = 1e-6  # grey levels: keeps a patch without any gradient at 0


def grid(pixels: int, side: int, stride: int) -> NDArray[np.float64]:
    """Place patches along a line of pixels, the same margin (up to a pixel) at both ends.

    Parameters
    ----------
    pixels : int
        Length of the line.
    side : int
        Side of a patch, at most `pixels`.
    stride : int
        From one patch to the next.

    Returns
    -------
    float64 array [patches]
        Their centres; the first pixel's is 0.
    """
    margin = (pixels - side) % stride // 2
    first = np.arange(margin, pixels - side + 1, stride, dtype=np.float64)
    return first + (side - 1) / 2


def line_weights(
    pixels: int, centres: NDArray[np.float64], pixels_per_cell: int
) -> NDArray[np.float32]:
    """Say how much each pixel of a line counts in each cell of each patch.

    A pixel is shared linearly between the two cells whose centres are nearest, and weighed by a
    Gaussian around the patch's centre whose deviation is half a patch.

    Parameters
    ----------
    pixels : int
        Length of the line.
    centres : float64 array [patches]
        Centres of the patches.
    pixels_per_cell : int
        Length of a cell.

    Returns
    -------
    float32 array [patches * 4, pixels]
        Weights from 0 to 1.
    """
    offset = (np.arange(pixels) - centres[:, None, None]) / pixels_per_cell
    cell = np.arange(CELLS)[:, None] - (CELLS - 1) / 2
    shares = np.maximum(0, 1 - abs(offset - cell))
    window = np.exp(-(offset**2) / (2 * (CELLS / 2) ** 2))
    return (shares * window).reshape(-1, pixels).astype(np.float32)


@lru_cache(maxsize=64)
def grid_weights(pixels: int, pixels_per_cell: int, stride: int) -> NDArray[np.float32]:
    """Return the `line_weights` [patches * 4, pixels] of a whole `grid`. Never to be changed."""
    return line_weights(pixels, grid(pixels, CELLS * pixels_per_cell, stride), pixels_per_cell)


def descriptors(
    votes: NDArray[np.float32], rows: NDArray[np.float32], columns: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Compute the descriptors of one image.

    Parameters
    ----------
    votes : float32 array [height, width, 8]
        What each pixel adds to the histogram of directions (`signed_vote_table`).
    rows, columns : float32 arrays [patches * 4, height] and [patches * 4, width]
        Weights of the pixels, by `line_weights`.

    Returns
    -------
    float32 array [patches down * patches across, 128]
        Patches row by row; in each its cells row by row, in each the directions from right to
        down. Of unit length, clipped at 0.2, of unit length again; 0 without any gradient.
    """
    height, width, _ = votes.shape
    bands = (rows @ votes.reshape(height, -1)).reshape(-1, width, ORIENTATIONS)
    cells = columns @ bands
    patches = cells.reshape(-1, CELLS, len(columns) // CELLS, CELLS, ORIENTATIONS)
    vectors = patches.swapaxes(1, 2).reshape(-1, LENGTH)
    vectors /= _length(vectors)
    np.minimum(vectors, CLIP, out=vectors)
    vectors /= _length(vectors)
    return vectors


def _length(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    squares = np.einsum("nv,nv->n", vectors, vectors)
    return np.sqrt(squares + np.float32(EPSILON**2))[:, None]
