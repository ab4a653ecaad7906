"""What linear classifiers share: scores that are a matrix product, as arrays and as counts."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted


class LinearScores(ClassifierMixin, BaseEstimator):
    """A classifier whose scores are ``X @ coef_.T + intercept_``.

    Two classes need one hyperplane, not two: its score s is handed out as the columns
    -s * `two_class_scale` and +s * `two_class_scale`.

    Attributes
    ----------
    classes_ : int array [n_classes]
        The labels seen, sorted; one column of scores each.
    coef_ : float32 array [n_classes, d], or [1, d] for two classes
        Learned weights.
    intercept_ : float32 array [n_classes], or [1] for two classes
        Learned biases.
    converged_ : bool
        Whether the solver reached its tolerance within its iterations.
    """

    two_class_scale: ClassVar[float]

    classes_: NDArray[Any]
    coef_: NDArray[np.float32]
    intercept_: NDArray[np.float32]
    converged_: bool

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
        scores = np.asarray(X, dtype=np.float32) @ self.coef_.T + self.intercept_
        if scores.shape[1] == 1:
            return scores * np.array([-1, 1], dtype=np.float32) * np.float32(self.two_class_scale)
        return scores

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

    @property
    def parameters(self) -> int:
        """Learned numbers that prediction needs: weights and biases."""
        check_is_fitted(self)
        return self.coef_.size + self.intercept_.size

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one prediction."""
        check_is_fitted(self)
        return self.coef_.size

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what was learned, for `from_arrays`."""
        check_is_fitted(self)
        return {
            "classes": self.classes_,
            "coef": self.coef_,
            "intercept": self.intercept_,
            "converged": np.array(self.converged_),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild a fitted classifier; its scores are the same to the byte.

        Parameters
        ----------
        arrays : mapping of str to array
            What `to_arrays` returned. The settings of the solver are not among them: prediction
            does not need them, and they are at their defaults.

        Returns
        -------
        Self
            Ready to score.
        """
        classifier = cls()
        classifier._learned(arrays["classes"], arrays["coef"], arrays["intercept"])
        classifier.converged_ = bool(arrays["converged"])
        return classifier

    def _fit_with(self, solver: BaseEstimator, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit a linear estimator of scikit-learn and keep what it learned."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ConvergenceWarning)
            solver.fit(X, y)
        self._learned(solver.classes_, solver.coef_, solver.intercept_)
        self.converged_ = True
        for warning in caught:
            if issubclass(warning.category, ConvergenceWarning):
                self.converged_ = False
            else:
                warnings.warn_explicit(
                    warning.message, warning.category, warning.filename, warning.lineno
                )
        return self

    def _learned(self, classes: NDArray[Any], coef: NDArray[Any], intercept: NDArray[Any]) -> None:
        self.classes_ = classes
        # One layout in memory, so that the product after a round trip adds in the same order.
        self.coef_ = np.ascontiguousarray(coef, dtype=np.float32)
        self.intercept_ = np.ascontiguousarray(intercept, dtype=np.float32)
