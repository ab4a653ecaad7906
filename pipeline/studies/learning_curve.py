"""Accuracy against the number of training images, in training and in test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from features import hog, raw
from models.classifiers import linear_svm, logistic
from models.networks import lenet5, lenet5_modern
from models.training.recipe import Recipe
from pipeline.evaluation.selection import choose
from pipeline.evaluation.trials import Data, Predict, classical, network, summary

TITLE = "Accuracy by number of training images"
NOTES = (
    "A network makes about as many steps from few images as from many; a classifier's C is chosen "
    "anew for each number of images and each draw of them.",
)

BATCH = 32
HELD_OUT = 6  # one of so many images, to choose a classifier's C on


def subset(labels: NDArray[np.int64], size: int, seed: int) -> NDArray[np.int64]:
    """Draw the rows of `size` images, each class in its share."""
    rows = np.arange(len(labels))
    if size == len(rows):
        return rows
    drawn, _ = train_test_split(rows, train_size=size, random_state=seed, stratify=labels)
    return np.sort(drawn)


def tuned(
    feature: Any, build: Any, data: Data, rows: NDArray[np.int64], choices: Sequence[float]
) -> Predict:
    """Fit a classifier on `rows`, with the C that does best on a part of them that is held out.

    The more images, the less a penalty weighs against their summed loss: no C serves all sizes.
    """
    held_out = rows[::HELD_OUT]
    others = np.setdiff1d(rows, held_out)

    def accuracies() -> list[float]:
        images, labels = data.train_images[held_out], data.train_labels[held_out]
        answers = [classical(feature, build(C=C), data, rows=others)(images)[0] for C in choices]
        return [float((answer == labels).mean()) for answer in answers]

    choice = choose([{"C": C} for C in choices], accuracies)
    return classical(feature, build(**choice.setting), data, rows=rows)


def methods(
    data: Data, rows: NDArray[np.int64], seed: int, choices: Sequence[float], recipe: Recipe
) -> Iterator[tuple[str, Predict]]:
    """Yield every method trained on `rows`."""
    yield "raw-logistic", tuned(raw.Feature(), logistic.Classifier, data, rows, choices)
    yield "hog-linear_svm", tuned(hog.Feature(), linear_svm.Classifier, data, rows, choices)
    for build in (lenet5, lenet5_modern):
        name = build.__name__.rpartition(".")[2]
        label = f"{name} {len(rows)} images"
        yield (
            name,
            network(build.Network, data, recipe, rows=rows, seeds=[seed], label=label),
        )


def run(
    data: Data,
    *,
    sizes: Sequence[int],
    seeds: int = 3,
    steps: int = 1500,
    C: Sequence[float] = (0.01, 0.1, 1.0),
    learning_rate: float = 0.05,
) -> pd.DataFrame:
    """Train on `sizes` images, drawn anew for each seed.

    A classifier's `C` is chosen anew for each size and draw. A network makes about `steps` steps of
    32 images whatever the size, as it would otherwise stop long before it has learned a small set.

    Returns
    -------
    DataFrame
        One row a method and size: test accuracy with its interval and spread, training accuracy.
    """
    right: dict[tuple[str, int], list[NDArray[np.bool_]]] = {}
    learned: dict[tuple[str, int], list[float]] = {}
    for size in [size for size in sizes if size <= len(data.train_labels)]:
        for seed in range(seeds):
            rows = subset(data.train_labels, size, seed)
            epochs = max(1, round(steps * BATCH / size))
            recipe = Recipe(epochs=epochs, batch_size=BATCH, learning_rate=learning_rate)
            for name, predict in methods(data, rows, seed, C, recipe):
                on_test = predict(data.test_images)[0] == data.test_labels
                on_training = predict(data.train_images[rows])[0] == data.train_labels[rows]
                right.setdefault((name, size), []).append(on_test)
                learned.setdefault((name, size), []).append(float(on_training.mean()))
    rows_of_table = [
        {
            "method": name,
            "n_train": size,
            **summary(np.stack(drawn)),
            "train_accuracy": float(np.mean(learned[name, size])),
            "n_seeds": seeds,
        }
        for (name, size), drawn in right.items()
    ]
    return pd.DataFrame(rows_of_table)
