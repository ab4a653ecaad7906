"""Averages over small squares, so that a shift by a pixel matters less."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def average_pool(maps: NDArray[np.float64], pool: int) -> NDArray[np.float64]:
    """Average every map over squares of `pool` x `pool` pixels that do not overlap.

    Rows at the bottom and columns on the right that fill no whole square are left out.

    Parameters
    ----------
    maps : float64 array [n, height, width]
        One map per image.
    pool : int
        Side of a square in pixels.

    Returns
    -------
    float64 array [n, height // pool, width // pool]
        The averages.
    """
    rows, columns = maps.shape[1] // pool, maps.shape[2] // pool
    whole = maps[:, : rows * pool, : columns * pool]
    squares = whole.reshape(len(maps), rows, pool, columns, pool)
    # One axis after the other: summed at once, the order and so the last bit depend on the batch.
    return squares.sum(axis=2).sum(axis=3) / pool**2
