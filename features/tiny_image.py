"""Tiny images: a photograph shrunk until only its gist is left."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from features.ops.image_feature import ImageFeature
from features.ops.parameters import check_count

TITLE = "Tiny image"
YEAR = 2008
CITATION = (
    "A. Torralba, R. Fergus, W. T. Freeman, 80 million tiny images: a large data set for "
    "nonparametric object and scene recognition, IEEE Transactions on Pattern Analysis and Machine "
    "Intelligence 30(11), 2008, pp. 1958-1970"
)
DEVIATIONS = (
    "a classifier on a few thousand labelled images, where the paper looks for neighbours among "
    "80 million",
    "16x16 pixels unless `side` says otherwise, where the paper has 32x32",
)
FLAT = 1e-3  # a deviation of the pixels, from 0 to 1, below which an image counts as flat


class Feature(ImageFeature):
    """The image at `side` x `side` pixels, freed of its brightness and contrast.

    Every small pixel is the mean of those that it covers. The vector has mean 0 and length 1, as
    in the paper's distance; that of an image of one colour is 0.

    Parameters
    ----------
    side : int
        Height and width of the small image, at least 2; the paper's is 32.

    Notes
    -----
    The vector runs over the small image row by row, channels last: ``side * side * channels``
    values.
    """

    def __init__(self, side: int = 16) -> None:
        self.side = side

    def macs(self, image_shape: tuple[int, int, int]) -> int:
        """Count the multiply-accumulates for one image.

        Parameters
        ----------
        image_shape : tuple of int
            Height, width and channels.

        Returns
        -------
        int
            One a pixel and channel for the means, and three a value: its share in the mean of the
            vector, its square, its scale.
        """
        height, width, channels = image_shape
        return (height * width + 3 * self.side**2) * channels

    def _check_parameters(self) -> None:
        check_count(self, "side", minimum=2)

    def _smallest_image(self) -> tuple[int, str]:
        return self.side, f"{self.side}x{self.side} means"

    def _describe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        size = (self.side, self.side)
        small = np.stack(
            [
                cv2.resize(image, size, interpolation=cv2.INTER_AREA)
                for image in images.astype(np.float32) / 255
            ]
        )
        vectors = small.reshape(len(images), -1)
        vectors -= vectors.mean(axis=1, keepdims=True)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        flat = lengths < FLAT * vectors.shape[1] ** 0.5
        return np.where(flat, 0, vectors / np.where(flat, 1, lengths)).astype(np.float32)
