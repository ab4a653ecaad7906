"""Images of two classes that every method can tell apart."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluation.trials import Data


def bars(n: int, seed: int):
    """Draw upright and lying bars at random places: uint8 [n, 16, 16, 1], labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    images = rng.integers(0, 40, (n, 16, 16, 1))
    for image, label, place in zip(images, labels, rng.integers(4, 11, n), strict=True):
        lines = image if label else image.transpose(1, 0, 2)
        lines[place : place + 2, 2:14] += 200
    return images.astype(np.uint8), labels


@pytest.fixture(scope="package")
def data():
    return Data(*bars(48, 0), *bars(24, 1))
