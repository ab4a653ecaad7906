"""Small pictures side by side: images, kernels and weights as one array of pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]

GAP = 1
BETWEEN = 128  # grey
POSITIVE, NEGATIVE = np.array([59, 125, 216]), np.array([224, 102, 43])


def thumbnails(images: Images, side: int) -> Images:
    """Shrink images [n, height, width, channels] to at most `side` rows and columns."""
    n, height, width, channels = images.shape
    scale = side / max(height, width)
    if scale >= 1:
        return images
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = [cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in images]
    return np.stack(small).reshape(n, size[1], size[0], channels)  # OpenCV drops a single channel


def mosaic(images: Images, columns: int) -> Images:
    """Lay images [n, height, width, channels] out row by row, with a grey line between them.

    Returns
    -------
    uint8 array [rows, columns, channels] of pixels
        Places that no image fills are grey.
    """
    n, height, width, channels = images.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    tall, wide = height + GAP, width + GAP
    sheet = np.full((rows * tall - GAP, columns * wide - GAP, channels), BETWEEN, np.uint8)
    for place, image in enumerate(images):
        top, left = place // columns * tall, place % columns * wide
        sheet[top : top + height, left : left + width] = image
    return sheet


def signed(weights: NDArray[np.floating]) -> Images:
    """Colour weights [n, height, width]: blue above 0, orange below, black at 0.

    Each picture has a scale of its own.
    """
    largest = np.abs(weights).max(axis=(1, 2), keepdims=True)
    share = (weights / np.maximum(largest, 1e-12))[..., None]
    return np.rint(np.maximum(share, 0) * POSITIVE - np.minimum(share, 0) * NEGATIVE).astype(
        np.uint8
    )


def weight_images(coef: NDArray[np.floating], image_shape: tuple[int, int, int]) -> Images | None:
    """Draw a linear classifier's weights [classes, d] on pixels; colours are averaged.

    ``None`` where they are not those of the image's own pixels.
    """
    if coef.shape[1] != np.prod(image_shape):
        return None
    return signed(coef.reshape(-1, *image_shape).mean(axis=-1))


def first_kernels(arrays: Mapping[str, NDArray[np.floating]]) -> Images | None:
    """Draw the kernels of a network's first convolution, in colour where it sees colours.

    Parameters
    ----------
    arrays : mapping
        A network's learned arrays, in order. ``None`` without a convolution of grey levels or
        three colours.
    """
    banks = [array for array in arrays.values() if array.ndim == 4]
    if not banks or banks[0].shape[2] not in (1, 3):
        return None
    return drawn(np.moveaxis(banks[0], -1, 0))


def drawn(kernels: NDArray[np.floating]) -> Images:
    """Draw kernels [n, height, width, 1 or 3], each with a scale of its own.

    One channel is coloured by its sign; three are stretched from black to white.
    """
    if kernels.shape[-1] == 1:
        return signed(kernels[..., 0])
    low, high = (end(kernels, axis=(1, 2, 3), keepdims=True) for end in (np.min, np.max))
    return np.rint(255 * (kernels - low) / np.maximum(high - low, 1e-12)).astype(np.uint8)


def scale(channels: int) -> str:
    """Say what the colours of :func:`drawn` mean."""
    if channels == 1:
        return "blue where it wants light and orange where it wants dark"
    return "in the colours that it wants"


def disagreements(
    right: Mapping[str, NDArray[np.bool_]], classical: str, network: str
) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Yield a caption and the places of test images: only one is right, or no method at all.

    Parameters
    ----------
    right : mapping from method to bool array [n]
    classical, network : str
        The methods that are set against each other.
    """
    hand, learned = right[classical], right[network]
    yield f"{classical} is right, {network} is wrong", np.flatnonzero(hand & ~learned)
    yield f"{network} is right, {classical} is wrong", np.flatnonzero(learned & ~hand)
    nobody = ~np.any(list(right.values()), axis=0)
    yield f"all {len(right)} methods are wrong", np.flatnonzero(nobody)
