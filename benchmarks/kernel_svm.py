"""The kernel SVM as used here beside LIBSVM's own kernel: `python benchmarks/kernel_svm.py`.

Raw pixels of two classes, a machine of one pair, one core. Shirts and T-shirts are hard to tell
apart, and many of them become support vectors, of noughts and ones few. Both sides solve the same
problem with LIBSVM. Writes benchmarks/results/kernel_svm.csv in seconds of a fit; a ratio above 1
means ours is faster.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["HINDSIGHT_THREADS"] = "1"

import pipeline  # noqa: E402, F401 (pins the threads)

TURNS = 3

import numpy as np  # noqa: E402
from sklearn.svm import SVC  # noqa: E402

from benchmarks.parts import turns  # noqa: E402
from features.raw import Feature  # noqa: E402
from models.classifiers import rbf_svm  # noqa: E402
from pipeline.datasets import fashion_mnist, mnist  # noqa: E402
from pipeline.ingest.dataset import Dataset  # noqa: E402
from pipeline.stage import machine  # noqa: E402
from pipeline.stage.entry import tool  # noqa: E402


def row(data: Dataset, first: int, second: int) -> list[str]:
    """Measure the fits of one pair of classes in turns."""
    chosen = np.isin(data.train_labels, (first, second))
    labels = data.train_labels[chosen]
    vectors = Feature().fit_transform(data.train_images[chosen])
    ours = rbf_svm.Classifier(C=10.0, gamma=1.0)
    theirs = SVC(C=10.0, gamma="scale", cache_size=rbf_svm.CACHE_MIB)
    fits = [partial(model.fit, vectors, labels) for model in (ours, theirs)]
    taken = np.array([[turns.seconds(fit) for fit in fits] for _ in range(TURNS)])
    names = " and ".join(data.class_names[one] for one in (first, second))
    peer = f"scikit-learn {version('scikit-learn')} SVC, {len(theirs.support_):,} support vectors"
    low, ratio, high = np.percentile(taken[:, 1] / taken[:, 0], [10, 50, 90])
    median = np.median(taken, axis=0)
    return [
        f"{names}, {len(labels):,} images, {len(ours.vectors_):,} support vectors",
        *("cpu, 1 core", f"{median[0]:.3g}", peer, f"{median[1]:.3g}"),
        *(f"{ratio:.2f}", f"{low:.2f}", f"{high:.2f}", "s"),
        str(machine.description()["machine"]),
    ]


@tool()
def main() -> int:
    """Measure both pairs and write the table; return the exit code."""
    clothes, figures = fashion_mnist.read(28), mnist.read(28)
    turns.write("kernel_svm", [row(clothes, 0, 6), row(figures, 4, 9), row(figures, 0, 1)])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
