"""Which class each method takes a test image for, compact enough to lie in git."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.metrics import Labels, Scores, predictions

LABELS = "test labels"  # no method's name has a space


def compact(scores: Mapping[str, Scores], labels: Labels) -> dict[str, NDArray[np.integer]]:
    """Return the test labels and every method's predictions (seed 0).

    One byte an image, two from 257 classes on.
    """
    classes = {LABELS: labels} | {name: predictions(own)[0] for name, own in scores.items()}
    few = max(int(values.max()) for values in classes.values()) < 256
    return {name: values.astype("uint8" if few else "uint16") for name, values in classes.items()}
