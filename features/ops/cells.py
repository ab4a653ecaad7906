"""Square cells of an image, and how the pixels are shared among them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, kron


def cell_shares(pixels: int, pixels_per_cell: int, interpolate: bool) -> NDArray[np.float64]:
    """Say how much each pixel of a line belongs to each cell.

    Parameters
    ----------
    pixels : int
        Length of the line. Only whole cells count; they start at the first pixel.
    pixels_per_cell : int
        Length of a cell.
    interpolate : bool
        Whether a pixel is shared linearly between the two cells whose centres are nearest; what
        would go to a cell outside the image is lost. Otherwise a pixel belongs to its own cell.

    Returns
    -------
    float64 array [pixels // pixels_per_cell, pixels]
        Shares from 0 to 1.
    """
    cells = np.arange(pixels // pixels_per_cell)[:, None]
    if not interpolate:
        return (np.arange(pixels) // pixels_per_cell == cells).astype(np.float64)
    position = (np.arange(pixels) + 0.5) / pixels_per_cell - 0.5  # cell centres are whole numbers
    return np.maximum(0, 1 - abs(position - cells))


@lru_cache(maxsize=16)
def cell_pooling(height: int, width: int, pixels_per_cell: int, interpolate: bool) -> csr_array:
    """Build the matrix that sums an image's pixels into its cells.

    A sparse matrix, because its products add in the same order whatever the batch and the
    number of threads, which those of BLAS do not.

    Parameters
    ----------
    height, width : int
        Size of the image in pixels.
    pixels_per_cell : int
        Side of a cell in pixels.
    interpolate : bool
        As in `cell_shares`, here in both directions.

    Returns
    -------
    float32 sparse array [cells, height * width]
        Cells and pixels row by row. To be used, never changed.
    """
    rows = cell_shares(height, pixels_per_cell, interpolate)
    columns = cell_shares(width, pixels_per_cell, interpolate)
    return csr_array(kron(rows, columns, format="csr"), dtype=np.float32)
