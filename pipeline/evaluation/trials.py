"""One method trained on some images and asked about others: what studies are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]
# Which images are classified rightly, [seeds, n], or how often.
Right = NDArray[np.bool_] | NDArray[np.float64]
# From images [n, height, width, channels] to each seed's labels [seeds, n].
Predict = Callable[[Images], Labels]


class Data(NamedTuple):
    """A prepared data set: uint8 images [n, height, width, channels], int64 labels [n].

    In the folder `kept`, if there is one, lies what has been learned so far: a study that was
    killed goes on from there, and ends with the same bytes as if it had never stopped.
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
    fit = joblib.Memory(data.kept, verbose=0).cache(_fitted)
    extractor, model = fit(feature, classifier, images, labels)

    def predict(images: Images) -> Labels:
        predicted: Labels = model.predict(extractor.transform(images))[None]
        return predicted

    return predict


def _fitted(feature: Any, classifier: Any, images: Images, labels: Labels) -> tuple[Any, Any]:
    extractor = feature.fit(images)
    return extractor, classifier.fit(extractor.transform(images), labels)


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
    shape: tuple[int, int, int] = data.train_images.shape[1:]
    plan = Blueprint(build, shape, data.classes, tuple((options or {}).items()))
    # Orbax keeps the training that is under way, joblib those that have ended.
    learn = joblib.Memory(data.kept, verbose=0).cache(train, ignore=["checkpoints", "label"])
    trained = learn(
        plan,
        data.train_images,
        data.train_labels,
        recipe,
        rows=rows,
        seeds=seeds,
        checkpoints=data.kept and data.kept / joblib.hash((plan, recipe, rows)),
        label=label,
    )

    def predict(images: Images) -> Labels:
        predicted: Labels = trained.scores(images).argmax(-1)
        return predicted

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
        averaged over seeds first.
    """
    pairs = right.mean(0) - other.mean(0)
    half = norm.ppf((1 + CONFIDENCE) / 2) * pairs.std(ddof=1) / np.sqrt(len(pairs))
    return float(pairs.mean()), float(pairs.mean() - half), float(pairs.mean() + half)
