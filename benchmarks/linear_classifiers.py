"""Linear classifiers as used here beside scikit-learn's, which minimise the same losses.

`python -m benchmarks.linear_classifiers`

HOG of digits at 32x32 and of 10,000 images of MNIST, with the settings that the pipeline chooses:
seconds of a fit and test error. Writes benchmarks/results/linear_classifiers.csv; a ratio above 1
means ours is faster.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version

from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from benchmarks.parts import turns
from features.hog import Feature
from models.classifiers import linear_svm, logistic
from pipeline.datasets import digits, mnist
from pipeline.ingest.dataset import Dataset
from pipeline.stage.entry import tool

IMAGES = 10_000
TURNS = 5
PAIRS = {
    "linear_svm, C 0.1": (linear_svm.Classifier(C=0.1), LinearSVC(C=0.1, dual=False)),
    "logistic, C 1": (logistic.Classifier(C=1.0), LogisticRegression(C=1.0, max_iter=1000)),
}


def rows(data: Dataset) -> Iterator[list[str]]:
    """Measure both classifiers on a data set's HOG."""
    labels = data.train_labels[:IMAGES]
    train, test = (
        Feature().fit(images).transform(images)
        for images in (data.train_images[:IMAGES], data.test_images)
    )
    peer = f"scikit-learn {version('scikit-learn')}"
    for name, pair in PAIRS.items():
        fits = [partial(model.fit, train, labels) for model in pair]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            taken = [[turns.seconds(fit) for fit in fits] for _ in range(TURNS)]
        ours, theirs = zip(*taken, strict=True)
        wrong = [100 * float((one.predict(test) != data.test_labels).mean()) for one in pair]
        yield [
            f"{name}, HOG of {len(labels):,} images, {wrong[0]:.2f} % wrong",
            "cpu",
            *turns.ratio(ours, f"{peer}, {wrong[1]:.2f} % wrong", theirs),
        ]


@tool()
def main() -> int:
    """Measure and write the table; return the exit code."""
    turns.write("linear_classifiers", [*rows(digits.read(32)), *rows(mnist.read(28))])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
