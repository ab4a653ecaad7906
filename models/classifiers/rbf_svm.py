"""Support vector machine with a Gaussian kernel: similarity to the images near the border."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from itertools import combinations
from numbers import Real
from typing import Any, NamedTuple, Self

import joblib
import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import SVC
from sklearn.utils.validation import check_is_fitted

from models.classifiers.ops.stored_vectors import StoredVectors, checked, half_squared, nearness

TITLE = "RBF SVM"
YEAR = 1992
CITATION = (
    "B. E. Boser, I. M. Guyon, V. N. Vapnik, A training algorithm for optimal margin classifiers, "
    "Workshop on Computational Learning Theory, 1992, pp. 144-152; soft margin: C. Cortes, "
    "V. Vapnik, Support-vector networks, 1995; solver: C.-C. Chang, C.-J. Lin, LIBSVM: a library "
    "for support vector machines, ACM Transactions on Intelligent Systems and Technology 2(3), 2011"
)
DEVIATIONS = (
    "one machine for each pair of classes and a vote, where the paper of 1995, and the linear SVM "
    "here, set each class against the rest: the two differ in more than the kernel",
    "the soft margin of 1995, since classes of real images overlap",
)
KIND = "margins"

KERNELS = 2**32  # bytes of the kernels that one fit has at once
CACHE_MIB = 300  # of its rows the solver keeps what it made of them, for each pair being fitted


class _Machine(NamedTuple):
    """The machine of one pair: places of its support vectors, their weights, the bias."""

    support: NDArray[np.intp]
    weights: NDArray[np.float64]
    bias: float
    converged: bool


class Classifier(StoredVectors):
    """Support vector machines with the kernel exp(-g |x - v|^2), one for each pair of classes.

    A class's score is the number of pairs it wins, plus s / (3 |s| + 3) for the sum s of its
    margins in all its pairs, so that margins only decide between equal votes: what
    ``sklearn.svm.SVC(decision_function_shape="ovr").decision_function`` returns (of two classes
    that has one number an image, this has one for each).

    Parameters
    ----------
    C : float
        Inverse strength of the penalty, above 0.
    gamma : float
        Width of the kernel, above 0: g = gamma / (d * variance of all training values), so that
        1 is what scikit-learn calls ``gamma="scale"`` and one value serves features of any
        length and unit.
    max_iter : int
        Most iterations of the solver for one pair; -1 is no limit.
    tol : float
        Violation of the optimality conditions at which the solver stops.

    Attributes
    ----------
    coef_ : float32 array [pairs, m]
        The weight of each support vector in each machine: 0 if it is none of it, positive if it
        belongs to the first class of the pair.
    intercept_ : float32 array [pairs]
        Biases.
    kernel_gamma_ : float
        The kernel's g.
    converged_ : bool
        Whether the solver reached its tolerance for every pair.
    """

    coef_: NDArray[np.float32]
    intercept_: NDArray[np.float32]
    kernel_gamma_: float
    converged_: bool

    def __init__(
        self, C: float = 10.0, gamma: float = 1.0, max_iter: int = 1_000_000, tol: float = 1e-3
    ) -> None:
        self.C = C
        self.gamma = gamma
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Find support vectors and weights, pair by pair, as independent joblib tasks.

        The kernel of a pair of n images is made as a whole, 8 n^2 bytes, by matrix products in
        single precision; that within a class is computed once for all its pairs. LIBSVM computes
        the rows that it needs one by one (benchmarks/README.md has both).

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
            If a parameter is out of its range, a feature is not finite, the lengths differ, there
            is one class only or all features are equal.
        """
        if not isinstance(self.gamma, Real) or not 0 < self.gamma < np.inf:
            raise ValueError(f"rbf_svm: gamma must be a number above 0, got {self.gamma!r}")
        vectors, self.classes_, places = checked("rbf_svm", X, y)
        variance = float(vectors.var(dtype=np.float64))
        if variance == 0:
            raise ValueError("rbf_svm: all features are equal, the kernel has no width")
        self.kernel_gamma_ = self.gamma / (vectors.shape[1] * variance)
        groups = [np.flatnonzero(places == place) for place in range(len(self.classes_))]
        images = [vectors[group] for group in groups]
        machine, kernel = joblib.delayed(self._machine), joblib.delayed(gaussian)
        within = joblib.Parallel()(
            kernel(own, own, half_squared(own), self.kernel_gamma_) for own in images
        )
        largest = np.sort([len(group) for group in groups])[-2:].sum()
        at_once = int((KERNELS - sum(own.nbytes for own in within)) // (8 * largest**2))
        pairs = list(combinations(range(len(groups)), 2))
        with warnings.catch_warnings():  # around all threads, since filters belong to no thread
            warnings.simplefilter("ignore", ConvergenceWarning)  # converged_ tells it
            found = joblib.Parallel(pre_dispatch=max(1, at_once))(
                machine((images[a], images[b]), (within[a], within[b])) for a, b in pairs
            )
        machines = [
            one._replace(support=np.concatenate([groups[a], groups[b]])[one.support])
            for one, (a, b) in zip(found, pairs, strict=True)
        ]
        stored = np.unique(np.concatenate([one.support for one in machines]))
        self.coef_ = np.zeros((len(machines), len(stored)), dtype=np.float32)
        for row, one in zip(self.coef_, machines, strict=True):
            row[np.searchsorted(stored, one.support)] = one.weights
        self.intercept_ = np.array([one.bias for one in machines], dtype=np.float32)
        self.converged_ = all(one.converged for one in machines)
        self._store(vectors[stored])
        return self

    @property
    def parameters(self) -> int:
        """Learned numbers: support vectors, their weights other than 0, and biases."""
        check_is_fitted(self)
        return self.vectors_.size + int(np.count_nonzero(self.coef_)) + self.intercept_.size

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one prediction: kernels and weighted sums, not exponentials."""
        check_is_fitted(self)
        return self.vectors_.size + int(np.count_nonzero(self.coef_))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what was learned, for `from_arrays`."""
        check_is_fitted(self)
        return {
            "classes": self.classes_,
            "vectors": self.vectors_,
            "coef": self.coef_,
            "intercept": self.intercept_,
            "kernel_gamma": np.array(self.kernel_gamma_),
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
        classifier.classes_ = arrays["classes"]
        classifier.coef_ = np.ascontiguousarray(arrays["coef"])
        classifier.intercept_ = arrays["intercept"]
        classifier.kernel_gamma_ = float(arrays["kernel_gamma"])
        classifier.converged_ = bool(arrays["converged"])
        classifier._store(arrays["vectors"])
        return classifier

    def _machine(
        self,
        images: tuple[NDArray[np.float32], NDArray[np.float32]],
        within: tuple[NDArray[np.float32], NDArray[np.float32]],
    ) -> _Machine:
        """Fit one pair of classes, given the kernel within each; positive margins: the first."""
        n, m = (len(one) for one in images)
        kernel = np.empty((n + m, n + m))
        kernel[:n, :n], kernel[n:, n:] = within
        kernel[:n, n:] = gaussian(*images, half_squared(images[1]), self.kernel_gamma_)
        kernel[n:, :n] = kernel[:n, n:].T
        solver = SVC(
            C=self.C,
            kernel="precomputed",
            shrinking=True,
            tol=self.tol,
            cache_size=CACHE_MIB,
            class_weight=None,
            verbose=False,
            max_iter=self.max_iter,
            random_state=None,
        )
        solver.fit(kernel, np.arange(n + m) < n)
        converged = solver.fit_status_ == 0
        return _Machine(solver.support_, solver.dual_coef_[0], solver.intercept_[0], converged)

    def _scores(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        kernel = gaussian(X, self.vectors_, self.half_squares_, self.kernel_gamma_)
        return votes(kernel @ self.coef_.T + self.intercept_, len(self.classes_))


def gaussian(
    X: NDArray[np.float32],
    others: NDArray[np.float32],
    half_squares: NDArray[np.float32],
    gamma: float,
) -> NDArray[np.float32]:
    """Compute the kernel exp(-gamma |x - v|^2) of each x and each v.

    Parameters
    ----------
    X : float32 array [n, d]
    others : float32 array [m, d]
    half_squares : float32 array [m]
        Half the squared length of each of `others`.
    gamma : float

    Returns
    -------
    float32 array [n, m]
    """
    kernel = nearness(X, others, half_squares)
    kernel -= half_squared(X)[:, None]  # now -|x - v|^2 / 2
    kernel *= np.float32(2 * gamma)
    return np.exp(np.minimum(kernel, 0, out=kernel), out=kernel)


def votes(margins: NDArray[np.float32], classes: int) -> NDArray[np.float32]:
    """Turn the margins of all pairs of classes into one score a class.

    Parameters
    ----------
    margins : float32 array [n, classes * (classes - 1) / 2]
        Of the pairs (0, 1), (0, 2), ..., positive for the first class.
    classes : int

    Returns
    -------
    float32 array [n, classes]
        Pairs won, plus less than a third for the sum of the margins.
    """
    first, second = np.triu_indices(classes, 1)
    sides = np.eye(classes, dtype=np.float32)[first] - np.eye(classes, dtype=np.float32)[second]
    won = (np.where(margins < 0, -1, 1).astype(np.float32) @ sides + classes - 1) / 2
    sums = margins @ sides
    return (won + sums / (3 * (np.abs(sums) + 1))).astype(np.float32)
