"""Linear classifiers as used here beside scikit-learn's, which minimise the same losses.

`python -m benchmarks.linear_classifiers`

HOG of digits at 32x32 and of 10,000 images of MNIST, with the settings that the pipeline chooses:
seconds of a fit and test error; then, with the largest C that it tries, what another tolerance of
the solver changes. Writes benchmarks/results/linear_classifiers.csv; a ratio above 1 means ours, or
the default tolerance, is faster.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from benchmarks.parts import turns
from features.hog import Feature
from models.classifiers import linear_svm, logistic
from models.classifiers.ops.linear_scores import LinearScores
from pipeline.datasets import digits, mnist
from pipeline.ingest.dataset import Dataset
from pipeline.stage.entry import tool

Vectors = NDArray[np.floating]
Labels = NDArray[np.int64]

IMAGES = 10_000
TURNS = 5
PAIRS = {
    "linear_svm, C 0.1": (linear_svm.Classifier(C=0.1), LinearSVC(C=0.1, dual=False)),
    "logistic, C 1": (logistic.Classifier(C=1.0), LogisticRegression(C=1.0, max_iter=1000)),
}
LARGEST_C = 10.0
FINER = 1e-5
SMALLEST = 1e-7  # of the tolerance: what is reached with it, in double precision, is the minimum


def rows(data: Dataset) -> Iterator[list[str]]:
    """Measure both classifiers on a data set's HOG."""
    labels = data.train_labels[:IMAGES]
    train, test = (
        Feature().fit(images).transform(images)
        for images in (data.train_images[:IMAGES], data.test_images)
    )
    yield from beside_scikit_learn(train, labels, test, data.test_labels)
    yield from tolerances(train, labels, test, data.test_labels)


def beside_scikit_learn(
    train: Vectors, labels: Labels, test: Vectors, expected: Labels
) -> Iterator[list[str]]:
    """Measure both classifiers beside scikit-learn's."""
    peer = f"scikit-learn {version('scikit-learn')}"
    for name, pair in PAIRS.items():
        fits = [partial(model.fit, train, labels) for model in pair]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            taken = [[turns.seconds(fit) for fit in fits] for _ in range(TURNS)]
        ours, theirs = zip(*taken, strict=True)
        wrong = [error(one, test, expected) for one in pair]
        yield [
            f"{name}, HOG of {len(labels):,} images, {wrong[0]:.2f} % wrong",
            "cpu",
            *turns.ratio(ours, f"{peer}, {wrong[1]:.2f} % wrong", theirs),
        ]


def tolerances(
    train: Vectors, labels: Labels, test: Vectors, expected: Labels
) -> Iterator[list[str]]:
    """Measure what a finer tolerance takes and gains."""
    for name, kind in (("linear_svm", linear_svm), ("logistic", logistic)):
        exact = kind.Classifier(C=LARGEST_C, tol=SMALLEST, max_iter=100_000)
        lowest = objective(exact.fit(train.astype(np.float64), labels), train, labels)
        pair = [kind.Classifier(C=LARGEST_C), kind.Classifier(C=LARGEST_C, tol=FINER)]
        fits = [partial(model.fit, train, labels) for model in pair]
        default, finer = zip(
            *([turns.seconds(fit) for fit in fits] for _ in range(TURNS)), strict=True
        )
        said = [
            f"objective {100 * (objective(one, train, labels) / lowest - 1):.2f} % above its "
            f"minimum, {error(one, test, expected):.2f} % wrong"
            for one in pair
        ]
        case = f"{name}, C {LARGEST_C:.0f}, HOG of {len(labels):,} images"
        yield [
            f"{case}, tol {pair[0].tol}, {said[0]}",
            "cpu",
            *turns.ratio(default, f"tol {FINER}, {said[1]}", finer),
        ]


def error(model: ClassifierMixin, test: Vectors, expected: Labels) -> float:
    """Return the percentage of test images that a model gets wrong."""
    return 100 * float((model.predict(test) != expected).mean())


def objective(model: LinearScores, X: Vectors, y: Labels) -> float:
    """Return what the fit minimises: C times the summed loss plus half the squared weights."""
    X, coef = X.astype(np.float64), model.coef_.astype(np.float64)
    summed, _ = model.loss(X @ coef.T + model.intercept_, y[:, None] == model.classes_)
    squares = np.sum(coef**2) + model.penalise_intercept * np.sum(model.intercept_**2)
    return float(model.C * summed + squares / 2)


@tool()
def main() -> int:
    """Measure and write the table; return the exit code."""
    turns.write("linear_classifiers", [*rows(digits.read(32)), *rows(mnist.read(28))])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
