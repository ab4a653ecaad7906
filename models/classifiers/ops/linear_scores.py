"""What linear classifiers share: the fit, and scores that are a matrix product."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, check_X_y

from models.classifiers.ops.solver import Vectors, minimise


class LinearScores(ClassifierMixin, BaseEstimator):
    """A classifier whose scores are ``X @ coef_.T + intercept_``.

    Two classes need one hyperplane, not two: its score s is handed out as the columns
    -s * `two_class_scale` and +s * `two_class_scale`.

    Attributes
    ----------
    C : float
        Inverse strength of the penalty, above 0.
    max_iter : int
        Most steps of the solver.
    tol : float
        Where the solver stops: see `models.classifiers.ops.solver.minimise`.
    classes_ : int array [n_classes]
        The labels seen, sorted; one column of scores each.
    coef_ : float32 array [n_classes, d], or [1, d] for two classes
        Learned weights.
    intercept_ : float32 array [n_classes], or [1] for two classes
        Learned biases.
    converged_ : bool
        Whether the solver stopped by itself, within its iterations.
    """

    two_class_scale: ClassVar[float]
    penalise_intercept: ClassVar[bool]
    curvature: ClassVar[float]  # of the loss, on average, as a first guess

    C: float
    max_iter: int
    tol: float
    classes_: NDArray[Any]
    coef_: NDArray[np.float32]
    intercept_: NDArray[np.float32]
    converged_: bool

    @abstractmethod
    def loss(self, scores: Vectors, targets: NDArray[np.bool_]) -> tuple[float, Vectors]:
        """Sum the loss over all images.

        Parameters
        ----------
        scores : float array [n, outputs]
            One output for two classes, the score of the second one; otherwise one for each class.
        targets : bool array [n, n_classes]
            Which class each image is of.

        Returns
        -------
        float
            The sum.
        float array [n, outputs]
            Its derivatives by the scores.
        """

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn weights and biases.

        Parameters
        ----------
        X : float32 array [n, d]
            Features.
        y : int array [n]
            Labels.

        Returns
        -------
        Self
            The classifier itself; `converged_` says whether the solver finished.

        Raises
        ------
        ValueError
            If a parameter is out of its range, a feature is not finite, the lengths differ or
            there is one class only.
        """
        self._check_parameters()
        vectors, labels = check_X_y(X, y, dtype=(np.float32, np.float64))
        classes = np.unique(labels)
        if len(classes) < 2:
            raise ValueError(f"labels of at least 2 classes are needed, found {classes[0]} only")
        targets = labels[:, None] == classes
        found = minimise(
            vectors,
            lambda scores: self.loss(scores, targets),
            1 if len(classes) == 2 else len(classes),
            C=self.C,
            curvature=self.curvature,
            penalise_intercept=self.penalise_intercept,
            tol=self.tol,
            max_iter=self.max_iter,
        )
        self._learned(classes, found.coef, found.intercept)
        self.converged_ = found.converged
        return self

    def _check_parameters(self) -> None:
        for name in ("C", "max_iter", "tol"):
            value = getattr(self, name)
            whole = name == "max_iter"
            if not (isinstance(value, int if whole else (int, float)) and value > 0):
                number = "whole number" if whole else "number"
                raise ValueError(
                    f"the {name!r} parameter must be a {number} above 0. Got {value!r} instead"
                )

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

    def _learned(self, classes: NDArray[Any], coef: NDArray[Any], intercept: NDArray[Any]) -> None:
        self.classes_ = classes
        # One layout in memory, so that the product after a round trip adds in the same order.
        self.coef_ = np.ascontiguousarray(coef, dtype=np.float32)
        self.intercept_ = np.ascontiguousarray(intercept, dtype=np.float32)
