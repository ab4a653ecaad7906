"""Sides of maps in pixels: what a window leaves of an image, and when it leaves nothing."""

from __future__ import annotations


def positions(side: int, window: int, stride: int = 1, padding: int = 0) -> int:
    """Count the positions of a window along a side, whole windows only.

    Parameters
    ----------
    side, window : int
        Pixels.
    stride : int
        Pixels between two positions.
    padding : int
        Pixels added at both ends.

    Returns
    -------
    int
        0 or less where the window does not fit.
    """
    return (side + 2 * padding - window) // stride + 1


def overhang(side: int, window: int, stride: int) -> int:
    """Count the pixels that the last window reaches over the end when every pixel is to be seen.

    This is the border rule of cuda-convnet and Caffe ("ceil mode"): the windows start at 0, stride,
    2 * stride, ... until one ends at or beyond the end of the side.

    Parameters
    ----------
    side, window, stride : int
        Pixels.

    Returns
    -------
    int
        Pixels.
    """
    return max(window - side, (window - side) % stride)


def check_image_size(image_shape: tuple[int, int, int], smallest: int) -> None:
    """Refuse images in which the last maps of a network would be empty.

    Parameters
    ----------
    image_shape : tuple of int
        Height, width, channels.
    smallest : int
        Pixels that both sides need.

    Raises
    ------
    ValueError
        One of the sides is shorter.
    """
    height, width, _ = image_shape
    if min(height, width) < smallest:
        raise ValueError(
            f"images of at least {smallest}x{smallest} are needed, got {height}x{width}"
        )
