"""Convolution, computed in the way that suits the device.

XLA's convolution on a CPU is slow for the few channels of images and of the early networks. There
it becomes one matrix product: the output columns are cut into tiles, and each tile of each row is
the product of the pixels under it with a banded matrix, which holds the kernel once for each column
of the tile. Half of what it multiplies are zeros, and it is still faster. Forward and backward at
batch 128 on two cores, in ms (benchmarks/results/lowering.csv, large pages): C1 of LeNet-5 3.6
(`lax` 17, patches 5.6, one band as wide as the image 4.1), C3 5.5 (6.3, 3.6, 3.6), the first layer
of cuda-convnet 31 (96, 32, 75). With more channels some products win alone, but none of those tried
made a whole network faster: there XLA's convolution stays.
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

# Up to this many channels the product is faster than XLA's convolution on a CPU.
FEW_CHANNELS = 12
# Output columns a tile: a wider one multiplies more zeros, a narrower one copies more pixels.
TILE = 4


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


def _tiled(
    images: jax.Array, kernel: jax.Array, stride: int, padding: int, out: tuple[int, int]
) -> jax.Array:
    """Convolve to `out` rows and columns through one matrix product."""
    rows, columns, channels, filters = kernel.shape
    tile = min(TILE, out[1])
    lefts = range(0, out[1] * stride, tile * stride)
    seen = (tile - 1) * stride + columns
    beyond = max(lefts[-1] + seen - images.shape[2] - 2 * padding, 0)  # right of the last tile
    around = ((padding, padding), (padding, padding + beyond))
    padded = jnp.pad(images, ((0, 0), *around, (0, 0)))
    under = jnp.stack([padded[:, :, left : left + seen] for left in lefts], axis=2)
    lines = under.reshape(*under.shape[:3], seen * channels)
    span = (out[0] - 1) * stride + 1
    windows = jnp.concatenate([lines[:, top : top + span : stride] for top in range(rows)], axis=3)
    band = jnp.stack(
        [
            jnp.pad(kernel, ((0, 0), (left, seen - columns - left), (0, 0), (0, 0)))
            for left in range(0, tile * stride, stride)
        ],
        axis=3,
    )
    product = windows.reshape(-1, rows * seen * channels) @ band.reshape(-1, tile * filters)
    return product.reshape(len(images), out[0], -1, filters)[:, :, : out[1]]


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
    out = tuple(
        (side + 2 * padding - length) // stride + 1
        for side, length in zip(images.shape[1:3], kernel.shape[:2], strict=True)
    )
    on_cpu = jax.default_backend() == "cpu" and not _direct.get()
    if on_cpu and groups == 1 and (images.shape[-1] <= FEW_CHANNELS or out == (1, 1)):
        return _tiled(images, kernel, stride, padding, (out[0], out[1]))
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
        truncated normal distribution that keeps the variance (LeCun).
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
