"""Sobel or Prewitt edges on an accelerator: `features.sobel` in JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from features.accelerated.ops.gradients import gradients
from features.accelerated.ops.grey import grey_levels
from features.accelerated.ops.pooling import average_pool
from features.sobel import SMOOTHING


def describe(images: jax.Array, *, pool: int, operator: str) -> jax.Array:
    """Average the strength of edges and the vector of their doubled direction over squares.

    Parameters
    ----------
    images : uint8 array [n, height, width, channels]
    pool, operator
        As of `features.sobel.Feature`.

    Returns
    -------
    float32 array [n, d]
    """
    smoothing = SMOOTHING[operator]
    down, right = (
        gradient / sum(smoothing)
        for gradient in gradients(grey_levels(images, jnp.float32), smoothing)
    )
    strength = jnp.sqrt((right**2 + down**2) / 2)
    twice = jnp.where(strength > 0, 2 * strength, 1)  # where there is no edge: 0 / 1
    cosine = (right**2 - down**2) / twice
    sine = 2 * right * down / twice
    maps = [average_pool(values, pool) for values in (strength, cosine, sine)]
    return jnp.stack(maps, axis=-1).reshape(len(images), -1)
