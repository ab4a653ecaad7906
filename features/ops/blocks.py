"""Histograms of oriented gradients in cells, and their normalisation over blocks of cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.ops.cells import cell_pooling
from features.ops.orientation import gradient_codes, vote_table

EPSILON = 1e-5  # scikit-image's: keeps blocks without any gradient at 0


def cell_histograms(
    images: NDArray[np.uint8], orientations: int, pixels_per_cell: int, interpolate: bool
) -> NDArray[np.float32]:
    """Sum the votes of an image's gradients in its cells.

    Parameters
    ----------
    images : uint8 array [n, height, width, channels]
        Any number of channels.
    orientations : int
        Bins over 180 degrees.
    pixels_per_cell : int
        Side of a cell in pixels; only whole cells count.
    interpolate : bool
        Whether a vote is shared by the nearest bins and cells.

    Returns
    -------
    float32 array [n, height // pixels_per_cell, width // pixels_per_cell, orientations]
        In grey levels.
    """
    n, height, width, _ = images.shape
    votes = np.take(vote_table(orientations, interpolate), gradient_codes(images), axis=0)
    pooling = cell_pooling(height, width, pixels_per_cell, interpolate)
    sums = pooling @ votes.reshape(height * width, -1)
    rows, columns = height // pixels_per_cell, width // pixels_per_cell
    return sums.reshape(rows, columns, n, orientations).transpose(2, 0, 1, 3)


def normalised_blocks(
    histograms: NDArray[np.float32], side: int, clip: float
) -> NDArray[np.float32]:
    """Cut cells into overlapping blocks and normalise each by L2-Hys.

    Parameters
    ----------
    histograms : float32 array [n, rows, columns, orientations]
        One histogram per cell.
    side : int
        Side of a block in cells.
    clip : float
        Largest value of a block of unit length, before it is normalised again.

    Returns
    -------
    float32 array [n, rows - side + 1, columns - side + 1, side * side * orientations]
        The blocks; in each its cells row by row.
    """
    windows = np.lib.stride_tricks.sliding_window_view(histograms, (side, side), axis=(1, 2))
    n, rows, columns, orientations = windows.shape[:4]
    blocks = np.moveaxis(windows, 3, -1).reshape(n, rows * columns, side * side * orientations)
    clipped = np.minimum(blocks / _length(blocks), clip)
    return (clipped / _length(clipped)).reshape(n, rows, columns, -1)


def _length(blocks: NDArray[np.float32]) -> NDArray[np.float32]:
    squares = np.einsum("nbv,nbv->nb", blocks, blocks)
    return np.sqrt(squares + np.float32(EPSILON**2))[..., None]
