"""Spatial pyramid: visual words, counted in the cells of finer and finer grids."""

from __future__ import annotations

from features.ops.parameters import check_count
from features.ops.visual_words import VisualWords

TITLE = "Spatial pyramid"
YEAR = 2006
CITATION = (
    "S. Lazebnik, C. Schmid, J. Ponce, Beyond bags of features: spatial pyramid matching for "
    "recognizing natural scene categories, IEEE Conference on Computer Vision and Pattern "
    "Recognition, 2006, vol. 2, pp. 2169-2178"
)
DEVIATIONS = (
    "of images of 16 to 32 pixels, patches of 8 to 16 pixels every two in place of 16 pixels every "
    "8, and 100 words in place of 200 and 400, unless the parameters say otherwise",
    "the image is not smoothed before the gradient, as its patches are small; that at the border "
    "of the image is 0",
    "square roots of the histograms (with a linear classifier the Hellinger kernel: A. Vedaldi, "
    "A. Zisserman, 2012) and whichever classifier follows, in place of a support vector machine "
    "on histogram intersections",
    "k-means starts from k-means++ once and ends after 20 rounds, on 4,000 descriptors unless "
    "`sample` says otherwise",
)


class Feature(VisualWords):
    """Histograms of visual words over 1x1, 2x2, 4x4 ... cells, mapped for a linear classifier.

    Dense SIFT descriptors of several scales are each named after the nearest word; the words
    come from k-means over descriptors of training images. A descriptor counts in the cell that
    its centre lies in; a centre on a border belongs to the cell to the right or below. (In images
    of 16x16 pixels no centre lies left of or above 4: the first row and the first column of the
    4x4 grid stay empty.) The finest grid weighs 1/2, each coarser one half as much, down to the
    first two, which weigh the same.

    Parameters
    ----------
    words : int
        Size of the codebook, at least 1.
    pixels_per_cell : int
        Side of a descriptor's cell at the smallest scale, at least 1; a patch has 4 x 4 cells.
    scales : int
        Number of scales, at least 1; from each to the next a cell grows by a pixel.
    stride : int
        Pixels from one patch to the next, at least 1.
    sample : int
        Number of descriptors, 20 of an image, that the words are learned from, at least 1.
    chi2_steps : int
        1, 2 or 3: how closely the additive chi-square kernel is approximated, by 1, 3 or 5 values
        for each bin. 1 is the square root of the bin, up to a factor: the Hellinger kernel.
    levels : int
        Number of grids, at least 1; the paper's pyramid has 3.

    Attributes
    ----------
    words_ : float32 array [words, 128]
        The codebook.

    Notes
    -----
    The vector holds ``words * (2 * chi2_steps - 1) * (4**levels - 1) / 3`` values: first the
    histograms' square roots from the coarsest grid to the finest, each row by row, then, for
    `chi2_steps` above 1, the map's further components in the same order.
    """

    def __init__(
        self,
        words: int = 100,
        pixels_per_cell: int = 2,
        scales: int = 3,
        stride: int = 2,
        sample: int = 4_000,
        chi2_steps: int = 1,
        levels: int = 3,
    ) -> None:
        self.words = words
        self.pixels_per_cell = pixels_per_cell
        self.scales = scales
        self.stride = stride
        self.sample = sample
        self.chi2_steps = chi2_steps
        self.levels = levels

    def _levels(self) -> int:
        return self.levels

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_count(self, "levels")
