"""Batch normalisation with its constants written out."""

from __future__ import annotations

from typing import Any

import jax
from flax import nnx

# Of the running averages that prediction uses, and under the square root: PyTorch's.
MOMENTUM, EPSILON = 0.9, 1e-5


class _BatchNorm(nnx.BatchNorm):
    def __call__(self, x: jax.Array, *arguments: Any, **options: Any) -> jax.Array:
        # The averages are float32: without a cast the maps of a bfloat16 network would be, too.
        normal: jax.Array = super().__call__(x, *arguments, **options).astype(x.dtype)
        return normal


def batch_norm(filters: int, *, rngs: nnx.Rngs) -> nnx.BatchNorm:
    """Return a batch normalisation of maps [n, height, width, filters].

    Each filter's responses over the batch and all places get mean 0 and deviation 1, then a learned
    scale, first 1, and shift, first 0 (Ioffe & Szegedy 2015).
    """
    return _BatchNorm(filters, momentum=MOMENTUM, epsilon=EPSILON, rngs=rngs)
