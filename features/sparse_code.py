"""Sparse codes of whitened patches over a dictionary learned from the training images."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from features.ops.grey import grey_levels
from features.ops.learned_feature import LearnedFeature
from features.ops.parameters import check_count, check_positive, key
from features.ops.sparse import SparseCoder, learn_dictionary
from features.ops.whitening import whiten

TITLE = "Sparse codes"
YEAR = 1996
CITATION = (
    "B. A. Olshausen, D. J. Field, Emergence of simple-cell receptive field properties by learning "
    "a sparse code for natural images, Nature 381, 1996, pp. 607-609"
)
DEVIATIONS = (
    "patches of 8x8 pixels of the training images, in place of larger ones of natural scenes",
    "the penalty |x|, one of the three that the paper names, in place of log(1 + x^2); codes by "
    "iterated shrinkage in place of conjugate gradients",
    "atoms have unit length, where the paper adapts their lengths to the variance of their "
    "coefficients",
    "codes after 20 steps, where the objective is some percent above its minimum",
    "beyond its border an image is mirrored for the whitening filter",
    "the paper shows the atoms and classifies nothing; rectified codes, averaged over the "
    "quadrants of the image, are ours",
)

PATCHES = 200_000  # at most so many are learned from
PIXELS = 2**24  # of at most so many pixels in all: 64 MiB
BATCH, RATE = 500, 0.3  # of the learning
ITERATIONS = 20  # of the coding
VALUES_PER_BLOCK = 2**16  # codes that are iterated together stay in the processor's cache


class Feature(LearnedFeature):
    """Positive and negative parts of sparse codes, averaged over the quadrants of the image.

    Images are whitened and scaled to unit variance over the training images. A dictionary is
    learned such that a few of its atoms, times their coefficients, make up a patch. The
    coefficients of all patches of an image are the feature.

    Parameters
    ----------
    patch : int
        Side of a patch in pixels, at least 2.
    stride : int
        Pixels between two patches, at least 1.
    atoms : int
        Atoms in the dictionary, at least 1: twice as many as pixels in a patch by default.
    penalty : float
        Price of a coefficient's magnitude, above 0, where whitened pixels have unit variance.
    random_state : int
        Draws the patches to learn from, at least 0.

    Attributes
    ----------
    dictionary_ : float32 array [atoms, patch, patch]
        Atoms of unit length: filters on whitened images.
    scale_ : float32 array []
        Standard deviation of the whitened training images.

    Notes
    -----
    The vector runs over the quadrants row by row, in each over positive and negative parts, in each
    over the atoms: ``8 * atoms`` values. Quadrants share the middle row or column of an odd number
    of patches.
    """

    LEARNED = ("dictionary", "scale")

    dictionary_: NDArray[np.float32]
    scale_: NDArray[np.float32]

    def __init__(
        self,
        patch: int = 8,
        stride: int = 2,
        atoms: int = 128,
        penalty: float = 1.0,
        random_state: int = 0,
    ) -> None:
        self.patch = patch
        self.stride = stride
        self.atoms = atoms
        self.penalty = penalty
        self.random_state = random_state

    def fit(self, images: NDArray[np.uint8], y: object = None) -> Self:
        """Learn the dictionary.

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
            If a parameter is out of its range, the images are of another kind or too small, or
            each of them is of one grey throughout.
        """
        self._check(images)
        n, height, width, _ = images.shape
        rng = np.random.default_rng(self.random_state)
        chosen = rng.permutation(n)[: max(1, PIXELS // (height * width))]
        white = whiten(grey_levels(images[chosen]).astype(np.float32))
        scale = white.std(dtype=np.float64)
        if scale < np.finfo(np.float32).eps:
            raise ValueError(f"{key(self)}: images with edges are needed, got flat ones only")
        self.scale_ = np.array(scale, dtype=np.float32)
        side = (self.patch, self.patch)
        windows = np.lib.stride_tricks.sliding_window_view(white / self.scale_, side, axis=(1, 2))
        count = min(PATCHES, windows.shape[0] * windows.shape[1] * windows.shape[2])
        places = tuple(rng.integers(0, length, count) for length in windows.shape[:3])
        dictionary = learn_dictionary(
            windows[places].reshape(count, -1),
            self.atoms,
            self.penalty,
            iterations=ITERATIONS,
            batch=BATCH,
            rate=RATE,
            random_state=self.random_state,
        )
        self.dictionary_ = dictionary.reshape(self.atoms, *side)
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
            Luma of a colour image (3 a pixel), whitening with its cosine transforms as matrix
            products of rows and columns, the products of patches and atoms, those of atoms and
            atoms in each iteration, and the averages. Not counted: shrinkage and momentum.
        """
        height, width, channels = image_shape
        luma = channels if channels > 1 else 0
        rows, columns = self._positions(height), self._positions(width)
        whitening = height * width * (luma + 2 * (height + width) + 1)
        coding = rows * columns * self.atoms * (self.patch**2 + ITERATIONS * self.atoms)
        pooling = 2 * self.atoms * int(np.count_nonzero(quadrants(rows, columns)))
        return whitening + coding + pooling

    def from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Take over what `to_arrays` returned, under this feature's own parameters.

        Parameters
        ----------
        arrays : mapping of str to array
            The dictionary and the scale.

        Returns
        -------
        Self
            The feature itself, fitted.

        Raises
        ------
        ValueError
            If an array is missing or unknown, or the dictionary not of this feature's size.
        """
        super().from_arrays(arrays)
        expected, found = (self.atoms, self.patch, self.patch), self.dictionary_.shape
        if found != expected:
            raise ValueError(f"{key(self)}: dictionary must be {list(expected)}, got {list(found)}")
        return self

    def _positions(self, side: int) -> int:
        return (side - self.patch) // self.stride + 1

    def _check_parameters(self) -> None:
        check_count(self, "patch", 2)
        check_count(self, "stride")
        check_count(self, "atoms")
        check_positive(self, "penalty")
        check_count(self, "random_state", 0)

    def _smallest_image(self) -> tuple[int, str]:
        return self.patch, f"one patch of {self.patch}x{self.patch} pixels"

    def _describe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        coder = SparseCoder(self.dictionary_.reshape(self.atoms, -1), self.penalty, ITERATIONS)
        white = whiten(grey_levels(images).astype(np.float32)) / self.scale_
        side = (self.patch, self.patch)
        windows = np.lib.stride_tricks.sliding_window_view(white, side, axis=(1, 2))
        windows = windows[:, :: self.stride, :: self.stride]
        n, rows, columns = windows.shape[:3]
        pooling = quadrants(rows, columns)
        vectors = np.empty((n, 4, 2, self.atoms), dtype=np.float32)
        size = max(1, VALUES_PER_BLOCK // (rows * columns * self.atoms))
        for start in range(0, n, size):
            block = windows[start : start + size]
            codes = coder(block.reshape(len(block), rows * columns, -1))
            # Image by image, in products of one shape: how they add does not depend on the batch.
            vectors[start : start + size, :, 0] = pooling @ np.maximum(codes, 0)
            vectors[start : start + size, :, 1] = pooling @ np.maximum(-codes, 0)
        return vectors.reshape(n, -1)


@lru_cache(maxsize=16)
def quadrants(rows: int, columns: int) -> NDArray[np.float32]:
    """Build the matrix that averages a grid of patches over its quadrants.

    Parameters
    ----------
    rows, columns : int
        Size of the grid.

    Returns
    -------
    float32 array [4, rows * columns]
        Shares; each row sums to 1. To be used, never changed.
    """
    halves = []
    for length in (rows, columns):
        half = (length + 1) // 2
        halves.append(np.array([np.arange(length) < half, np.arange(length) >= length - half]))
    shares = np.kron(*halves).astype(np.float32)
    return shares / shares.sum(axis=1, keepdims=True)
