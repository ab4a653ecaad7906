"""Learned dictionaries: any array of a feature whose entries are images or patches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

import numpy as np
from numpy.typing import NDArray

from features.ops.parameters import key
from pipeline.drawing import mosaics
from pipeline.drawing.picture import Picture, Run

GROUP = "Learned dictionaries"
SHOWN, COLUMNS = 96, 16
Shape = tuple[int, int, int]


def as_images(
    array: NDArray[np.floating], shapes: tuple[Shape, ...]
) -> NDArray[np.floating] | None:
    """Take an array as images, where its shape says that it holds some.

    Parameters
    ----------
    array : float array
        [n, side, side], or [n, d] with the d values of one of `shapes`.
    shapes : tuple of (height, width, channels)
        Of whole images and of patches.

    Returns
    -------
    float array [n, height, width, channels], or None
    """
    if array.ndim == 3 and array.shape[1] == array.shape[2]:
        return array[..., None]
    if array.ndim != 2 or array.shape[0] == array.shape[1]:
        return None
    matching = (shape for shape in shapes if prod(shape) == array.shape[1])
    shape = next(matching, None)
    return None if shape is None else array.reshape(-1, *shape)


def dictionaries(
    arrays: Mapping[str, NDArray[np.floating]], shapes: tuple[Shape, ...]
) -> Iterator[tuple[str, NDArray[np.floating]]]:
    """Yield the names of those arrays that hold images, and the images.

    The weights of a network's layers, ``encoder_code.kernel``, may have the shape by accident.
    """
    for name, array in arrays.items():
        images = None if "." in name else as_images(array, shapes)
        if images is not None:
            yield name, images


def draw(run: Run) -> Iterator[Picture]:
    """Yield a picture for every dictionary of every feature."""
    channels = run.image_shape[2]
    for title, feature, arrays in run.features():
        patch = getattr(feature, "patch", None)
        shapes = (run.image_shape, *([(patch, patch, channels)] if patch else []))
        for name, images in dictionaries(arrays, shapes):
            shown = images[:SHOWN]
            count = f"{len(shown)} of {len(images)}" if len(images) > SHOWN else f"{len(images)}"
            height, width = images.shape[1:3]
            yield Picture(
                f"dictionary-{key(feature)}-{name}",
                GROUP,
                f"{title}: each square is what one entry of its {name} looks for ({count}), "
                f"{mosaics.scale(images.shape[-1])}",
                f"{count} entries of {name} of {title}, {height}x{width} pixels each",
                mosaics.mosaic(mosaics.drawn(shown), COLUMNS),
            )
