"""Raw pixels: no feature at all, the baseline that every feature has to beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.ops.image_feature import ImageFeature

TITLE = "Raw pixels"
YEAR = 1962
CITATION = (
    "W. H. Highleyman, Linear decision functions, with application to pattern recognition, "
    "Proceedings of the IRE 50(6), 1962, pp. 1501-1514"
)
DEVIATIONS = ("grey levels or colours in place of Highleyman's black and white characters",)


class Feature(ImageFeature):
    """The pixels themselves, from 0 (black) to 1, row by row, channels last."""

    def macs(self, image_shape: tuple[int, int, int]) -> int:
        """Return 0: nothing is computed but a scale."""
        return 0

    def _smallest_image(self) -> tuple[int, str]:
        return 1, "one value"

    def _describe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.divide(images.reshape(len(images), -1), 255, dtype=np.float32)
