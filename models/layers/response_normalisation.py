"""Local response normalisation: a unit is damped by its active neighbours.

Across maps it is equation 1 of Krizhevsky et al. 2012; within a map it is the layer ``rnorm`` of
their program cuda-convnet. Neither has anything to learn.
"""

from __future__ import annotations

from functools import reduce
from operator import add

import jax
import jax.numpy as jnp


def across_maps(
    maps: jax.Array, *, k: float = 2.0, n: int = 5, alpha: float = 1e-4, beta: float = 0.75
) -> jax.Array:
    """Divide by (k + alpha * sum of squares) ** beta, over the n maps around each.

    The defaults are the paper's. `alpha` multiplies the sum itself, as the paper writes it; the
    parameter ``scale`` of cuda-convnet (and alpha in Caffe and PyTorch) is divided by `n` first.

    Parameters
    ----------
    maps : float array [n, height, width, channels]
    k, alpha, beta : float
    n : int
        Maps in the sum, n // 2 on each side; fewer at both ends of the channels.

    Returns
    -------
    float array [n, height, width, channels]

    References
    ----------
    A. Krizhevsky, I. Sutskever, G. Hinton, ImageNet classification with deep convolutional neural
    networks, 2012, section 3.3
    """
    return maps * (k + alpha * _sums(jnp.square(maps), n, axes=(3,))) ** -beta


def within_maps(
    maps: jax.Array, *, size: int = 3, scale: float = 5e-5, power: float = 0.75
) -> jax.Array:
    """Divide by (1 + scale * mean of squares) ** power, over a square around each unit.

    The defaults are cuda-convnet's, ``layers-18pct.cfg`` and ``layer-params-18pct.cfg``. The mean
    is the sum divided by size ** 2, at the border too, where only the units inside add to it.

    Parameters
    ----------
    maps : float array [n, height, width, channels]
    size : int
        Side of the square.
    scale, power : float

    Returns
    -------
    float array [n, height, width, channels]
    """
    return maps * (1 + scale / size**2 * _sums(jnp.square(maps), size, axes=(1, 2))) ** -power


def _sums(values: jax.Array, window: int, axes: tuple[int, ...]) -> jax.Array:
    """Sum over a window around each place along `axes`; what lies outside is 0."""
    # Shifted views: a matrix product would count as multiply-accumulates of the network.
    for axis in axes:
        around = [(0, 0)] * values.ndim
        around[axis] = (window // 2, (window - 1) // 2)
        padded, length = jnp.pad(values, around), values.shape[axis]
        views = [
            jax.lax.slice_in_dim(padded, start, start + length, axis=axis)
            for start in range(window)
        ]
        values = reduce(add, views)
    return values
