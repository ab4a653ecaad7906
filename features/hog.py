"""Histograms of oriented gradients, normalised over overlapping blocks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.ops.blocks import cell_histograms, normalised_blocks
from features.ops.cells import cell_shares
from features.ops.image_feature import ImageFeature
from features.ops.parameters import check_choice, check_count

TITLE = "HOG"
YEAR = 2005
CITATION = (
    "N. Dalal, B. Triggs, Histograms of oriented gradients for human detection, "
    "IEEE Conference on Computer Vision and Pattern Recognition, 2005, vol. 1, pp. 886-893"
)
DEVIATIONS = (
    "cells of 4x4 pixels in place of 8x8 unless `pixels_per_cell` says otherwise, for images of 28 "
    "to 32 pixels instead of 64x128",
    "no Gaussian window over a block, which the paper uses to weigh down pixels near its border",
    "the gradient across the border of an image is 0, as in scikit-image",
    "a cell is summed once for all blocks that hold it, so that with shared votes pixels beside a "
    "block count in it too (the authors' program shares votes within each block by itself)",
)

CLIP = 0.2  # the paper's limit in L2-Hys


class Feature(ImageFeature):
    """Dense histograms of gradient orientations.

    Every pixel votes with the magnitude of its gradient for its orientation, without sign; the
    votes are summed over square cells. Blocks of neighbouring cells, one cell apart, are
    normalised by L2-Hys: to unit length, clipped at 0.2, to unit length again.

    Parameters
    ----------
    orientations : int
        Number of bins over 180 degrees, at least 1.
    pixels_per_cell : int
        Side of a cell in pixels, at least 1.
    cells_per_block : int
        Side of a block in cells, at least 1.
    votes : {"bilinear", "nearest"}
        "bilinear": a vote is shared, as in the paper, between the two nearest orientations and
        among the four nearest cells. "nearest" is scikit-image's simplification: a vote goes to
        its own bin and cell, and the result equals that of ``skimage.feature.hog`` with
        ``block_norm="L2-Hys"``.

    Notes
    -----
    The vector runs over blocks row by row, in each over its cells row by row, in each over the
    orientations from 0 to 180 degrees. Only whole cells count.
    """

    def __init__(
        self,
        orientations: int = 9,
        pixels_per_cell: int = 4,
        cells_per_block: int = 2,
        votes: str = "bilinear",
    ) -> None:
        self.orientations = orientations
        self.pixels_per_cell = pixels_per_cell
        self.cells_per_block = cells_per_block
        self.votes = votes

    def macs(self, image_shape: tuple[int, int, int]) -> int:
        """Count the multiply-accumulates for one image.

        Parameters
        ----------
        image_shape : tuple of int
            Height, width and channels.

        Returns
        -------
        int
            Both 3-tap differences (6 a pixel and channel), the votes (one per pixel, orientation
            and cell that it has a share in) and the sums of squares of both normalisations. Not
            counted: magnitudes and angles, which are looked up, comparisons, square roots and
            divisions.
        """
        height, width, channels = image_shape
        shares = [int(np.count_nonzero(self._shares(side))) for side in (height, width)]
        votes = shares[0] * shares[1] * (2 if self._interpolate else 1)
        blocks = [
            side // self.pixels_per_cell - self.cells_per_block + 1 for side in (height, width)
        ]
        values = blocks[0] * blocks[1] * self.cells_per_block**2 * self.orientations
        return height * width * channels * 2 * 3 + votes + 2 * values

    @property
    def _interpolate(self) -> bool:
        return self.votes == "bilinear"

    def _shares(self, pixels: int) -> NDArray[np.float64]:
        return cell_shares(pixels, self.pixels_per_cell, self._interpolate)

    def _check_parameters(self) -> None:
        for name in ("orientations", "pixels_per_cell", "cells_per_block"):
            check_count(self, name)
        check_choice(self, "votes", ("bilinear", "nearest"))

    def _smallest_image(self) -> tuple[int, str]:
        cell, block = self.pixels_per_cell, self.cells_per_block
        return cell * block, f"one block of {block}x{block} cells of {cell} pixels"

    def _describe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        histograms = cell_histograms(
            images, self.orientations, self.pixels_per_cell, self._interpolate
        )
        blocks = normalised_blocks(histograms, self.cells_per_block, CLIP)
        return blocks.reshape(len(images), -1)
