"""From colour to grey."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

from features.ops.grey import LUMA


def grey_levels(images: jax.Array, dtype: DTypeLike) -> jax.Array:
    """Return grey levels from 0 (black) to 1 (white), as `features.ops.grey` does.

    Parameters
    ----------
    images : uint8 array [n, height, width, channels]
        One channel (grey) or three (red, green, blue).
    dtype : float32 or float64
        In float64 they are the same numbers to the last bit.

    Returns
    -------
    array [n, height, width]
        Of that type.
    """
    if images.shape[3] == 1:
        return _divided(images[..., 0].astype(dtype), 255)
    luma = sum(images[..., place].astype(jnp.int32) * int(w) for place, w in enumerate(LUMA))
    return _divided(jnp.asarray(luma, dtype), 255 * int(LUMA.sum()))


def _divided(levels: jax.Array, white: int) -> jax.Array:
    """Divide by what XLA does not see to be one number: it would multiply by the inverse of it."""
    return levels / (white + 0 * levels)
