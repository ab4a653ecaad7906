"""Sobel or Prewitt edges: how strong and in which direction, pooled over small squares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.ops.gradients import PREWITT, SOBEL, gradients
from features.ops.grey import grey_levels
from features.ops.image_feature import ImageFeature
from features.ops.parameters import check_choice, check_count
from features.ops.pooling import average_pool

TITLE = "Sobel edges"
YEAR = 1968
CITATION = (
    "I. Sobel, G. Feldman, A 3x3 isotropic gradient operator for image processing, "
    "talk at the Stanford Artificial Intelligence Project, 1968; "
    "in print in R. Duda, P. Hart, Pattern Classification and Scene Analysis, 1973, p. 271; "
    "J. M. S. Prewitt, Object enhancement and extraction, in Picture Processing and "
    "Psychopictorics, Academic Press, 1970, pp. 75-149"
)
DEVIATIONS = (
    "the operator yields edge maps; pooling them into a feature vector is ours",
    "the direction is stored as the vector of twice its angle, so that a light line on black "
    "and a black line on light agree and nothing jumps at 180 degrees",
)

SMOOTHING = {"sobel": SOBEL, "prewitt": PREWITT}


class Feature(ImageFeature):
    """Strength and direction of edges, averaged over squares.

    With the gradient (gx, gy) of the grey levels, at an angle t, the strength is
    s = sqrt((gx^2 + gy^2) / 2), as in ``skimage.filters.sobel`` and ``prewitt``, and the three maps
    s, s cos 2t and s sin 2t are averaged over squares.

    Parameters
    ----------
    pool : int
        Side in pixels of the squares, at least 1. Rows and columns left over at the bottom and
        on the right are left out.
    operator : {"sobel", "prewitt"}
        How the difference is smoothed along the edge: by 1 2 1 or by 1 1 1. Either is divided by
        its sum, so that the gradient is twice the grey levels per pixel.

    Notes
    -----
    The vector runs over the squares row by row, the three maps side by side:
    ``3 * (height // pool) * (width // pool)`` values.
    """

    def __init__(self, pool: int = 2, operator: str = "sobel") -> None:
        self.pool = pool
        self.operator = operator

    def macs(self, image_shape: tuple[int, int, int]) -> int:
        """Count the multiply-accumulates for one image.

        Parameters
        ----------
        image_shape : tuple of int
            Height, width and channels.

        Returns
        -------
        int
            Those of the linear filters: luma of a colour image (3 a pixel), both 3x3 kernels
            (18 a pixel) and the three averages (1 a pixel each). Not counted: squares, square
            roots and divisions.
        """
        height, width, channels = image_shape
        luma = channels if channels > 1 else 0
        pooled = (height // self.pool) * (width // self.pool) * self.pool**2
        return height * width * (luma + 2 * 9) + 3 * pooled

    def _check_parameters(self) -> None:
        check_count(self, "pool")
        check_choice(self, "operator", SMOOTHING)

    def _smallest_image(self) -> tuple[int, str]:
        return self.pool, f"one square of {self.pool}x{self.pool} pixels"

    def _describe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        smoothing = SMOOTHING[self.operator]
        down, right = (
            gradient / sum(smoothing) for gradient in gradients(grey_levels(images), smoothing)
        )
        strength = np.sqrt((right**2 + down**2) / 2)
        twice = np.where(strength > 0, 2 * strength, 1)  # where there is no edge: 0 / 1
        cosine = (right**2 - down**2) / twice
        sine = 2 * right * down / twice
        maps = [average_pool(values, self.pool) for values in (strength, cosine, sine)]
        return np.stack(maps, axis=-1, dtype=np.float32, casting="same_kind").reshape(
            len(images), -1
        )
