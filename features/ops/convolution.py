"""Convolution and cross-correlation of images with small kernels; pooling is in `pooling`."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", bound=np.floating)


def output_size(size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """Count the positions of a kernel along one side of an image.

    Parameters
    ----------
    size, kernel : int
        Length of the image and of the kernel in pixels.
    stride : int
        Pixels between two positions.
    padding : int
        Pixels added at both ends of the image.

    Returns
    -------
    int
        ``(size + 2 * padding - kernel) // stride + 1``.

    Raises
    ------
    ValueError
        If a number is out of its range, or the kernel is longer than the padded image.
    """
    if min(size, kernel, stride) < 1 or padding < 0:
        raise ValueError(
            "convolution: sizes and strides of at least 1 and a padding of at least 0 are needed, "
            f"got a size of {size}, a kernel of {kernel}, a stride of {stride} and a padding of "
            f"{padding}"
        )
    if kernel > size + 2 * padding:
        raise ValueError(
            f"convolution: a kernel of {kernel} pixels does not fit into {size} with a padding "
            f"of {padding}"
        )
    return (size + 2 * padding - kernel) // stride + 1


def cross_correlate(
    images: NDArray[Float],
    kernels: NDArray[Float],
    stride: int = 1,
    padding: int = 0,
) -> NDArray[Float]:
    """Cross-correlate images with a bank of kernels: what networks call a convolution.

    The value at a position is the sum over rows, columns and channels of the kernel's weights
    times the pixels under them.

    Parameters
    ----------
    images : float array [n, height, width, channels]
    kernels : float array [rows, columns, channels, filters]
        Weights that are 0 cost nothing, so separable kernels are better given as two.
    stride : int
        Pixels between two positions, in both directions.
    padding : int
        Rows and columns of zeros on every side.

    Returns
    -------
    float array [n, out_height, out_width, filters]
        Sizes as `output_size` says; in the precision of the images. Each filter's maps are
        contiguous in memory. The sums do not depend on the other images.

    Raises
    ------
    ValueError
        If an array has other axes, the channels differ, a number is out of its range or the
        kernels are larger than the padded images.
    """
    if images.ndim != 4 or kernels.ndim != 4 or images.shape[3] != kernels.shape[2]:
        raise ValueError(
            "convolution: images [n, height, width, channels] and kernels [rows, columns, "
            f"channels, filters] are needed, got {list(images.shape)} and {list(kernels.shape)}"
        )
    height, width = (
        output_size(images.shape[axis], kernels.shape[axis - 1], stride, padding) for axis in (1, 2)
    )
    if padding:
        images = np.pad(images, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    maps = np.zeros((kernels.shape[3], len(images), height, width), images.dtype)
    weighted = np.empty_like(maps[0])
    for filter_, total in enumerate(maps):
        for weight, (row, column, channel) in _taps(kernels[..., filter_]):
            pixels = images[:, row::stride, column::stride, channel][:, :height, :width]
            if weight == 1:
                total += pixels
            elif weight == -1:
                total -= pixels
            else:
                total += np.multiply(pixels, weight, out=weighted)
    return maps.transpose(1, 2, 3, 0)


def convolve(
    images: NDArray[Float],
    kernels: NDArray[Float],
    stride: int = 1,
    padding: int = 0,
) -> NDArray[Float]:
    """Convolve images with a bank of kernels: `cross_correlate` with the kernels turned around.

    Parameters
    ----------
    images : float array [n, height, width, channels]
    kernels : float array [rows, columns, channels, filters]
    stride, padding : int
        As in `cross_correlate`.

    Returns
    -------
    float array [n, out_height, out_width, filters]
        As in `cross_correlate`.

    Raises
    ------
    ValueError
        As in `cross_correlate`.
    """
    return cross_correlate(images, kernels[::-1, ::-1], stride, padding)


def _taps(kernel: NDArray[Float]) -> list[tuple[float, tuple[int, ...]]]:
    """List the weights other than 0 and their places, the smallest first: it sums more exactly."""
    taps = ((weight, place) for place, weight in np.ndenumerate(kernel) if weight)
    return sorted(taps, key=lambda tap: abs(tap[0]))
