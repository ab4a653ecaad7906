"""Linear support vector machine: the widest margin between each class and the rest."""

from __future__ import annotations

from typing import Self

from numpy.typing import ArrayLike
from sklearn.svm import LinearSVC

from models.classifiers.ops.linear_scores import LinearScores

TITLE = "linear SVM"
YEAR = 1995
CITATION = (
    "C. Cortes, V. Vapnik, Support-vector networks, Machine Learning 20(3), 1995, pp. 273-297; "
    "solver: R.-E. Fan, K.-W. Chang, C.-J. Hsieh, X.-R. Wang, C.-J. Lin, LIBLINEAR: a library "
    "for large linear classification, Journal of Machine Learning Research 9, 2008, pp. 1871-1874"
)
DEVIATIONS = (
    "the squared hinge loss in place of the hinge, which lets the solver work on the weights "
    "themselves and not on one number per training image",
    "one class against the rest, where the paper has two classes",
    "the bias is penalised like a weight, as LIBLINEAR does",
)
KIND = "margins"


class Classifier(LinearScores):
    """Linear support vector machines, one class against the rest, fitted by LIBLINEAR.

    The loss is that of ``sklearn.svm.LinearSVC``: C times the summed squared hinge plus half the
    squared weights, minimised by a trust-region Newton method, without any randomness.

    Parameters
    ----------
    C : float
        Inverse strength of the penalty, above 0.
    max_iter : int
        Most iterations of the solver.
    tol : float
        The gradient, relative to the one at the start, at which the solver stops. LIBLINEAR's own
        value is 0.01; a tenth of the default changes no validation accuracy on digits and takes up
        to ten times longer where classes are separable.
    """

    two_class_scale = 1.0

    def __init__(self, C: float = 1.0, max_iter: int = 1000, tol: float = 1e-3) -> None:
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
        solver = LinearSVC(
            penalty="l2",
            loss="squared_hinge",
            dual=False,
            tol=self.tol,
            C=self.C,
            multi_class="ovr",
            fit_intercept=True,
            intercept_scaling=1,
            class_weight=None,
            verbose=0,
            random_state=0,
            max_iter=self.max_iter,
        )
        return self._fit_with(solver, X, y)
