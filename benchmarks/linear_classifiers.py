"""Linear classifiers as used here beside scikit-learn's, which minimise the same losses.

`python benchmarks/linear_classifiers.py`

HOG of digits at 32x32 and of 10,000 images of MNIST, with the settings that the pipeline chooses:
seconds of a fit and test error. Writes benchmarks/results/linear_classifiers.csv; a ratio above 1
means ours is faster.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import pipeline  # noqa: E402, F401 (pins the threads)

TURNS = 5

import numpy as np  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.svm import LinearSVC  # noqa: E402

from benchmarks.parts import turns  # noqa: E402
from features.hog import Feature  # noqa: E402
from models.classifiers import linear_svm, logistic  # noqa: E402
from pipeline.datasets import digits, mnist  # noqa: E402
from pipeline.ingest.dataset import Dataset  # noqa: E402
from pipeline.stage import machine  # noqa: E402
from pipeline.stage.entry import tool  # noqa: E402

IMAGES = 10_000
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
    where, peer = str(machine.description()["machine"]), f"scikit-learn {version('scikit-learn')}"
    for name, pair in PAIRS.items():
        fits = [partial(model.fit, train, labels) for model in pair]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            taken = [[turns.seconds(fit) for fit in fits] for _ in range(TURNS)]
        ours, theirs = zip(*taken, strict=True)
        low, ratio, high = np.percentile(np.array(theirs) / ours, [10, 50, 90])
        wrong = [100 * float((one.predict(test) != data.test_labels).mean()) for one in pair]
        yield [
            f"{name}, HOG of {len(labels):,} images, {wrong[0]:.2f} % wrong",
            *("cpu", f"{median(ours):.3g}", f"{peer}, {wrong[1]:.2f} % wrong"),
            *(f"{median(theirs):.3g}", f"{ratio:.2f}", f"{low:.2f}", f"{high:.2f}", "s", where),
        ]


@tool()
def main() -> int:
    """Measure and write the table; return the exit code."""
    turns.write("linear_classifiers", [*rows(digits.read(32)), *rows(mnist.read(28))])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
