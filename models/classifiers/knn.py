"""The k nearest neighbours: what most of the most similar training images are."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from models.classifiers.ops.stored_vectors import StoredVectors, checked, nearness

TITLE = "k-NN"
YEAR = 1967
CITATION = (
    "T. M. Cover, P. E. Hart, Nearest neighbor pattern classification, "
    "IEEE Transactions on Information Theory 13(1), 1967, pp. 21-27"
)
DEVIATIONS = (
    "the paper treats one neighbour above all and leaves ties open; here the class wins whose "
    "nearest image is nearer",
)
KIND = "margins"


class Classifier(StoredVectors):
    """Votes of the `neighbours` training images at the smallest Euclidean distance.

    A class's score is its votes, plus (neighbours - rank) / (neighbours + 1) < 1 for the rank,
    from 0, of its nearest image among the neighbours: of classes with equal votes the one with the
    nearest image wins. Of images at equal distance, but for rounding, the first one is the nearer.

    Parameters
    ----------
    neighbours : int
        How many images vote, from 1 to the number of training images.

    Attributes
    ----------
    labels_ : int array [n]
        Where in `classes_` the label of each stored image stands.
    converged_ : bool
        True: nothing is iterated.
    """

    labels_: NDArray[np.intp]

    def __init__(self, neighbours: int = 3) -> None:
        self.neighbours = neighbours

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Store the training images' features.

        Parameters
        ----------
        X : float32 array [n, d]
            Features; kept, not copied.
        y : int array [n]
            Labels.

        Returns
        -------
        Self
            The classifier itself.

        Raises
        ------
        ValueError
            If `neighbours` is out of its range, a feature is not finite, the lengths differ or
            there is one class only.
        """
        vectors, self.classes_, self.labels_ = checked("knn", X, y)
        count = self.neighbours
        whole = isinstance(count, Integral) and not isinstance(count, bool)
        if not whole or not 1 <= count <= len(vectors):
            raise ValueError(
                f"knn: neighbours must be a whole number from 1 to the {len(vectors)} training "
                f"images, got {count!r}"
            )
        self._store(vectors)
        self.converged_ = True
        return self

    @property
    def parameters(self) -> int:
        """Stored numbers: features and labels of all training images."""
        check_is_fitted(self)
        return self.vectors_.size + self.labels_.size

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one prediction: a product with every stored number."""
        check_is_fitted(self)
        return self.vectors_.size

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what was learned, for `from_arrays`."""
        check_is_fitted(self)
        return {
            "classes": self.classes_,
            "vectors": self.vectors_,
            "labels": self.labels_,
            "neighbours": np.array(self.neighbours),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild a fitted classifier; its scores are the same to the byte.

        Parameters
        ----------
        arrays : mapping of str to array
            What `to_arrays` returned.

        Returns
        -------
        Self
            Ready to score.
        """
        classifier = cls(neighbours=int(arrays["neighbours"]))
        classifier.classes_, classifier.labels_ = arrays["classes"], arrays["labels"]
        classifier._store(arrays["vectors"])
        classifier.converged_ = True
        return classifier

    def _scores(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        near = nearness(X, self.vectors_, self.half_squares_)
        scores = np.zeros((len(X), len(self.classes_)), dtype=np.float32)
        every = np.arange(len(X))
        # A few passes for the maximum are faster than one partial sort, and settle ties by order.
        for rank in range(self.neighbours):
            nearest = near.argmax(axis=1)
            near[every, nearest] = -np.inf
            voted = every, self.labels_[nearest]
            early = (self.neighbours - rank) / (self.neighbours + 1)
            scores[voted] += np.where(scores[voted] > 0, 1, 1 + early)
        return scores
