"""Accuracy against the number of training images, in training and in test."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from features import hog, raw
from models.classifiers import linear_svm, logistic
from models.networks import lenet5, lenet5_modern
from models.training.recipe import Recipe
from pipeline.evaluation.trials import Data, Predict, classical, network, summary

TITLE = "Accuracy by number of training images"


def subset(labels: NDArray[np.int64], size: int, seed: int) -> NDArray[np.int64]:
    """Draw the rows of `size` images, each class in its share."""
    rows = np.arange(len(labels))
    if size == len(rows):
        return rows
    drawn, _ = train_test_split(rows, train_size=size, random_state=seed, stratify=labels)
    return np.sort(drawn)


def methods(
    data: Data, rows: NDArray[np.int64], seed: int, epochs: int, C: float, learning_rate: float
) -> Iterator[tuple[str, Predict]]:
    """Yield every method trained on `rows`."""
    yield "raw-logistic", classical(raw.Feature(), logistic.Classifier(C=C), data, rows=rows)
    yield "hog-linear_svm", classical(hog.Feature(), linear_svm.Classifier(C=C), data, rows=rows)
    recipe = Recipe(epochs=epochs, batch_size=32, learning_rate=learning_rate)
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
    sizes: list,  # type: ignore[type-arg]
    seeds: int = 3,
    steps: int = 1500,
    C: float = 0.1,
    learning_rate: float = 0.05,
) -> pd.DataFrame:
    """Train on `sizes` images, drawn anew for each seed.

    A network makes about `steps` steps of 32 images whatever the size, as it would otherwise stop
    long before it has learned a small set.

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
            epochs = max(1, round(steps * 32 / size))
            for name, predict in methods(data, rows, seed, epochs, C, learning_rate):
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
