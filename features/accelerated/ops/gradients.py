"""Image gradients by 3x3 kernels: a difference along one axis, smoothed along the other."""

from __future__ import annotations

import jax
import jax.numpy as jnp


def gradients(images: jax.Array, smoothing: tuple[int, int, int]) -> tuple[jax.Array, jax.Array]:
    """Correlate grey images with a 3x3 gradient kernel and its transpose.

    Sums in the order of `features.ops.gradients`: in float64 the same numbers to the last bit.

    Parameters
    ----------
    images : float array [n, height, width]
        Grey levels. Beyond its border an image continues as its own mirror image.
    smoothing : tuple of int
        Weights across the direction of the difference: 1, 1 or 2, and 1.

    Returns
    -------
    down, right : float arrays [n, height, width]
        Positive where the image gets lighter downwards and to the right.
    """
    padded = jnp.pad(images, ((0, 0), (1, 1), (1, 1)), mode="edge")
    middle = smoothing[1]
    change = padded[:, 2:] - padded[:, :-2]
    down = change[..., :-2] + change[..., 2:] + middle * change[..., 1:-1]
    change = padded[..., 2:] - padded[..., :-2]
    right = change[:, :-2] + change[:, 2:] + middle * change[:, 1:-1]
    return down, right
