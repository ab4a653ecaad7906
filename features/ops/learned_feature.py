"""What features share that learn from the training images: their state as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from features.ops.image_feature import ImageFeature
from features.ops.parameters import key


class LearnedFeature(ImageFeature):
    """A feature with learned arrays: for each name in `LEARNED` an attribute ``<name>_``.

    It overrides `fit` besides what `ImageFeature` asks for.
    """

    LEARNED: ClassVar[tuple[str, ...]]

    def transform(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compute the feature of every image.

        Parameters
        ----------
        images : uint8 array [n, height, width, channels]
            One channel (grey) or three (red, green, blue), as in `fit`.

        Returns
        -------
        float32 array [n, d]
            One vector per image, C-contiguous.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or the images are of another kind or too small.
        sklearn.exceptions.NotFittedError
            If nothing has been learned yet.
        """
        self._check(images)
        check_is_fitted(self)
        return super().transform(images)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what was learned, for `from_arrays`.

        Returns
        -------
        dict of str to array
            The arrays named in `LEARNED`.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If nothing has been learned yet.
        """
        check_is_fitted(self)
        return {name: getattr(self, f"{name}_") for name in self.LEARNED}

    def from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Take over what `to_arrays` returned, under this feature's own parameters.

        Parameters
        ----------
        arrays : mapping of str to array
            The arrays named in `LEARNED`.

        Returns
        -------
        Self
            The feature itself, fitted: its vectors are the same to the byte.

        Raises
        ------
        ValueError
            If an array is missing or unknown.
        """
        if set(arrays) != set(self.LEARNED):
            raise ValueError(
                f"{key(self)}: learns the arrays {', '.join(self.LEARNED)}, "
                f"got {', '.join(sorted(arrays)) or 'none'}"
            )
        for name in self.LEARNED:
            # One layout in memory, so that products after a round trip add in the same order.
            setattr(self, f"{name}_", np.ascontiguousarray(arrays[name]))
        return self

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = True
        return tags
