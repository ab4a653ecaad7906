"""Figures from scores, against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import confusion_matrix, log_loss, top_k_accuracy_score

from pipeline.evaluation import metrics


@pytest.fixture
def scores():
    """Scores of 2 seeds for 53 images and 8 classes."""
    return np.random.default_rng(0).normal(size=(2, 53, 8)).astype(np.float32)


@pytest.fixture
def labels():
    return np.random.default_rng(1).integers(0, 8, 53)


def test_accuracy_of_each_seed():
    scores = np.array([[[1, 2], [3, 0], [5, 5]], [[2, 1], [0, 3], [0, 9]]], np.float32)
    np.testing.assert_allclose(metrics.accuracies(scores, np.array([1, 0, 0])), [1, 0])


def test_the_first_of_equal_scores_is_the_prediction():
    assert metrics.predictions(np.array([[[1, 3, 3]]], np.float32)).item() == 1


def test_top5_is_that_of_scikit_learn(scores: metrics.Scores, labels: metrics.Labels):
    expected = [top_k_accuracy_score(labels, own, k=5, labels=np.arange(8)) for own in scores]
    assert metrics.top5(scores, labels) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize(("classes", "expected"), [(2, None), (5, None), (6, 0.0)])
def test_a_tie_is_no_hit_among_five(classes: int, expected: float | None):
    scores = np.ones((1, 3, classes), np.float32)
    assert metrics.top5(scores, np.zeros(3, int)) == expected


def test_confusion_is_that_of_the_first_seed(scores: metrics.Scores, labels: metrics.Labels):
    expected = confusion_matrix(labels, scores[0].argmax(-1), labels=np.arange(8))
    np.testing.assert_array_equal(metrics.confusion(scores, labels), expected)


def test_log_loss_is_that_of_scikit_learn(scores: metrics.Scores, labels: metrics.Labels):
    expected = [
        log_loss(labels, softmax(own.astype(float), axis=-1), labels=np.arange(8)) for own in scores
    ]
    assert metrics.log_loss(scores, labels) == pytest.approx(np.mean(expected), rel=1e-9)


def test_log_loss_of_a_sure_mistake_is_finite():
    assert metrics.log_loss(np.array([[[1e4, 0]]], np.float32), np.array([1])) == 1e4


def logits(*confidences: float):
    """Return scores [1, n, 2] that softmax to these probabilities of class 0."""
    confidence = np.array(confidences)
    return np.log(np.stack([confidence, 1 - confidence], axis=-1))[None].astype(np.float32)


def test_calibration_error_by_hand():
    # Two bins: 0.6 and 0.8 fall into [0.5, 1], on average 0.7 sure and half of the time right.
    found = metrics.calibration_error(logits(0.6, 0.8), np.array([0, 1]), bins=2)
    assert found == pytest.approx(0.7 - 0.5)


def test_calibration_error_keeps_bins_apart():
    # 15 bins: 0.62 and 0.9 lie in different ones; the gaps |0.62 - 1| and |0.9 - 0| are averaged.
    found = metrics.calibration_error(logits(0.62, 0.9), np.array([0, 1]))
    assert found == pytest.approx((0.38 + 0.9) / 2)


def test_calibration_error_of_someone_sure_and_right_is_zero():
    scores = np.array([[[1000, 0], [0, 1000]]], np.float32)
    assert metrics.calibration_error(scores, np.array([0, 1])) == 0


def test_seeds_are_calibrated_together():
    both = np.concatenate([logits(0.75), logits(0.75)])
    assert metrics.calibration_error(both, np.array([0])) == pytest.approx(0.25)
