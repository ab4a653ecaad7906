"""Multinomial logistic regression: one linear layer and a softmax."""

from __future__ import annotations

from typing import Self

from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression

from models.classifiers.ops.linear_scores import LinearScores

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
    """Logistic regression with an L2 penalty, minimised by L-BFGS.

    The softmax of the scores is the probability of each class. The loss is that of
    ``sklearn.linear_model.LogisticRegression``, C times the summed cross-entropy plus half the
    squared weights; biases go unpenalised.

    Parameters
    ----------
    C : float
        Inverse strength of the penalty, above 0.
    max_iter : int
        Most iterations of the solver.
    tol : float
        The largest component of the mean loss's gradient at which the solver stops.
    """

    two_class_scale = 0.5  # the difference of the two columns is then the log-odds

    def __init__(self, C: float = 1.0, max_iter: int = 1000, tol: float = 1e-4) -> None:
        self.C = C
        self.max_iter = max_iter
        self.tol = tol

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
        solver = LogisticRegression(
            C=self.C,
            dual=False,
            tol=self.tol,
            fit_intercept=True,
            intercept_scaling=1,
            class_weight=None,
            random_state=None,
            solver="lbfgs",
            max_iter=self.max_iter,
            verbose=0,
            warm_start=False,
        )
        return self._fit_with(solver, X, y)
