"""The kernel SVM as used here beside LIBSVM's own kernel: `python benchmarks/kernel_svm.py`.

Raw pixels, one core. Pairs of classes, a machine each: shirts and T-shirts are hard to tell apart,
and many of them become support vectors, of noughts and ones few. And ten classes, 45 machines, for
which ours computes the kernel within a class once. Both sides solve the same problems with LIBSVM.
Writes benchmarks/results/kernel_svm.csv in seconds of a fit; a ratio above 1
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
IMAGES_OF_TEN_CLASSES = 10_000

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from sklearn.svm import SVC  # noqa: E402

from benchmarks.parts import turns  # noqa: E402
from features.raw import Feature  # noqa: E402
from models.classifiers import rbf_svm  # noqa: E402
from pipeline.datasets import fashion_mnist, mnist  # noqa: E402
from pipeline.ingest.dataset import Dataset  # noqa: E402
from pipeline.stage import machine  # noqa: E402
from pipeline.stage.entry import tool  # noqa: E402


def row(data: Dataset, places: NDArray[np.intp], name: str) -> list[str]:
    """Measure the fits of some of the training images in turns."""
    labels = data.train_labels[places]
    vectors = Feature().fit_transform(data.train_images[places])
    ours = rbf_svm.Classifier(C=10.0, gamma=1.0)
    theirs = SVC(C=10.0, gamma="scale", cache_size=rbf_svm.CACHE_MIB)
    fits = [partial(model.fit, vectors, labels) for model in (ours, theirs)]
    taken = np.array([[turns.seconds(fit) for fit in fits] for _ in range(TURNS)])
    peer = f"scikit-learn {version('scikit-learn')} SVC, {len(theirs.support_):,} support vectors"
    low, ratio, high = np.percentile(taken[:, 1] / taken[:, 0], [10, 50, 90])
    median = np.median(taken, axis=0)
    return [
        f"{name}, {len(labels):,} images, {len(ours.vectors_):,} support vectors",
        *("cpu, 1 core", f"{median[0]:.3g}", peer, f"{median[1]:.3g}"),
        *(f"{ratio:.2f}", f"{low:.2f}", f"{high:.2f}", "s"),
        str(machine.description()["machine"]),
    ]


def pair(data: Dataset, first: int, second: int) -> list[str]:
    """Measure the fits of two classes."""
    names = " and ".join(data.class_names[one] for one in (first, second))
    return row(data, np.flatnonzero(np.isin(data.train_labels, (first, second))), names)


@tool()
def main() -> int:
    """Measure pairs of classes, then ten, and write the table; return the exit code."""
    clothes, figures = fashion_mnist.read(28), mnist.read(28)
    rows = [pair(clothes, 0, 6), pair(figures, 4, 9), pair(figures, 0, 1)]
    rows.append(row(figures, np.arange(IMAGES_OF_TEN_CLASSES), "all ten figures"))
    turns.write("kernel_svm", rows)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
