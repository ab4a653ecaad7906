"""From scores to figures. Scores are float32 [seeds, n, classes], larger is likelier."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

Scores = NDArray[np.float32]
Labels = NDArray[np.int64]


def predictions(scores: Scores) -> NDArray[np.int64]:
    """Return the likeliest class of every image, int64 [seeds, n]; the first of equal ones."""
    return scores.argmax(-1)


def accuracies(scores: Scores, labels: Labels) -> NDArray[np.float64]:
    """Return each seed's share of images whose likeliest class is right, float64 [seeds]."""
    return (predictions(scores) == labels).mean(-1)


def top5(scores: Scores, labels: Labels) -> float | None:
    """Return the share of images whose class is among the five likeliest, mean over seeds.

    ``None`` for five classes or fewer, where it says nothing. A class that ties with the right
    one counts against it.
    """
    if scores.shape[-1] <= 5:
        return None
    right = np.take_along_axis(scores, labels[None, :, None], axis=-1)
    ahead = (scores >= right).sum(-1) - 1
    return float((ahead < 5).mean())


def confusion(scores: Scores, labels: Labels) -> NDArray[np.int64]:
    """Count images by actual and predicted class, int64 [classes, classes], seed 0."""
    classes = scores.shape[-1]
    cells = labels * classes + predictions(scores)[0]
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def log_loss(logits: Scores, labels: Labels) -> float:
    """Return the mean negative log probability (nats) of the right class, over images and seeds."""
    log_probabilities = log_softmax(logits.astype(np.float64), axis=-1)
    return float(-np.take_along_axis(log_probabilities, labels[None, :, None], axis=-1).mean())


def calibration_error(logits: Scores, labels: Labels, bins: int = 15) -> float:
    """Return the expected calibration error: mean gap between confidence and accuracy.

    Predictions fall into `bins` of equal width by their confidence (Guo et al. 2017, On
    calibration of modern neural networks, section 2), seeds together.
    """
    confidence = np.exp(log_softmax(logits.astype(np.float64), axis=-1)).max(-1).ravel()
    right = (predictions(logits) == labels).ravel()
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(place, weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidence))
