"""The kernel SVM as used here beside LIBSVM's own kernel: `python -m benchmarks.kernel_svm`.

Raw pixels, one core. Pairs of classes, a machine each: shirts and T-shirts are hard to tell apart,
and many of them become support vectors, of noughts and ones few. And ten classes, 45 machines, for
which ours computes the kernel within a class once. Both sides solve the same problems with LIBSVM.
Writes benchmarks/results/kernel_svm.csv in seconds of a fit; a ratio above 1
means ours is faster.
"""

from __future__ import annotations

from functools import partial
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import SVC

from benchmarks.parts import turns
from features.raw import Feature
from models.classifiers import rbf_svm
from pipeline.datasets import fashion_mnist, mnist
from pipeline.ingest.dataset import Dataset
from pipeline.stage.entry import tool

TURNS = 3
IMAGES_OF_TEN_CLASSES = 10_000


def row(data: Dataset, places: NDArray[np.intp], name: str) -> list[str]:
    """Measure the fits of some of the training images in turns."""
    labels = data.train_labels[places]
    vectors = Feature().fit_transform(data.train_images[places])
    ours = rbf_svm.Classifier(C=10.0, gamma=1.0)
    theirs = SVC(C=10.0, gamma="scale", cache_size=rbf_svm.CACHE_MIB)
    fits = [partial(model.fit, vectors, labels) for model in (ours, theirs)]
    taken = [[turns.seconds(fit) for fit in fits] for _ in range(TURNS)]
    ours_taken, theirs_taken = zip(*taken, strict=True)
    peer = f"scikit-learn {version('scikit-learn')} SVC, {len(theirs.support_):,} support vectors"
    case = f"{name}, {len(labels):,} images, {len(ours.vectors_):,} support vectors"
    return [case, "cpu, 1 core", *turns.ratio(ours_taken, peer, theirs_taken)]


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
