"""One method trained on some images and asked about others: what studies are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from models.training.blueprint import Blueprint
from models.training.loop import train
from models.training.recipe import Recipe
from pipeline.evaluation.intervals import CONFIDENCE, wilson
from pipeline.stage.files import read_array, write_array

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]
# Which images are classified rightly, [seeds, n], or how often.
Right = NDArray[np.bool_] | NDArray[np.float64]
# From images [n, height, width, channels] to each seed's labels [seeds, n].
Predict = Callable[[Images], Labels]


class Data(NamedTuple):
    """A prepared data set: uint8 images [n, height, width, channels], int64 labels [n].

    In the folder `kept`, if there is one, lie the answers so far and the training under way: a
    study that was killed goes on from there, and ends with the same bytes as if it had never
    stopped.
    """

    train_images: Images
    train_labels: Labels
    test_images: Images
    test_labels: Labels
    kept: Path | None = None

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.train_labels.max()) + 1


def classical(
    feature: Any, classifier: Any, data: Data, *, rows: NDArray[np.int64] | None = None
) -> Predict:
    """Fit a feature and a classifier, both plug-ins' objects, on all training images or `rows`."""
    images, labels = data.train_images, data.train_labels
    if rows is not None:
        images, labels = images[rows], labels[rows]

    def learn() -> Predict:
        model = classifier.fit(feature.fit(images).transform(images), labels)
        return lambda asked: model.predict(feature.transform(asked))[None]

    return _asked_once(learn, data.kept, joblib.hash((feature, classifier, images, labels)))


def network(
    build: type,
    data: Data,
    recipe: Recipe,
    *,
    options: dict[str, Any] | None = None,
    rows: NDArray[np.int64] | None = None,
    seeds: Sequence[int] | None = None,
    label: str,
) -> Predict:
    """Train a network plug-in's class on all training images of `data` or on `rows`."""
    images, labels = data.train_images, data.train_labels
    shape: tuple[int, int, int] = images.shape[1:]
    plan = Blueprint(build, shape, data.classes, tuple((options or {}).items()))
    name = joblib.hash((plan, recipe, images, labels, rows, seeds))

    def learn() -> Predict:
        trained = train(
            plan,
            images,
            labels,
            recipe,
            rows=rows,
            seeds=seeds,
            checkpoints=data.kept and data.kept / name,
            label=label,
        )
        return lambda asked: trained.scores(asked).argmax(-1)

    return _asked_once(learn, data.kept, name)


def _asked_once(learn: Callable[[], Predict], kept: Path | None, name: str) -> Predict:
    """Return what `learn` returns, to be learned when it is first asked; keep its answers.

    The `name` tells apart all that is learned differently.
    """
    learned = cache(learn)
    if kept is None:
        return lambda images: learned()(images)

    def predict(images: Images) -> Labels:
        file = kept / f"{name}-{joblib.hash(images)}.npy"
        if not file.exists():
            write_array(file, learned()(images))
        answer: Labels = read_array(file)
        return answer

    return predict


def summary(right: Right) -> dict[str, float]:
    """Return the accuracy of predictions [seeds, n], its interval and its spread over seeds."""
    per_seed = right.mean(-1)
    low, high = wilson(float(per_seed.mean()), right.shape[-1])
    spread = per_seed.std(ddof=1) if len(per_seed) > 1 else np.nan
    return {
        "accuracy": float(per_seed.mean()),
        "accuracy_low": low,
        "accuracy_high": high,
        "accuracy_std": float(spread),
    }


def difference(right: Right, other: Right) -> tuple[float, float, float]:
    """Return by how much one method is more accurate on the same images, and its 95 % interval.

    Parameters
    ----------
    right, other : bool or float array [seeds, n]
        Which images are classified rightly, or how often; the numbers of seeds may differ.

    Returns
    -------
    mean, low, high : float
        The interval is the normal one of a mean of paired differences over the test images, each
        averaged over seeds first: that of these seeds, not of others.
    """
    pairs = right.mean(0) - other.mean(0)
    half = norm.ppf((1 + CONFIDENCE) / 2) * pairs.std(ddof=1) / np.sqrt(len(pairs))
    return float(pairs.mean()), float(pairs.mean() - half), float(pairs.mean() + half)
