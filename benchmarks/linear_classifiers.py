"""Linear classifiers as used here beside scikit-learn's defaults.

`python benchmarks/linear_classifiers.py`

HOG of scikit-learn's digits at 32x32, the split of the pipeline: seconds of a fit and test error.
Writes benchmarks/results/linear_classifiers.csv; a ratio above 1 means ours is faster.
"""

from __future__ import annotations

import sys
import warnings
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import pipeline  # noqa: E402, F401 (pins the threads)

TURNS = 5

import numpy as np  # noqa: E402
from parts import turns  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.svm import LinearSVC  # noqa: E402

from features.hog import Feature  # noqa: E402
from models.classifiers import linear_svm, logistic  # noqa: E402
from pipeline.datasets import digits  # noqa: E402
from pipeline.stage import machine  # noqa: E402

# The settings that the pipeline chooses on digits.
CASES = {
    "linear_svm": (linear_svm.Classifier(C=0.01), LinearSVC(C=0.01)),
    "logistic": (logistic.Classifier(C=1.0), LogisticRegression(C=1.0)),
}


def main() -> None:
    """Measure both classifiers and write the table."""
    data = digits.read(32)
    train, test = (
        Feature().fit(images).transform(images) for images in (data.train_images, data.test_images)
    )
    where, peer = str(machine.description()["machine"]), f"scikit-learn {version('scikit-learn')}"
    table = []
    for name, pair in CASES.items():
        fits = [partial(model.fit, train, data.train_labels) for model in pair]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # theirs, with its defaults
            taken = [[turns.seconds(fit) for fit in fits] for _ in range(TURNS)]
        ours, theirs = zip(*taken, strict=True)
        low, ratio, high = np.percentile(np.array(theirs) / ours, [10, 50, 90])
        wrong = [100 * float((one.predict(test) != data.test_labels).mean()) for one in pair]
        table.append(
            [
                *(f"{name} on HOG of digits, {wrong[0]:.2f} % wrong", "cpu"),
                *(f"{median(ours):.3g}", f"{peer} defaults, {wrong[1]:.2f} % wrong"),
                *(f"{median(theirs):.3g}", f"{ratio:.2f}", f"{low:.2f}", f"{high:.2f}", "s", where),
            ]
        )
    turns.write("linear_classifiers", table)


if __name__ == "__main__":
    main()
