"""Bringing images to the size that params.yaml asks for."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def resize(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Resize square images, by cubic interpolation up and by area averaging down.

    Parameters
    ----------
    images : uint8 array [n, side, side, c]
        All of one size.
    size : int
        Height and width wanted.

    Returns
    -------
    uint8 array [n, size, size, c]
    """
    n_images, side, _, channels = images.shape
    if side == size:
        return images
    resized = np.empty((n_images, size, size, channels), np.uint8)
    for image, out in zip(images, resized, strict=True):
        out[...] = _resize_one(image, size)
    return resized


def place_on_black(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Place square images in the middle of a larger black field; resize them for a smaller one.

    LeCun et al. (1998) gave LeNet-5 the 28x28 digits on 32x32 fields in this way.

    Parameters
    ----------
    images : uint8 array [n, side, side, c]
        All of one size.
    size : int
        Height and width wanted.

    Returns
    -------
    uint8 array [n, size, size, c]
    """
    side = images.shape[1]
    if size <= side:
        return resize(images, size)
    before = (size - side) // 2
    margin = (before, size - side - before)
    return np.pad(images, ((0, 0), margin, margin, (0, 0)))


def crop_and_resize(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Bring an image of any shape to a square: the middle of it, the shorter side in full.

    Cropping first gives what resizing first would give, and spares the pixels thrown away.

    Parameters
    ----------
    image : uint8 array [h, w, c]
        One image.
    size : int
        Height and width wanted.

    Returns
    -------
    uint8 array [size, size, c]
    """
    height, width, _ = image.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = image[top : top + side, left : left + side]
    return square if side == size else _resize_one(square, size)


def _resize_one(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    method = cv2.INTER_CUBIC if size > image.shape[0] else cv2.INTER_AREA
    resized = np.asarray(cv2.resize(image, (size, size), interpolation=method), np.uint8)
    return resized.reshape(size, size, -1)  # OpenCV drops a single channel
