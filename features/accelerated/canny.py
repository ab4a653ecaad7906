"""Canny edges on an accelerator: `features.canny` in JAX.

An edge pixel is the outcome of comparisons, and symmetric strokes are full of ties: in float32
seven of the 5.1 million edge pixels of MNIST's training images come out otherwise. So everything
before the edge map is float64, added and rounded in the reference's order: none differs.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from features.accelerated.ops.gradients import gradients
from features.accelerated.ops.grey import grey_levels
from features.accelerated.ops.pooling import average_pool
from features.canny import TRUNCATE
from features.ops.gradients import SOBEL


def describe(
    images: jax.Array, *, sigma: float, low_threshold: float, high_threshold: float, pool: int
) -> jax.Array:
    """Compute the share of edge pixels in each square of the image.

    Parameters
    ----------
    images : uint8 array [n, height, width, channels]
    sigma, low_threshold, high_threshold, pool
        As of `features.canny.Feature`.

    Returns
    -------
    float32 array [n, d]
    """
    found = edges(images, sigma, low_threshold, high_threshold)
    return average_pool(found.astype(jnp.float32), pool).reshape(len(images), -1)


def edges(
    images: jax.Array, sigma: float, low_threshold: float, high_threshold: float
) -> jax.Array:
    """Find the edge pixels, bool [n, height, width]."""
    smooth = grey_levels(images, jnp.float64)
    for axis in (1, 2):
        smooth = _smoothed(smooth, gaussian(sigma), axis)
    down, right = gradients(smooth, SOBEL)
    magnitude = jnp.sqrt(_rounded(down**2) + _rounded(right**2))
    weak = _ridges(down, right, magnitude, low_threshold)
    return _connected(weak, weak & (magnitude >= high_threshold))


def gaussian(sigma: float) -> NDArray[np.float64]:
    """Return half of SciPy's Gaussian, from its centre outwards, float64 [radius + 1]."""
    radius = int(TRUNCATE * sigma + 0.5)
    light = np.eye(1, 2 * radius + 1, radius)[0]
    spread = gaussian_filter1d(light, sigma, order=0, mode="constant", truncate=TRUNCATE)
    return np.asarray(spread[radius:])


def _smoothed(levels: jax.Array, weights: NDArray[np.float64], axis: int) -> jax.Array:
    """Smooth along one axis, adding in SciPy's order: the middle, then from outside inwards."""
    size, radius = levels.shape[axis], len(weights) - 1
    around = [(radius, radius) if place == axis else (0, 0) for place in range(3)]
    padded = jnp.pad(levels, around, mode="edge")

    def moved(offset: int) -> jax.Array:
        return jax.lax.slice_in_dim(padded, radius + offset, radius + offset + size, axis=axis)

    total = _rounded(levels * weights[0])
    for offset in range(radius, 0, -1):
        total = total + _rounded((moved(-offset) + moved(offset)) * weights[offset])
    return total


def _ridges(down: jax.Array, right: jax.Array, magnitude: jax.Array, threshold: float) -> jax.Array:
    """Mark the pixels whose gradient is no smaller than on either side across the edge.

    Between one straight and one diagonal neighbour it is interpolated, as in the reference.
    """
    steep = abs(down) > abs(right)
    sideways = (down > 0) == (right > 0)  # ahead is down and to the right, otherwise to the left
    high, low = (compare(abs(down), abs(right)) for compare in (jnp.maximum, jnp.minimum))
    share = low / jnp.where(high > 0, high, 1)

    def ahead(sign: int) -> jax.Array:
        vertical = _moved(magnitude, sign, 0)
        beside = jnp.where(sideways, _moved(magnitude, 0, sign), _moved(magnitude, 0, -sign))
        near = jnp.where(steep, vertical, beside)
        far = jnp.where(sideways, _moved(magnitude, sign, sign), _moved(magnitude, sign, -sign))
        return _rounded(far * share) + _rounded(near * (1 - share))

    ridge = (magnitude >= threshold) & (ahead(1) <= magnitude) & (ahead(-1) <= magnitude)
    inside = ridge[:, 1:-1, 1:-1]
    return jnp.pad(inside, ((0, 0), (1, 1), (1, 1)))


def _connected(weak: jax.Array, strong: jax.Array) -> jax.Array:
    """Keep the weak pixels that touch a strong one, directly or over others: a flood fill."""

    def grow(state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        edges, _ = state
        rows = edges | _moved(edges, 1, 0) | _moved(edges, -1, 0)
        grown = weak & (rows | _moved(rows, 0, 1) | _moved(rows, 0, -1))
        return grown, (grown != edges).any()

    return jax.lax.while_loop(lambda state: state[1], grow, (strong, jnp.array(True)))[0]


def _moved(maps: jax.Array, rows: int, columns: int) -> jax.Array:
    """Give every pixel the value of the one so many rows below and columns to the right, or 0."""
    outside = jnp.zeros((), maps.dtype)
    config = [(0, 0, 0), (-rows, rows, 0), (-columns, columns, 0)]
    return jax.lax.pad(maps, outside, config)


def _rounded(product: jax.Array) -> jax.Array:
    """Round a product before it is added to anything.

    A compiler may make a product and a sum into one instruction that rounds once; here what it
    may join is the product and a zero. It cannot know that it is one: 0 times infinity is none.
    """
    return product + 0 * product
