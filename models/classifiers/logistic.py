"""Multinomial logistic regression: one linear layer and a softmax."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from models.classifiers.ops.linear_scores import LinearScores
from models.classifiers.ops.solver import Vectors

TITLE = "logistic regression"
YEAR = 1958
CITATION = (
    "D. R. Cox, The regression analysis of binary sequences, "
    "Journal of the Royal Statistical Society B 20(2), 1958, pp. 215-242"
)
DEVIATIONS = (
    "multinomial, for any number of classes, where the paper has two",
    "a penalty on the squared weights, where the paper has none",
)
KIND = "logits"


class Classifier(LinearScores):
    """Logistic regression with an L2 penalty.

    The softmax of the scores is the probability of each class. The loss is that of
    ``sklearn.linear_model.LogisticRegression``, C times the summed cross-entropy plus half the
    squared weights; biases go unpenalised.

    Parameters
    ----------
    C : float
        Inverse strength of the penalty, above 0.
    max_iter : int
        Most steps of the solver.
    tol : float
        Where it stops: the largest derivative, relative to the one at the start.
    """

    two_class_scale = 0.5  # the difference of the two columns is then the log-odds
    penalise_intercept = False
    curvature = 0.1  # p (1 - p) for p = 1 / 10

    def __init__(self, C: float = 1.0, max_iter: int = 1000, tol: float = 1e-4) -> None:
        self.C = C
        self.max_iter = max_iter
        self.tol = tol

    def loss(self, scores: Vectors, targets: NDArray[np.bool_]) -> tuple[float, Vectors]:
        """Sum the cross-entropy; see `LinearScores.loss`."""
        outputs = scores.shape[1]
        logits = scores if outputs > 1 else np.hstack([-scores, scores]) * self.two_class_scale
        log_probabilities = log_softmax(logits, axis=1)
        summed = -float(np.sum(log_probabilities[targets], dtype=np.float64))
        return summed, (np.exp(log_probabilities) - targets)[:, -outputs:]
