"""What classifiers share that compare a vector with stored ones: checks, blocks, the label."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import joblib
import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, check_X_y

VALUES_PER_BLOCK = 2**23  # 32 MiB of distances at a time and thread


class StoredVectors(ClassifierMixin, BaseEstimator, ABC):
    """A classifier whose scores come from the distances to stored vectors.

    Vectors are scored in blocks, independent joblib tasks, so that memory stays bounded however
    many there are.

    Attributes
    ----------
    classes_ : int array [n_classes]
        The labels seen, sorted; one column of scores each.
    vectors_ : float32 array [m, d]
        What is stored.
    half_squares_ : float32 array [m]
        Half the squared length of each.
    """

    classes_: NDArray[Any]
    vectors_: NDArray[np.float32]
    half_squares_: NDArray[np.float32]

    def scores(self, X: ArrayLike) -> NDArray[np.float32]:
        """Score every class.

        Parameters
        ----------
        X : float32 array [n, d]
            Features.

        Returns
        -------
        float32 array [n, n_classes]
            Larger is likelier.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If nothing has been learned yet.
        """
        check_is_fitted(self)
        vectors = np.asarray(X, dtype=np.float32)
        size = max(1, VALUES_PER_BLOCK // len(self.vectors_))
        if len(vectors) <= size:
            return self._scores(vectors)
        score = joblib.delayed(self._scores)
        blocks = (score(vectors[i : i + size]) for i in range(0, len(vectors), size))
        return np.concatenate(joblib.Parallel()(blocks))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the label of the highest score, the first one among equals.

        Parameters
        ----------
        X : float32 array [n, d]
            Features.

        Returns
        -------
        int array [n]
            Labels out of `classes_`.
        """
        best = self.scores(X).argmax(axis=1)
        return self.classes_[best]

    @abstractmethod
    def _scores(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Score one block."""

    def _store(self, vectors: NDArray[np.floating]) -> None:
        self.vectors_ = np.ascontiguousarray(vectors, dtype=np.float32)
        self.half_squares_ = half_squared(self.vectors_)


def nearness(
    X: NDArray[np.float32], vectors: NDArray[np.float32], half_squares: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return (|x|^2 - |x - v|^2) / 2 [n, m] for each x [n, d] and each v [m, d]."""
    products = X @ vectors.T
    products -= half_squares
    return products


def half_squared(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return half the squared length of each vector [n, d]."""
    return np.einsum("nd,nd->n", vectors, vectors) / np.float32(2)


def checked(
    name: str, X: ArrayLike, y: ArrayLike
) -> tuple[NDArray[np.float32], NDArray[Any], NDArray[np.intp]]:
    """Check training data.

    Parameters
    ----------
    name : str
        The classifier's, for messages.
    X : float array [n, d]
        Features.
    y : int array [n]
        Labels.

    Returns
    -------
    vectors : float32 array [n, d]
        The features, without a copy where they are float32 already.
    classes : int array [n_classes]
        The labels that there are, sorted.
    places : int array [n]
        Where in `classes` each label stands.

    Raises
    ------
    ValueError
        If a feature is not finite, the lengths differ or there is one class only.
    """
    vectors, labels = check_X_y(X, y, dtype=np.float32)
    classes, places = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"{name}: at least two classes are needed, got {len(classes)}")
    return vectors, classes, places
