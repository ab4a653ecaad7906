"""Linear support vector machine: the widest margin between each class and the rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.classifiers.ops.linear_scores import LinearScores
from models.classifiers.ops.solver import Vectors

TITLE = "linear SVM"
YEAR = 1995
CITATION = (
    "C. Cortes, V. Vapnik, Support-vector networks, Machine Learning 20(3), 1995, pp. 273-297"
)
DEVIATIONS = (
    "the squared hinge loss in place of the hinge, which lets the solver work on the weights "
    "themselves and not on one number per training image",
    "the bias is penalised like a weight, as LIBLINEAR does",
)
KIND = "margins"


class Classifier(LinearScores):
    """Linear support vector machines, one class against the rest.

    The loss is that of ``sklearn.svm.LinearSVC``: C times the summed squared hinge plus half the
    squared weights.

    Parameters
    ----------
    C : float
        Inverse strength of the penalty, above 0.
    max_iter : int
        Most steps of the solver.
    tol : float
        Where it stops: the largest derivative, relative to the one at the start.
    """

    two_class_scale = 1.0
    penalise_intercept = True
    curvature = 0.2  # twice the part of the images inside the margin

    def __init__(self, C: float = 1.0, max_iter: int = 1000, tol: float = 1e-4) -> None:
        self.C = C
        self.max_iter = max_iter
        self.tol = tol

    def loss(self, scores: Vectors, targets: NDArray[np.bool_]) -> tuple[float, Vectors]:
        """Sum the squared hinge; see `LinearScores.loss`."""
        signs = np.where(targets[:, -scores.shape[1] :], scores.dtype.type(1), -1)
        inside = np.maximum(0, 1 - signs * scores)
        return float(np.sum(inside * inside, dtype=np.float64)), -2 * signs * inside
