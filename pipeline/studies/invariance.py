"""What a shift, a turn, noise, less contrast or a covered patch does to each method's accuracy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import hog, raw
from models.classifiers import linear_svm, logistic
from models.networks import lenet5, lenet5_modern, mlp
from models.training.recipe import Recipe
from pipeline.evaluation.trials import Data, classical, network, summary

TITLE = "Accuracy on test images that were shifted, turned or spoilt"

Images = NDArray[np.uint8]

SHIFTS = (1, 2, 3, 4)  # pixels
TURNS = (10, 20, 30)  # degrees
NOISES = (16, 32, 64)  # standard deviation, in grey levels of 255
CONTRASTS = (0.75, 0.5, 0.25)
PATCHES = (0.25, 0.35, 0.5)  # of the image's side


def transformed(images: Images, matrix: NDArray[Any]) -> Images:
    """Map images [n, h, w, c] by an affine matrix [2, 3]; their border goes on outside."""
    height, width = images.shape[1:3]
    warped = [
        cv2.warpAffine(
            image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        for image in images
    ]
    return np.stack(warped).astype(np.uint8).reshape(images.shape)


def shifted(images: Images, pixels: float) -> Iterator[Images]:
    """Yield the images moved to the right, left, down and up."""
    for right, down in ((pixels, 0), (-pixels, 0), (0, pixels), (0, -pixels)):
        yield transformed(images, np.array([[1, 0, right], [0, 1, down]], np.float64))


def turned(images: Images, degrees: float) -> Iterator[Images]:
    """Yield the images turned both ways about their middle."""
    height, width = images.shape[1:3]
    for angle in (degrees, -degrees):
        middle = ((width - 1) / 2, (height - 1) / 2)
        yield transformed(images, cv2.getRotationMatrix2D(middle, angle, 1))


def noisy(images: Images, deviation: float) -> Iterator[Images]:
    """Yield the images with Gaussian noise."""
    noise = np.random.default_rng(0).normal(0, deviation, images.shape)
    yield np.clip(np.rint(images + noise), 0, 255).astype(np.uint8)


def fainter(images: Images, contrast: float) -> Iterator[Images]:
    """Yield the images with their distance to mid-grey reduced."""
    yield np.rint(127.5 + contrast * (images - 127.5)).astype(np.uint8)


def covered(images: Images, share: float) -> Iterator[Images]:
    """Yield the images with a mid-grey square at a random place of each."""
    n, height, width, _ = images.shape
    side = round(share * min(height, width))
    rng = np.random.default_rng(0)
    tops, lefts = (rng.integers(0, extent - side + 1, n) for extent in (height, width))
    spoilt = images.copy()
    for image, top, left in zip(spoilt, tops, lefts, strict=True):
        image[top : top + side, left : left + side] = 128
    yield spoilt


CHANGES = (
    ("shift, pixels", shifted, SHIFTS),
    ("turn, degrees", turned, TURNS),
    ("noise, grey levels", noisy, NOISES),
    ("contrast", fainter, CONTRASTS),
    ("covered, share of the side", covered, PATCHES),
)


def run(
    data: Data, *, epochs: int = 10, seeds: int = 1, C: float = 0.1, learning_rate: float = 0.05
) -> pd.DataFrame:
    """Train each method on the images as they are, and ask about changed ones.

    Returns
    -------
    DataFrame
        One row a method, change and amount: accuracy with its interval (of several directions:
        their mean) and its loss against the unchanged images.
    """
    recipe = Recipe(epochs=epochs, seeds=seeds, batch_size=32, learning_rate=learning_rate)
    methods = {
        "raw-logistic": classical(raw.Feature(), logistic.Classifier(C=C), data),
        "hog-linear_svm": classical(hog.Feature(), linear_svm.Classifier(C=C), data),
        "mlp": network(mlp.Network, data, recipe, label="mlp"),
        "lenet5": network(lenet5.Network, data, recipe, label="lenet5"),
        "lenet5_modern": network(lenet5_modern.Network, data, recipe, label="lenet5_modern"),
    }
    rows = []
    for name, predict in methods.items():
        untouched = predict(data.test_images) == data.test_labels
        rows.append({"method": name, "change": "none", "amount": 0.0, **summary(untouched)})
        for change, spoil, amounts in CHANGES:
            for amount in amounts:
                right = np.concatenate(
                    [predict(one) == data.test_labels for one in spoil(data.test_images, amount)]
                )
                row = {"method": name, "change": change, "amount": amount, **summary(right)}
                rows.append({**row, "loss": untouched.mean() - right.mean()})
    return pd.DataFrame(rows).drop(columns="accuracy_std")
