"""Distortions of training images, drawn anew for every image of every step, on the device.

`crop_flip` is what He et al. 2015 (section 4.2) do with CIFAR-10. `planar` is LeCun et al. 1998
(section III-B), who name their distortions of MNIST but not the sizes: those are ours. `elastic`
adds the displacement field of Simard, Steinkraus, Platt 2003, with their numbers.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.ndimage import map_coordinates

CROP_PADDING = 4  # pixels
# The planar distortions, each uniform between minus and plus its size.
SHIFT = 0.07  # of the side: 2 pixels of 28
SCALE = 0.12
SQUEEZE = 0.12  # wider and lower, or narrower and higher
SHEAR = 0.2  # pixels to the side a row
# The elastic field: white noise, smoothed by a Gaussian, in pixels of a 28-pixel image. Both grow
# with the image, but wider smoothing leaves less noise: pixels of any image move about as far.
ELASTIC_SIGMA = 4.0
ELASTIC_ALPHA = 34.0


def augment(kind: str, images: jax.Array, key: jax.Array) -> jax.Array:
    """Distort every image on its own.

    Parameters
    ----------
    kind : {"none", "crop_flip", "planar", "elastic"}
    images : float array [n, height, width, channels]
        Normalised: what `crop_flip` brings in from outside is 0, the mean of the training pixels.
    key : jax.random.key

    Returns
    -------
    float array [n, height, width, channels]
    """
    if kind == "none":
        return images
    one = crop_flip if kind == "crop_flip" else warp
    options = {} if kind == "crop_flip" else {"elastic": kind == "elastic"}
    keys = jax.random.split(key, len(images))
    return jax.vmap(lambda image, own: one(image, own, **options))(images, keys)


def crop_flip(image: jax.Array, key: jax.Array) -> jax.Array:
    """Pad an image [h, w, c] by 4 pixels, cut out one of its size, mirror half of them."""
    where, mirror = jax.random.split(key)
    around = (CROP_PADDING, CROP_PADDING)
    padded = jnp.pad(image, (around, around, (0, 0)))
    top, left = jax.random.randint(where, (2,), 0, 2 * CROP_PADDING + 1)
    cropped = jax.lax.dynamic_slice(padded, (top, left, 0), image.shape)
    return jnp.where(jax.random.bernoulli(mirror), cropped[:, ::-1], cropped)


def warp(image: jax.Array, key: jax.Array, *, elastic: bool) -> jax.Array:
    """Shift, scale, squeeze and shear an image [h, w, c], and bend it if `elastic`.

    Values between pixels are bilinear; outside the image its border goes on.
    """
    height, width, _ = image.shape
    planar_key, field_key = jax.random.split(key)
    rows, columns = jnp.meshgrid(jnp.arange(height), jnp.arange(width), indexing="ij")
    middle = jnp.array([height - 1, width - 1]).reshape(2, 1, 1) / 2
    grid = jnp.stack([rows, columns]) - middle
    one, two, scale, squeeze, shear = jax.random.uniform(planar_key, (5,), minval=-1, maxval=1)
    matrix = jnp.array(
        [
            [1 + SCALE * scale + SQUEEZE * squeeze, 0],
            [SHEAR * shear, 1 + SCALE * scale - SQUEEZE * squeeze],
        ]
    )
    shift = SHIFT * jnp.array([one * height, two * width]).reshape(2, 1, 1)
    grid = jnp.einsum("ij,jhw->ihw", matrix, grid) + shift + middle
    if elastic:
        grid = grid + displacement(field_key, height, width)
    sample = jax.vmap(
        lambda channel: map_coordinates(channel, list(grid), order=1, mode="nearest"),
        in_axes=-1,
        out_axes=-1,
    )
    return sample(image)


def displacement(key: jax.Array, height: int, width: int) -> jax.Array:
    """Draw the pixels by which each pixel moves, down and to the right: float [2, h, w]."""
    noise = jax.random.uniform(key, (2, height, width), minval=-1, maxval=1)
    smooth = [gaussian(side, ELASTIC_SIGMA * side / 28) for side in (height, width)]
    return ELASTIC_ALPHA * max(height, width) / 28 * smooth[0] @ noise @ smooth[1].T


def gaussian(side: int, sigma: float) -> jax.Array:
    """Return the matrix that smooths a line of `side` pixels by a Gaussian, nothing outside it."""
    distances = np.subtract.outer(np.arange(side), np.arange(side))
    return jnp.asarray(np.exp(-((distances / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi)))
