"""Averages and maxima over small squares, so that a shift by a pixel matters less."""

from __future__ import annotations

from functools import reduce
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", bound=np.floating)


def average_pool(maps: NDArray[Float], pool: int, stride: int | None = None) -> NDArray[Float]:
    """Average every map over squares of `pool` x `pool` pixels.

    Parameters
    ----------
    maps : float array [n, height, width, ...]
        Maps; behind the first three axes there may be others, such as channels.
    pool : int
        Side of a square in pixels.
    stride : int, optional
        Pixels between two squares, in both directions; without it they lie side by side. Rows at
        the bottom and columns on the right that fill no whole square are left out.

    Returns
    -------
    float array [n, (height - pool) // stride + 1, (width - pool) // stride + 1, ...]
        The averages, in the precision of the maps.
    """
    averages: NDArray[Float] = _pool(np.add, maps, pool, stride) / maps.dtype.type(pool**2)
    return averages


def max_pool(maps: NDArray[Float], pool: int, stride: int | None = None) -> NDArray[Float]:
    """Take every map's maximum over squares of `pool` x `pool` pixels.

    Parameters
    ----------
    maps, pool, stride
        As in `average_pool`.

    Returns
    -------
    float array [n, (height - pool) // stride + 1, (width - pool) // stride + 1, ...]
        The maxima.
    """
    return _pool(np.maximum, maps, pool, stride)


def _pool(combine: np.ufunc, maps: NDArray[Float], pool: int, stride: int | None) -> NDArray[Float]:
    """Combine the pixels of each square, first down and then to the right.

    Line by line: in numpy's own sums over an axis the order, and so the last bit, depend on the
    number of images.
    """
    step = stride or pool
    rows, columns = ((side - pool) // step + 1 for side in maps.shape[1:3])
    lines = reduce(combine, (maps[:, row::step][:, :rows] for row in range(pool)))
    return reduce(combine, (lines[:, :, column::step][:, :, :columns] for column in range(pool)))
