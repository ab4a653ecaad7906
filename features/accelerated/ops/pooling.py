"""Averages over small squares."""

from __future__ import annotations

import jax


def average_pool(maps: jax.Array, pool: int) -> jax.Array:
    """Average every map over squares of `pool` x `pool` pixels, side by side.

    Parameters
    ----------
    maps : float array [n, height, width]
    pool : int
        Side of a square in pixels.

    Returns
    -------
    float array [n, height // pool, width // pool]
        Rows and columns left over at the bottom and on the right are left out.
    """
    n, height, width = maps.shape
    rows, columns = height // pool, width // pool
    squares = maps[:, : rows * pool, : columns * pool].reshape(n, rows, pool, columns, pool)
    return squares.mean(axis=(2, 4))
