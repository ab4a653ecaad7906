"""Bag of visual words: how often each word of a learned codebook occurs in the image."""

from __future__ import annotations

from features.ops.visual_words import VisualWords

TITLE = "SIFT words"
YEAR = 2004
CITATION = (
    "G. Csurka, C. R. Dance, L. Fan, J. Willamowski, C. Bray, Visual categorization with bags of "
    "keypoints, ECCV Workshop on Statistical Learning in Computer Vision, 2004, pp. 1-22; "
    "descriptor: D. G. Lowe, Distinctive image features from scale-invariant keypoints, "
    "International Journal of Computer Vision 60(2), 2004, pp. 91-110"
)
DEVIATIONS = (
    "descriptors on a dense grid of upright patches, where the paper finds affine keypoints, of "
    "which images of 16 to 32 pixels have too few; on larger images too, for one recipe",
    "the image is not smoothed before the gradient, as its patches are small; that at the border "
    "of the image is 0",
    "100 words unless `words` says otherwise, where the paper settles on 1,000",
    "k-means starts from k-means++ once and ends after 20 rounds, on 4,000 descriptors unless "
    "`sample` says otherwise, where the paper takes the best of several runs",
    "the additive chi-square map of the histogram (A. Vedaldi, A. Zisserman, 2012), so that a "
    "linear classifier compares histograms as such; the paper's is linear in the counts",
)


class Feature(VisualWords):
    """Histogram of visual words over the whole image, mapped for a linear classifier.

    Dense SIFT descriptors of several scales are each named after the nearest word; the words
    come from k-means over descriptors of training images.

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

    Attributes
    ----------
    words_ : float32 array [words, 128]
        The codebook.

    Notes
    -----
    The vector holds ``words * (2 * chi2_steps - 1)`` values.
    """

    def __init__(
        self,
        words: int = 100,
        pixels_per_cell: int = 2,
        scales: int = 3,
        stride: int = 2,
        sample: int = 4_000,
        chi2_steps: int = 2,
    ) -> None:
        self.words = words
        self.pixels_per_cell = pixels_per_cell
        self.scales = scales
        self.stride = stride
        self.sample = sample
        self.chi2_steps = chi2_steps

    def _levels(self) -> int:
        return 1
