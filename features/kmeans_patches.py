"""Words for small patches, learned by k-means, and how near every patch is to each of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product
from typing import Self

import numpy as np
from numpy.typing import NDArray

from features.ops.codebook import RANDOM_STATE, learn_words
from features.ops.learned_feature import LearnedFeature
from features.ops.parameters import check_count, check_positive, key
from features.ops.patches import every_patch, normalise, sample_patches, zca

TITLE = "k-means patches"
YEAR = 2011
CITATION = (
    "A. Coates, H. Lee, A. Y. Ng, An analysis of single-layer networks in unsupervised feature "
    "learning, International Conference on Artificial Intelligence and Statistics, 2011, "
    "pp. 215-223"
)
DEVIATIONS = (
    "fewer words than the paper's 1,600 to 4,000, unless `words` says otherwise",
    "k-means starts from k-means++ and ends after 20 rounds, on 10,000 patches unless `sample` "
    "says otherwise",
    "the constants in normalisation and whitening, which the paper leaves open, are those of the "
    "authors' next one (A. Coates, A. Y. Ng, 2012), unless `epsilon` says otherwise",
    "mean and deviation of the features come from at most 5,000 training images, evenly spaced",
)
ITERATIONS = 20
STANDARD = 5_000  # images that the mean and deviation of the features are measured on
FLOOR = 0.01  # added to the variance of a feature: the authors' value
PATCHES_PER_BLOCK = 2**11  # their distances to 400 words still fit in the processor's cache


class Feature(LearnedFeature):
    """Soft assignments of all patches to learned words, summed over the quarters of an image.

    Every patch, one pixel apart, is freed of brightness and contrast and whitened. With its
    distances z to the words, its code is ``max(0, mean(z) - z)``, the paper's triangle: about half
    of the values are 0. The codes are summed over the quarters of the image, and every value is
    brought to mean 0 and deviation 1 over the training images.

    Parameters
    ----------
    words : int
        Number of words, at least 1.
    patch : int
        Side of a patch in pixels, at least 2.
    pool : int
        Codes are summed over `pool` x `pool` parts of the image, at least 1; the paper's quarters
        are 2.
    epsilon : float
        Added to the eigenvalues in whitening, above 0: directions with a smaller variance stay
        weak. 0.1 is the authors' value for photographs; drawings on an empty ground need more.
    sample : int
        Number of patches, drawn from the training images, that the words are learned from; at
        least as many as words. Many words need many: a word is the mean of its patches.

    Attributes
    ----------
    centre_ : float32 array [d]
        Mean of the normalised patches; d is ``patch * patch * channels``.
    whitener_ : float32 array [d, d]
        The whitening.
    words_ : float32 array [words, d]
        The words, among whitened patches.
    mean_, deviation_ : float32 arrays [pool * pool * words]
        Of the features over training images.

    Notes
    -----
    The vector runs over the parts of the image row by row, in each over the words. Part k begins
    with position ``ceil(k * positions / pool)``, so a quarter ends after half of them, rounded up.
    """

    LEARNED = ("centre", "whitener", "words", "mean", "deviation")

    def __init__(
        self,
        words: int = 100,
        patch: int = 6,
        pool: int = 2,
        epsilon: float = 0.1,
        sample: int = 10_000,
    ) -> None:
        self.words = words
        self.patch = patch
        self.pool = pool
        self.epsilon = epsilon
        self.sample = sample

    def fit(self, images: NDArray[np.uint8], y: object = None) -> Self:
        """Learn the whitening, the words, and the scale of the features.

        Parameters
        ----------
        images : uint8 array [n, height, width, channels]
            Training images: one channel (grey) or three (red, green, blue).
        y : ignored
            Present for scikit-learn's `Pipeline`.

        Returns
        -------
        Self
            The feature itself.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the images are of another kind or too small, or
            there are fewer different patches than words.
        """
        self._check(images)
        generator = np.random.default_rng(RANDOM_STATE)
        patches = sample_patches(images, self.patch, self.sample, generator)
        normalise(patches)
        self.centre_, self.whitener_ = zca(patches, self.epsilon)
        patches -= self.centre_
        try:
            self.words_ = learn_words(patches @ self.whitener_, self.words, ITERATIONS)
        except ValueError as error:
            raise ValueError(f"{key(self)}: {error}") from error

        self.mean_ = np.zeros(self.pool**2 * self.words, dtype=np.float32)
        self.deviation_ = np.ones(self.pool**2 * self.words, dtype=np.float32)
        vectors = self.transform(images[:: -(-len(images) // STANDARD)])
        self.mean_ = vectors.mean(axis=0)
        self.deviation_ = np.sqrt(vectors.var(axis=0) + np.float32(FLOOR))
        return self

    def macs(self, image_shape: tuple[int, int, int]) -> int:
        """Count the multiply-accumulates for one image.

        Parameters
        ----------
        image_shape : tuple of int
            Height, width and channels.

        Returns
        -------
        int
            For every patch its sum of squares before and after whitening, the whitening and the
            products with all words; the sums over the parts; one per value for its scale. Not
            counted: square roots, divisions and comparisons.
        """
        height, width, channels = image_shape
        values = self.patch**2 * channels
        patches = (height - self.patch + 1) * (width - self.patch + 1)
        return patches * (2 * values + values**2 + values * self.words + self.words) + (
            self.pool**2 * self.words
        )

    def _check_parameters(self) -> None:
        check_count(self, "words")
        check_count(self, "patch", minimum=2)
        check_count(self, "pool")
        check_positive(self, "epsilon")
        check_count(self, "sample", minimum=2)

    def _smallest_image(self) -> tuple[int, str]:
        side = self.patch + self.pool - 1
        return (
            side,
            f"a patch of {self.patch}x{self.patch} pixels in each of {self.pool}x{self.pool} parts",
        )

    def _describe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        _, height, width, _ = images.shape
        parts = _parts(height - self.patch + 1, width - self.patch + 1, self.pool)
        sums = np.zeros((len(images), len(parts), self.words), dtype=np.float32)
        squares = (self.words_**2).sum(axis=1)
        largest = max(_positions(*strip) for strip in _strips(*parts[0]))
        distances = np.empty((largest, self.words), dtype=np.float32)
        table = np.concatenate([-2 * self.words_.T, np.ones_like(squares)[None], squares[None]])
        # Image by image: products of one size add in one order, and stay in the processor's cache.
        for image, vector in zip(images, sums, strict=True):
            for part, total in zip(parts, vector, strict=True):
                for strip in _strips(*part):
                    total += self._triangles(self._patches(image, *strip), table, distances)
        vectors = sums.reshape(len(images), -1)
        vectors -= self.mean_
        vectors /= self.deviation_
        return vectors

    def _patches(
        self, image: NDArray[np.uint8], rows: slice, columns: slice
    ) -> NDArray[np.float32]:
        """Cut out the patches [n, d] at some positions."""
        last = self.patch - 1
        seen = image[rows.start : rows.stop + last, columns.start : columns.stop + last]
        patches = every_patch(seen, self.patch)
        return patches.reshape(-1, patches.shape[2])

    def _triangles(
        self,
        patches: NDArray[np.float32],
        table: NDArray[np.float32],
        room: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Sum ``max(0, mean(z) - z)`` over patches [n, d]; `room`, of n rows or more, is for z.

        The squared distance of x to a word w is x.x - 2 x.w + w.w: one product with `table`. The
        sum is that of mean(z) - min(z, mean(z)): one pass less over the largest array.
        """
        normalise(patches)
        patches -= self.centre_
        white = np.empty((len(patches), len(table)), dtype=np.float32)
        distances = room[: len(patches)]
        np.matmul(patches, self.whitener_, out=white[:, :-2])
        np.einsum("nd,nd->n", white[:, :-2], white[:, :-2], out=white[:, -2])
        white[:, -1] = 1
        np.matmul(white, table, out=distances)
        np.maximum(distances, 0, out=distances)  # a rounding error below it
        np.sqrt(distances, out=distances)
        mean = distances @ np.full(self.words, 1 / self.words, dtype=np.float32)
        np.minimum(distances, mean[:, None], out=distances)
        return mean.sum() - distances.sum(axis=0)


def _parts(rows: int, columns: int, pool: int) -> list[tuple[slice, slice]]:
    """Cut a grid of positions into `pool` x `pool` parts, the first no smaller than the others."""
    cuts = [[-(-n * k // pool) for k in range(pool + 1)] for n in (rows, columns)]
    return list(product(*([slice(a, b) for a, b in pairwise(cut)] for cut in cuts)))


def _strips(rows: slice, columns: slice) -> Iterator[tuple[slice, slice]]:
    """Cut a part of the grid into strips of at most `PATCHES_PER_BLOCK` positions, one row each."""
    height = max(1, PATCHES_PER_BLOCK // (columns.stop - columns.start))
    for top in range(rows.start, rows.stop, height):
        yield slice(top, min(top + height, rows.stop)), columns


def _positions(rows: slice, columns: slice) -> int:
    return (rows.stop - rows.start) * (columns.stop - columns.start)
