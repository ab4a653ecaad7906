"""Minimise the loss of a linear classifier: L-BFGS on weights that are brought to one scale.

Neighbouring pixels are so much alike that L-BFGS on the weights themselves needs hundreds of steps.
On R' w, where R R' is a guess at the second derivatives, it needs tens. The guess is that of a loss
with the same curvature everywhere, so it follows from the second moments of the features alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize

Vectors = NDArray[np.floating[Any]]
# Scores [n, outputs] to the summed loss and its derivatives [n, outputs].
Loss = Callable[[Vectors], tuple[float, Vectors]]

BLOCK = 8192  # rows at a time in double precision


class Solution(NamedTuple):
    """Where the solver stopped.

    Attributes
    ----------
    coef : float64 array [outputs, d]
    intercept : float64 array [outputs]
    converged : bool
        Whether it stopped by itself.
    """

    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    converged: bool


def second_moments(X: Vectors) -> NDArray[np.float64]:
    """Return Z' Z, where Z is `X` with a column of ones, [d + 1, d + 1]."""
    total = np.zeros((X.shape[1] + 1,) * 2)
    for first in range(0, len(X), BLOCK):
        rows = X[first : first + BLOCK].astype(np.float64)
        total[:-1, :-1] += rows.T @ rows
        total[-1, :-1] += rows.sum(axis=0)
    total[:-1, -1] = total[-1, :-1]
    total[-1, -1] = len(X)
    return total


def minimise(
    X: Vectors,
    loss: Loss,
    outputs: int,
    *,
    C: float,
    curvature: float,
    penalise_intercept: bool,
    tol: float,
    max_iter: int,
) -> Solution:
    """Minimise C times the summed loss plus half the squared weights.

    Parameters
    ----------
    X : float32 or float64 array [n, d]
        Features. The products with them are taken in their precision, all else in double.
    loss : callable
        Of the scores ``X @ coef.T + intercept``; convex.
    outputs : int
        Scores a row.
    C : float
        Inverse strength of the penalty.
    curvature : float
        A guess at the loss's mean second derivative; only the number of steps depends on it.
    penalise_intercept : bool
        Whether the intercept counts among the weights.
    tol : float
        Stop where no derivative, by the scaled weights, is larger than this part of the largest one
        at the start.
    max_iter : int
        Most steps.

    Returns
    -------
    Solution

    References
    ----------
    D. C. Liu, J. Nocedal, On the limited memory BFGS method for large scale optimization,
    Mathematical Programming 45, 1989, pp. 503-528; with the change of variables of J. Nocedal,
    S. J. Wright, Numerical Optimization, 2nd edition, 2006, section 5.1 ("Preconditioning").
    """
    penalty = np.ones(X.shape[1] + 1)
    penalty[-1] = penalise_intercept
    root = cholesky(np.diag(penalty) + C * curvature * second_moments(X), lower=True)

    def weights(scaled: NDArray[np.float64]) -> NDArray[np.float64]:
        return solve_triangular(root, scaled.reshape(outputs, -1).T, lower=True, trans="T").T

    def objective(scaled: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        w = weights(scaled)
        narrow = w.astype(X.dtype)
        summed, slopes = loss(X @ narrow[:, :-1].T + narrow[:, -1])
        gradient = w * penalty
        gradient[:, :-1] += C * (slopes.T @ X)
        gradient[:, -1] += C * slopes.sum(axis=0, dtype=np.float64)
        value = C * summed + 0.5 * float(np.sum(w * w * penalty))
        return value, solve_triangular(root, gradient.T, lower=True).T.ravel()

    start = np.zeros(outputs * len(root))
    options = {
        "maxiter": max_iter,
        "gtol": tol * np.abs(objective(start)[1]).max(),
        "ftol": np.finfo(X.dtype).eps / 100,  # a step that gains less gains nothing but rounding
    }
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
    w = weights(found.x)
    return Solution(w[:, :-1], w[:, -1], bool(found.success))
