"""What changed in 2012: the gain split among its causes by a factorial design.

Every model learns from a share of the images and from all of them, as they are and distorted: four
models in four conditions each. An effect is a difference between means over cells that differ in
nothing else, so that none of the causes hides behind another.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from features import hog
from models.classifiers import linear_svm
from models.networks import lenet5, lenet5_modern
from models.training.augmentation import augment
from models.training.recipe import Recipe
from pipeline.evaluation.selection import choose
from pipeline.evaluation.trials import Data, Predict, Right, classical, difference, network, summary

TITLE = "What changed in 2012, by how much"
NOTES = (
    "An effect is the mean over all conditions that the other causes leave, which may differ in "
    "sign: the cells tell. A share of the images, a tenth unless the study's option share says "
    "otherwise, is learned in as many steps as all. Where learned features stand beside HOG, they "
    "are LeNet-5's; the larger networks are LeNet-5 with later parts, none is a network of 2012.",
    "The interval of a difference is over the test images, for these seeds: how much others would "
    "differ it leaves out.",
)

MODELS = ("hog-linear_svm", "lenet5", "lenet5_modern", "lenet5_modern, twice as deep")
BATCH = 1024
HELD_OUT = 1 / 6  # of the images, to choose the support vector machine's C on


def distorted(images: NDArray[np.uint8], kind: str, copies: int) -> NDArray[np.uint8]:
    """Return the images and distorted copies of them, one copy of all after the other.

    The networks see new distortions in every epoch; a linear machine needs them beforehand.
    """
    parts = [images]
    mean = images.mean((0, 1, 2), dtype=np.float32)  # what comes in from outside an image
    warp = jax.jit(lambda batch, key: augment(kind, batch - mean, key) + mean)
    for copy in range(copies):
        for first in range(0, len(images), BATCH):
            batch = jnp.asarray(images[first : first + BATCH], jnp.float32)
            warped = warp(batch, jax.random.fold_in(jax.random.key(copy), first))
            parts.append(np.clip(np.rint(np.asarray(warped)), 0, 255).astype(np.uint8))
    return np.concatenate(parts)


def run(
    data: Data,
    *,
    epochs: int = 10,
    seeds: int = 3,
    share: float = 0.1,
    augmentation: str = "planar",
    copies: int = 4,
    C: Sequence[float] = (0.01, 0.1, 1.0),
    learning_rate: float = 0.05,
) -> pd.DataFrame:
    """Train every model in every condition, and estimate the effects.

    With a share of the images the networks make as many steps as with all of them, and the support
    vector machine has a C of its own.

    Returns
    -------
    DataFrame
        First the effects (kind ``effect``), then the cells they are
        estimated from (kind ``cell``); 95 % intervals, paired over the test images.
    """
    few = np.random.default_rng(0).permutation(len(data.train_labels))
    few = np.sort(few[: round(share * len(few))])
    every = np.arange(len(data.train_labels))
    right: dict[tuple[str, bool, bool], Right] = {}
    for model, all_data, augmented in product(MODELS, (False, True), (False, True)):
        rows = every if all_data else few
        kind = augmentation if augmented else "none"
        if model == MODELS[0]:
            predict = _hog(data, rows, kind, copies, C)
        else:
            recipe = Recipe(
                epochs=epochs if all_data else round(epochs / share),
                seeds=seeds,
                batch_size=32,
                learning_rate=learning_rate,
                augmentation=kind,
            )
            predict = _network(model, data, rows, recipe)
        right[model, all_data, augmented] = predict(data.test_images) == data.test_labels
    return pd.DataFrame([*effects(right), *cells(right)])


def _hog(
    data: Data, rows: NDArray[np.int64], kind: str, copies: int, choices: Sequence[float]
) -> Predict:
    def fitted(some: NDArray[np.int64], C: float) -> Predict:
        images, labels = data.train_images[some], data.train_labels[some]
        if kind != "none":
            images, labels = distorted(images, kind, copies), np.tile(labels, copies + 1)
            C /= copies + 1  # an image and its copies weigh as much as the image alone
        learned_from = data._replace(train_images=images, train_labels=labels)
        return classical(hog.Feature(), linear_svm.Classifier(C=C), learned_from)

    def accuracies() -> list[float]:
        labels = data.train_labels
        some, others = train_test_split(
            rows, test_size=HELD_OUT, random_state=0, stratify=labels[rows]
        )
        answers = [fitted(some, C)(data.train_images[others]) for C in choices]
        return [float((answer == labels[others]).mean()) for answer in answers]

    return fitted(rows, **choose([{"C": C} for C in choices], accuracies).setting)


def _network(model: str, data: Data, rows: NDArray[np.int64], recipe: Recipe) -> Predict:
    label = f"{model}, {len(rows)} images"
    if model == "lenet5":
        return network(lenet5.Network, data, recipe, rows=rows, label=label)
    options = {"depth": 2 if model == MODELS[3] else 1}
    return network(lenet5_modern.Network, data, recipe, options=options, rows=rows, label=label)


def effects(right: dict[tuple[str, bool, bool], Right]) -> list[dict[str, object]]:
    """Return the main effects, and how learning features and more data go together."""
    conditions = list(product((False, True), (False, True)))

    def shares(cells: list[tuple[str, bool, bool]]) -> NDArray[np.float64]:
        """Average cells image by image: [1, n]."""
        return np.mean([right[cell].mean(0) for cell in cells], axis=0)[None]

    def steps(better: str, worse: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return tuple(  # type: ignore[return-value]
            shares([(model, *condition) for condition in conditions]) for model in (better, worse)
        )

    def factor(place: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return tuple(  # type: ignore[return-value]
            shares([cell for cell in right if cell[place] is value]) for value in (True, False)
        )

    crossed = (
        [cell for cell in right if cell[:2] in {("lenet5", True), (MODELS[0], False)}],
        [cell for cell in right if cell[:2] in {(MODELS[0], True), ("lenet5", False)}],
    )
    contrasts = {
        "learned features in place of HOG (LeNet-5)": steps("lenet5", MODELS[0]),
        "ReLU, max pooling, normalisation, dropout": steps("lenet5_modern", "lenet5"),
        "twice the convolutions": steps(MODELS[3], "lenet5_modern"),
        "all training images in place of a share": factor(1),
        "distorted training images": factor(2),
        "learned features gain more from data than HOG": tuple(
            2 * shares(cells) for cells in crossed
        ),
    }
    rows = []
    for name, (better, worse) in contrasts.items():
        gain, low, high = difference(better, worse)
        effect = {"effect": gain, "effect_low": low, "effect_high": high}
        rows.append({"kind": "effect", "name": name, **effect})
    return rows


def cells(right: dict[tuple[str, bool, bool], Right]) -> list[dict[str, object]]:
    """Return every cell of the design."""
    return [
        {
            "kind": "cell",
            "name": f"{model}, {'all' if all_data else 'a share of the'} images"
            f"{', distorted' if augmented else ''}",
            **summary(own),
        }
        for (model, all_data, augmented), own in right.items()
    ]
