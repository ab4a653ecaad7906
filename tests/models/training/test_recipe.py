"""What a recipe accepts."""

from __future__ import annotations

import pytest

from models.training.recipe import Recipe


def test_epochs_are_all_it_needs():
    assert Recipe(epochs=1).epochs == 1


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("epochs", 0, "at least 1"),
        ("batch_size", 0, "at least 1"),
        ("seeds", -1, "at least 1"),
        ("learning_rate", 0.0, "more than 0"),
        ("learning_rate", -0.1, "more than 0"),
        ("learning_rate", float("nan"), "more than 0"),
        ("learning_rate", float("inf"), "more than 0"),
        ("momentum", 1.0, "0 to below 1"),
        ("momentum", -0.1, "0 to below 1"),
        ("momentum", float("nan"), "0 to below 1"),
        ("weight_decay", -1e-4, "at least 0"),
        ("weight_decay", float("nan"), "at least 0"),
        ("optimizer", "rmsprop", "one of sgd, adam"),
        ("schedule", "linear", "one of cosine, steps, constant"),
        ("learning_rate_by", "layer", "one of none, fan_in"),
        ("warmup", 1.0, "0 to below 1"),
        ("augmentation", "flip", "one of none, crop_flip, planar, elastic"),
        ("dtype", "float16", "one of float32, bfloat16"),
        ("loss", "hinge", "one of cross_entropy, squared_error, map"),
    ],
)
def test_what_it_refuses(name: str, value: float | str, expected: str):
    with pytest.raises(ValueError, match=f"^{name}: found {value!r}, expected {expected}$"):
        Recipe(**{"epochs": 1, name: value})


@pytest.mark.parametrize(
    ("loss", "kind"), [("cross_entropy", "logits"), ("map", "logits"), ("squared_error", "margins")]
)
def test_only_cross_entropy_makes_logits(loss: str, kind: str):
    assert Recipe(epochs=1, loss=loss).scores_kind == kind
