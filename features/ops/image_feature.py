"""What every feature shares that looks at one image at a time: checks and batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags

from features.ops.parameters import key

PIXELS_PER_BATCH = 2**17  # what a batch is turned into still fits in the processor's cache


class ImageFeature(TransformerMixin, BaseEstimator, ABC):
    """A scikit-learn transformer from images to vectors, one image at a time.

    A feature states its parameters in ``__init__`` and overrides `_describe`, `_smallest_image`,
    `_check_parameters` and `macs`; one that learns also overrides `fit`, `to_arrays` and
    `from_arrays`. Batches are independent joblib tasks, so ``joblib.parallel_config`` decides
    on workers; neither their number nor the batch size changes a byte of the result.
    """

    def fit(self, images: NDArray[np.uint8], y: object = None) -> Self:
        """Check the parameters and the images; nothing is learned.

        Parameters
        ----------
        images : uint8 array [n, height, width, channels]
            One channel (grey) or three (red, green, blue).
        y : ignored
            Present for scikit-learn's `Pipeline`.

        Returns
        -------
        Self
            The feature itself.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or the images are of another kind or too small.
        """
        self._check(images)
        return self

    def transform(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compute the feature of every image.

        Parameters
        ----------
        images : uint8 array [n, height, width, channels]
            One channel (grey) or three (red, green, blue).

        Returns
        -------
        float32 array [n, d]
            One vector per image, C-contiguous.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or the images are of another kind or too small.
        """
        self._check(images)
        n, height, width, _ = images.shape
        size = max(1, PIXELS_PER_BATCH // (height * width))
        if n <= size:  # joblib takes 10 ms to start its threads, a single image not one
            return self._describe(images)
        describe = joblib.delayed(self._describe)
        batches = joblib.Parallel()(describe(images[i : i + size]) for i in range(0, n, size))
        vectors = np.empty((n, batches[0].shape[1]), dtype=np.float32)
        for begin in reversed(range(0, n, size)):
            vectors[begin : begin + size] = batches.pop()  # freed at once: memory for one copy
        return vectors

    @abstractmethod
    def macs(self, image_shape: tuple[int, int, int]) -> int:
        """Count the multiply-accumulates for one image of shape (height, width, channels)."""

    @property
    def parameters(self) -> int:
        """Learned numbers that the vectors need: all, unless a feature keeps more than that."""
        return sum(array.size for array in self.to_arrays().values())

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what was learned: nothing."""
        return {}

    def from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Take over what `to_arrays` returned, under this feature's own parameters.

        Parameters
        ----------
        arrays : mapping of str to array
            Empty for a feature that learns nothing.

        Returns
        -------
        Self
            The feature itself, fitted.

        Raises
        ------
        ValueError
            If there is an array that this feature does not know.
        """
        if arrays:
            raise ValueError(f"{key(self)}: learns no arrays, got {', '.join(sorted(arrays))}")
        return self

    @abstractmethod
    def _describe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compute the feature [n, d] of one batch of checked images [n, h, w, c]."""

    @abstractmethod
    def _smallest_image(self) -> tuple[int, str]:
        """Return the shortest side in pixels that works, and what it is needed for."""

    def _check_parameters(self) -> None:
        """Raise a ValueError if a parameter is out of its range."""

    def _check(self, images: NDArray[np.uint8]) -> None:
        self._check_parameters()
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
            raise ValueError(
                f"{key(self)}: images must be uint8 [n, height, width, 1 or 3], "
                f"got {images.dtype} {list(images.shape)}"
            )
        if len(images) == 0:
            raise ValueError(f"{key(self)}: at least one image is needed, got none")
        self._check_size(*images.shape[1:3])

    def _check_size(self, height: int, width: int) -> None:
        side, purpose = self._smallest_image()
        if min(height, width) < side:
            raise ValueError(
                f"{key(self)}: images of at least {side}x{side} pixels are needed for {purpose}, "
                f"got {height}x{width}"
            )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags
