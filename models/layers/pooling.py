"""Pooling with overlapping windows, computed in the way that suits the device.

XLA's gradient of a maximum over windows is slow on a CPU. There the maximum is taken over shifted
views instead. The two differ in the gradient of equal values only: they share it, though not in
equal parts, or the first one has it.
"""

from __future__ import annotations

from functools import reduce

import jax
import jax.numpy as jnp
from flax import nnx

from models.layers.image_size import overhang, positions


def max_pool(
    maps: jax.Array, window: int, stride: int, *, padding: int = 0, partial: bool = False
) -> jax.Array:
    """Take the largest value in each window.

    Parameters
    ----------
    maps : float array [n, height, width, channels]
    window, stride : int
        Side of the square windows and pixels between two of them.
    padding : int
        Windows start this far outside the maps; what lies outside never is the largest.
    partial : bool
        The last windows may reach over the right and lower border, so that every pixel is seen
        (the rule of cuda-convnet); otherwise only whole windows count.

    Returns
    -------
    float array [n, out_height, out_width, channels]
    """
    around = _around(maps.shape, window, stride, padding, partial)
    if jax.default_backend() != "cpu":
        return nnx.max_pool(maps, (window, window), (stride, stride), around)
    padded = jnp.pad(maps, ((0, 0), *around, (0, 0)), constant_values=-jnp.inf)
    ends = [stride * (positions(side, window, stride) - 1) + 1 for side in padded.shape[1:3]]
    views = [
        padded[:, top : top + ends[0] : stride, left : left + ends[1] : stride]
        for top in range(window)
        for left in range(window)
    ]
    return reduce(jnp.maximum, views)


def average_pool(
    maps: jax.Array, window: int, stride: int, *, padding: int = 0, partial: bool = False
) -> jax.Array:
    """Average the values of each window that lie inside the maps.

    Parameters
    ----------
    maps : float array [n, height, width, channels]
    window, stride, padding, partial
        See :func:`max_pool`.

    Returns
    -------
    float array [n, out_height, out_width, channels]
    """
    around = _around(maps.shape, window, stride, padding, partial)
    pooled: jax.Array = nnx.avg_pool(
        maps, (window, window), (stride, stride), around, count_include_pad=False
    )
    return pooled


def pooled_side(
    side: int, window: int, stride: int, padding: int = 0, partial: bool = False
) -> int:
    """Return the pixels that :func:`max_pool` and :func:`average_pool` make of a side."""
    before, after = _ends(side, window, stride, padding, partial)
    return positions(before + side + after, window, stride)


def _ends(side: int, window: int, stride: int, padding: int, partial: bool) -> tuple[int, int]:
    """Return the pixels to add before and after a side."""
    return padding, padding + (overhang(side + 2 * padding, window, stride) if partial else 0)


def _around(
    shape: tuple[int, ...], window: int, stride: int, padding: int, partial: bool
) -> tuple[tuple[int, int], tuple[int, int]]:
    height, width = (_ends(side, window, stride, padding, partial) for side in shape[1:3])
    return height, width
