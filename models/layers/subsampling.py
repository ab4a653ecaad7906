"""Subsampling with a trainable gain, the pooling of 1990 to 1998."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx

from models.layers.squashing import fan_in_uniform, squash


class Subsampling(nnx.Module):
    """Sum squares of 2x2 units that do not overlap, scale, shift and squash.

    Each map has one coefficient and one bias. A last odd row or column is left out.

    Parameters
    ----------
    maps : int
    rngs : nnx.Rngs
        Its `params` stream draws the coefficients.
    """

    def __init__(self, maps: int, *, rngs: nnx.Rngs) -> None:
        self.coefficient = nnx.Param(fan_in_uniform(rngs.params(), (maps,), 4))
        self.bias = nnx.Param(jnp.zeros(maps))

    def __call__(self, maps: jax.Array) -> jax.Array:
        """Halve maps [n, height, width, maps] to [n, height // 2, width // 2, maps]."""
        n, height, width, channels = maps.shape
        whole = maps[:, : height // 2 * 2, : width // 2 * 2]
        squares = whole.reshape(n, height // 2, 2, width // 2, 2, channels).sum((2, 4))
        return squash(squares * self.coefficient[...] + self.bias[...])
