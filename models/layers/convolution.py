"""Convolution, computed in the way that suits the device.

XLA's convolution on a CPU is slow for the few channels of the early networks. There the small ones
become one matrix product: each output row is the product of the input rows under the kernel with a
banded matrix that holds the kernel once for each output column. It multiplies many zeros and is
still faster: a whole training step of LeNet-5 at batch 64 on two cores, 14.8k images/s against
7.6k with `lax.conv_general_dilated` and 6.9k with patches (measured in one run).

Where the band would be too large and the channels are those of an image, the product is one over
patches: the first layer of cuda-convnet with its gradient, 128 images of 32x32x3 on two cores,
36 ms against 59 ms with `lax.conv_general_dilated`. From 16 channels on XLA's convolution wins (a
5x5 layer of 32 channels: 51 ms against 196 ms).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

LECUN_NORMAL = nnx.initializers.lecun_normal()
# Keeps the variance behind a ReLU: a Gaussian of variance 2 / inputs (He et al. 2015).
HE_NORMAL = nnx.initializers.variance_scaling(2.0, "fan_in", "normal")

_direct = ContextVar("direct", default=False)

# Above this many entries the zeros of the banded matrix cost more than XLA's convolution does.
LARGEST_BAND = 2**17
# Up to this many channels patches are smaller than the maps that are made of them.
FEW_CHANNELS = 4


@contextmanager
def direct() -> Iterator[None]:
    """Trace every convolution as `lax.conv_general_dilated`, as one counts its products."""
    token = _direct.set(True)
    try:
        yield
    finally:
        _direct.reset(token)


def is_direct() -> bool:
    """Say whether products are being counted, inside :func:`direct`."""
    return _direct.get()


def _banded(images: jax.Array, kernel: jax.Array, stride: int) -> jax.Array:
    """Convolve without padding through one matrix product."""
    n, height, width, channels = images.shape
    rows, columns, _, filters = kernel.shape
    out_height, out_width = (height - rows) // stride + 1, (width - columns) // stride + 1
    band = jnp.stack(
        [
            jnp.pad(kernel, ((0, 0), (left, width - columns - left), (0, 0), (0, 0)))
            for left in range(0, out_width * stride, stride)
        ],
        axis=3,
    )
    lines = images.reshape(n, height, width * channels)
    span = (out_height - 1) * stride + 1
    windows = jnp.concatenate([lines[:, top : top + span : stride] for top in range(rows)], axis=2)
    product = windows.reshape(n * out_height, -1) @ band.reshape(-1, out_width * filters)
    return product.reshape(n, out_height, out_width, filters)


def _patches(images: jax.Array, kernel: jax.Array) -> jax.Array:
    """Convolve with stride 1 and no padding through one product of the patches with the kernel."""
    n, height, width, _ = images.shape
    rows, columns, channels, filters = kernel.shape
    out_height, out_width = height - rows + 1, width - columns + 1
    shifted = [
        images[:, top : top + out_height, left : left + out_width]
        for top in range(rows)
        for left in range(columns)
    ]
    patches = jnp.concatenate(shifted, axis=-1).reshape(-1, rows * columns * channels)
    return (patches @ kernel.reshape(-1, filters)).reshape(n, out_height, out_width, filters)


def convolve(
    images: jax.Array, kernel: jax.Array, stride: int = 1, padding: int = 0, groups: int = 1
) -> jax.Array:
    """Cross-correlate images with a bank of kernels.

    Parameters
    ----------
    images : float array [n, height, width, channels]
    kernel : float array [rows, columns, channels / groups, filters]
    stride : int
        Pixels between two positions of the kernel, in both directions.
    padding : int
        Rows and columns of zeros on every side.
    groups : int
        Channels and filters fall into this many groups that do not see each other.

    Returns
    -------
    float array [n, out_height, out_width, filters]
        With ``out_height = (height + 2 * padding - rows) // stride + 1``.
    """
    rows, _, channels, filters = kernel.shape
    width = images.shape[2] + 2 * padding
    out_width = (width - kernel.shape[1]) // stride + 1
    if groups == 1 and jax.default_backend() == "cpu" and not _direct.get():
        around = (padding, padding)
        padded = jnp.pad(images, ((0, 0), around, around, (0, 0)))
        if rows * width * channels * filters * out_width <= LARGEST_BAND:
            return _banded(padded, kernel, stride)
        if stride == 1 and channels <= FEW_CHANNELS:
            return _patches(padded, kernel)
    return lax.conv_general_dilated(
        images,
        kernel,
        window_strides=(stride, stride),
        padding=[(padding, padding)] * 2,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=groups,
    )


class Convolution(nnx.Module):
    """A bank of square kernels with one bias each.

    Parameters
    ----------
    channels, filters : int
        Channels in and out.
    kernel_size : int
        Rows and columns of each kernel.
    stride, padding, groups : int
        See :func:`convolve`.
    use_bias : bool
        Leave it out where a normalisation follows.
    kernel_init : initializer
        Draws the kernels, [kernel_size, kernel_size, channels / groups, filters]. By default a
        normal distribution that keeps the variance (LeCun).
    initial_bias : float
        What every bias starts from.
    rngs : nnx.Rngs
        Its `params` stream draws the kernels.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel_size: int,
        *,
        stride: int = 1,
        padding: int = 0,
        groups: int = 1,
        use_bias: bool = True,
        kernel_init: nnx.Initializer = LECUN_NORMAL,
        initial_bias: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        shape = (kernel_size, kernel_size, channels // groups, filters)
        self.kernel = nnx.Param(kernel_init(rngs.params(), shape))
        self.bias = nnx.Param(jnp.full(filters, initial_bias)) if use_bias else None
        self.stride, self.padding, self.groups = stride, padding, groups

    def __call__(self, images: jax.Array) -> jax.Array:
        """Convolve images [n, height, width, channels] to [n, out_height, out_width, filters]."""
        maps = convolve(images, self.kernel[...], self.stride, self.padding, self.groups)
        return maps if self.bias is None else maps + self.bias[...]
