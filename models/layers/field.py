"""The blank field around an image: what lies beyond its border is background."""

from __future__ import annotations

import jax
import jax.numpy as jnp


def surround(images: jax.Array, rows: tuple[int, int], columns: tuple[int, int]) -> jax.Array:
    """Put background around images: each image's own darkest value in each channel.

    For light strokes on a dark ground that is the ground, whatever the images' scale. The border
    itself would not do: the zip codes' strokes run up to it and would be drawn out.

    Parameters
    ----------
    images : float array [n, height, width, channels]
    rows : tuple of int
        Rows to add above and below.
    columns : tuple of int
        Columns to add on the left and on the right.

    Returns
    -------
    float array [n, height + sum(rows), width + sum(columns), channels]
    """
    ground = images.min(axis=(1, 2), keepdims=True)
    return jnp.pad(images - ground, ((0, 0), rows, columns, (0, 0))) + ground


def centre(images: jax.Array, field: int) -> jax.Array:
    """Centre images in a field of background of at least `field` x `field` pixels.

    Larger sides stay as they are. Of an odd number of missing rows or columns the larger part
    comes below and on the right.

    Parameters
    ----------
    images : float array [n, height, width, channels]
    field : int
        Least side in pixels.

    Returns
    -------
    float array [n, max(height, field), max(width, field), channels]
    """
    missing = [max(field - side, 0) for side in images.shape[1:3]]
    rows, columns = ((gap // 2, (gap + 1) // 2) for gap in missing)
    return surround(images, rows, columns)
