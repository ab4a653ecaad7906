"""Canny edges: thin, connected contours, pooled over small squares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label

from features.ops.gradients import SOBEL, gradients
from features.ops.grey import grey_levels
from features.ops.image_feature import ImageFeature
from features.ops.parameters import check_count, check_positive, key
from features.ops.pooling import average_pool

TITLE = "Canny edges"
YEAR = 1986
CITATION = (
    "J. Canny, A computational approach to edge detection, "
    "IEEE Transactions on Pattern Analysis and Machine Intelligence 8(6), 1986, pp. 679-698"
)
DEVIATIONS = (
    "the detector yields a binary edge map; averaging it over squares into a vector is ours",
    "the gradient is that of the Sobel kernels on the smoothed image, as in scikit-image, in "
    "place of the derivative of a Gaussian",
    "one scale and fixed thresholds, where the paper combines several scales and sets the "
    "thresholds from an estimate of the noise",
)

TRUNCATE = 4.0  # the Gaussian ends at so many standard deviations
# Pixels touch their eight neighbours within one image, and none of the image before or after.
TOUCHING = np.pad(np.ones((1, 3, 3), dtype=bool), ((1, 1), (0, 0), (0, 0)))


class Feature(ImageFeature):
    """The share of edge pixels in each square of the image.

    Smoothing by a Gaussian, gradients, suppression of everything that is no maximum across the
    edge, and hysteresis: a weak edge stays where it is connected to a strong one. The edge map is
    that of ``skimage.feature.canny`` with ``mode="nearest"``.

    Parameters
    ----------
    sigma : float
        Standard deviation of the Gaussian in pixels, above 0.
    low_threshold, high_threshold : float
        Gradient magnitudes above which an edge is weak and strong, in units of full scale: a step
        from black to white has the magnitude 4 before smoothing. ``0 < low <= high``.
    pool : int
        Side in pixels of the squares, at least 1. Rows and columns left over at the bottom and
        on the right are left out.

    Notes
    -----
    The vector holds ``(height // pool) * (width // pool)`` values from 0 to 1, row by row.
    """

    def __init__(
        self,
        sigma: float = 1.0,
        low_threshold: float = 0.1,
        high_threshold: float = 0.2,
        pool: int = 2,
    ) -> None:
        self.sigma = sigma
        self.low_threshold = low_threshold
        self.high_threshold = high_threshold
        self.pool = pool

    def macs(self, image_shape: tuple[int, int, int]) -> int:
        """Count the multiply-accumulates for one image.

        Parameters
        ----------
        image_shape : tuple of int
            Height, width and channels.

        Returns
        -------
        int
            Those of the linear filters: luma of a colour image (3 a pixel), the Gaussian as two
            one-dimensional passes, both 3x3 kernels (18 a pixel) and the average (1 a pixel). Not
            counted: squares, square roots, comparisons, and the interpolation across edges,
            whose number depends on the image.
        """
        height, width, channels = image_shape
        luma = channels if channels > 1 else 0
        gaussian = 2 * int(TRUNCATE * self.sigma + 0.5) + 1
        pooled = (height // self.pool) * (width // self.pool) * self.pool**2
        return height * width * (luma + 2 * gaussian + 2 * 9) + pooled

    def edges(self, images: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Find the edge pixels.

        Parameters
        ----------
        images : uint8 array [n, height, width, channels]
            One channel (grey) or three (red, green, blue).

        Returns
        -------
        bool array [n, height, width]
            True on an edge; the outermost pixels never are.
        """
        smooth = gaussian_filter(
            grey_levels(images),
            sigma=(0, self.sigma, self.sigma),
            order=0,
            mode="nearest",
            truncate=TRUNCATE,
        )
        down, right = gradients(smooth, SOBEL)
        magnitude = np.sqrt(down**2 + right**2)
        weak = _ridges(down, right, magnitude, self.low_threshold)
        segments, count = label(weak, structure=TOUCHING)
        stays = np.zeros(count + 1, dtype=bool)
        stays[segments[weak & (magnitude >= self.high_threshold)]] = True
        return stays[segments]

    def _check_parameters(self) -> None:
        check_positive(self, "sigma")
        check_positive(self, "low_threshold")
        check_positive(self, "high_threshold")
        check_count(self, "pool")
        if self.low_threshold > self.high_threshold:
            raise ValueError(
                f"{key(self)}: low_threshold must not be above high_threshold, "
                f"got {self.low_threshold} and {self.high_threshold}"
            )

    def _smallest_image(self) -> tuple[int, str]:
        if self.pool > 3:
            return self.pool, f"one square of {self.pool}x{self.pool} pixels"
        return 3, "one pixel with all its neighbours"

    def _describe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        shares = average_pool(self.edges(images).astype(np.float64), self.pool)
        return shares.reshape(len(images), -1).astype(np.float32)


def _ridges(
    down: NDArray[np.float64],
    right: NDArray[np.float64],
    magnitude: NDArray[np.float64],
    threshold: float,
) -> NDArray[np.bool_]:
    """Mark the pixels whose gradient is no smaller than on either side across the edge.

    The gradient points between two of the eight neighbours, one straight (up, down, left or
    right) and one diagonal; between their magnitudes it is interpolated linearly.
    """
    inside = np.zeros(magnitude.shape, dtype=bool)
    inside[:, 1:-1, 1:-1] = magnitude[:, 1:-1, 1:-1] >= threshold
    here = np.flatnonzero(inside)
    levels = magnitude.ravel()
    down, right, centre = down.ravel()[here], right.ravel()[here], levels[here]

    row = magnitude.shape[2]  # one pixel down in the flattened images
    steep = abs(down) > abs(right)
    sideways = np.where((down > 0) == (right > 0), 1, -1)
    straight = np.where(steep, row, sideways)
    diagonal = row + sideways
    share = np.minimum(abs(down), abs(right)) / np.maximum(abs(down), abs(right))

    def ahead(sign: int) -> NDArray[np.float64]:
        near, far = levels[here + sign * straight], levels[here + sign * diagonal]
        return far * share + near * (1 - share)

    inside.ravel()[here] = (ahead(1) <= centre) & (ahead(-1) <= centre)
    return inside
