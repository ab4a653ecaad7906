"""Visual words: dense SIFT descriptors, each named after the nearest word of a codebook."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.kernel_approximation import AdditiveChi2Sampler

from features.ops.codebook import RANDOM_STATE, learn_words
from features.ops.grey import grey_levels
from features.ops.learned_feature import LearnedFeature
from features.ops.orientation import gradient_codes, signed_vote_table
from features.ops.parameters import check_count, key
from features.ops.sift import CELLS, LENGTH, ORIENTATIONS, descriptors, grid, grid_weights

ITERATIONS = 20
PER_IMAGE = 20  # descriptors of one image among those that the words are learned from


class VisualWords(LearnedFeature):
    """Histograms of visual words over the cells of a pyramid of grids.

    A subclass states the parameters below in ``__init__`` and overrides `_levels`.

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
    """

    LEARNED = ("words",)

    words: int
    pixels_per_cell: int
    scales: int
    stride: int
    sample: int
    chi2_steps: int

    def fit(self, images: NDArray[np.uint8], y: object = None) -> Self:
        """Learn the words.

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
            there are fewer different descriptors than words.
        """
        self._check(images)
        generator = np.random.default_rng(RANDOM_STATE)
        some = []
        # One by one: the gradients of all of them together may take gigabytes.
        for index in generator.integers(len(images), size=-(-self.sample // PER_IMAGE)):
            (votes,) = self._votes(images[index : index + 1])
            vectors = np.concatenate(list(self._descriptors(votes)))
            some.append(vectors[generator.integers(len(vectors), size=PER_IMAGE)])
        try:
            self.words_ = learn_words(np.concatenate(some)[: self.sample], self.words, ITERATIONS)
        except ValueError as error:
            raise ValueError(f"{key(self)}: {error}") from error
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
            Luma of a colour image (3 a pixel), both 3-tap differences (6 a pixel), the votes
            (one per pixel, direction and cell of a patch that it counts in), the sums of squares
            of both normalisations and the products with all words. Not counted: magnitudes and
            angles, which are looked up, comparisons, square roots, divisions, and the map of the
            histogram.
        """
        height, width, channels = image_shape
        total = height * width * (6 + (channels if channels > 1 else 0))
        for cell in self._cells():
            rows, columns = (grid_weights(side, cell, self.stride) for side in (height, width))
            votes = np.count_nonzero(rows) * np.count_nonzero(columns) * 2
            patches = len(rows) * len(columns) // CELLS**2
            total += int(votes) + patches * LENGTH * (2 + self.words)
        return total

    @abstractmethod
    def _levels(self) -> int:
        """Return the number of grids: the first has one cell, each next one twice the side."""

    def _cells(self) -> range:
        return range(self.pixels_per_cell, self.pixels_per_cell + self.scales)

    def _check_parameters(self) -> None:
        for name in ("words", "pixels_per_cell", "scales", "stride", "sample", "chi2_steps"):
            check_count(self, name)
        if self.chi2_steps > 3:
            raise ValueError(f"{key(self)}: chi2_steps must be 1, 2 or 3, got {self.chi2_steps}")

    def _smallest_image(self) -> tuple[int, str]:
        cell = self._cells()[-1]
        return CELLS * cell, f"one patch of {CELLS}x{CELLS} cells of {cell} pixels"

    def _votes(self, images: NDArray[np.uint8]) -> Iterator[NDArray[np.float32]]:
        grey = np.rint(255 * grey_levels(images)).astype(np.uint8)
        codes = np.moveaxis(gradient_codes(grey[..., None]), 2, 0)
        for image in codes:
            yield np.take(signed_vote_table(ORIENTATIONS), image, axis=0)

    def _descriptors(self, votes: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Yield the descriptors [patches, 128] of one image, scale by scale."""
        height, width, _ = votes.shape
        for cell in self._cells():
            rows, columns = (grid_weights(side, cell, self.stride) for side in (height, width))
            yield descriptors(votes, rows, columns)

    def _places(self, height: int, width: int, side: int) -> NDArray[np.intp]:
        """Say in which of `side` x `side` cells of the image the centre of each patch lies."""
        places = []
        for cell in self._cells():
            rows, columns = (
                ((grid(pixels, CELLS * cell, self.stride) + 0.5) * side / pixels).astype(np.intp)
                for pixels in (height, width)
            )
            places.append((rows[:, None] * side + columns).ravel())
        return np.concatenate(places)

    def _describe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        levels = self._levels()
        side = 2 ** (levels - 1)
        _, height, width, _ = images.shape
        places = self._places(height, width, side) * self.words
        table = np.ascontiguousarray(self.words_.T)
        half_squares = (self.words_**2).sum(axis=1) / 2
        counts = np.empty((len(images), side * side * self.words), dtype=np.float32)
        # Image by image: products of one size add in one order, and stay in the processor's cache.
        for votes, bins in zip(self._votes(images), counts, strict=True):
            nearest = [
                (vectors @ table - half_squares).argmax(axis=1)
                for vectors in self._descriptors(votes)
            ]
            bins[:] = np.bincount(places + np.concatenate(nearest), minlength=len(bins))
        counts /= len(places)
        histograms = pyramid(counts.reshape(-1, side, side, self.words), levels)
        return AdditiveChi2Sampler(sample_steps=self.chi2_steps).fit_transform(histograms)


def pyramid(histograms: NDArray[np.float32], levels: int) -> NDArray[np.float32]:
    """Sum the cells of the finest grid into coarser ones and weigh the levels.

    Parameters
    ----------
    histograms : float32 array [n, side, side, words]
        Those of the finest grid; its side is ``2 ** (levels - 1)``.
    levels : int
        Number of grids.

    Returns
    -------
    float32 array [n, d]
        The histograms from the coarsest grid to the finest. With L = levels - 1, the finest
        weighs 1/2, each coarser one half as much, down to the first two, which both weigh 1/2^L.
    """
    n = len(histograms)
    grids = [histograms]
    for _ in range(levels - 1):
        finer = grids[0]
        side = finer.shape[1] // 2
        # One axis after the other: summed at once, the order depends on the batch.
        coarser = finer.reshape(n, side, 2, side, 2, -1).sum(axis=2).sum(axis=3)
        grids.insert(0, coarser)
    weights = [2.0 ** -min(levels - 1, levels - level) for level in range(levels)]
    weighed = [np.float32(w) * g.reshape(n, -1) for w, g in zip(weights, grids, strict=True)]
    return np.concatenate(weighed, axis=1)
