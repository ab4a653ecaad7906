"""LeNet-5 with later parts: what each part does, and that without them it is LeNet-5."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flax import nnx

from models import counting
from models.networks import lenet5
from models.networks.lenet5_modern import Network
from models.training.blueprint import Blueprint

OLD = {"activation": "tanh", "pooling": "average", "normalisation": "none", "dropout": 0.0}


def build(**options: Any):
    return Network(image_shape=(28, 28, 1), classes=10, rngs=nnx.Rngs(0), **options)


def plan(**options: Any):
    return Blueprint(Network, (32, 32, 1), 10, tuple(options.items()))


def test_without_the_later_parts_it_is_lenet5():
    images = np.random.default_rng(0).normal(size=(3, 28, 28, 1)).astype(np.float32)
    ours, theirs = (
        build(**OLD),
        lenet5.Network(image_shape=(28, 28, 1), classes=10, rngs=nnx.Rngs(0)),
    )
    for mine, layer in (
        (ours.stages[0][0].convolution, theirs.c1),
        (ours.stages[1][0].convolution, theirs.c3),
        *((getattr(ours, name), getattr(theirs, name)) for name in ("c5", "f6", "output")),
    ):
        nnx.update(mine, nnx.state(layer))
    np.testing.assert_allclose(ours(images), theirs(images), rtol=1e-5, atol=1e-6)
    assert counting.parameters(plan(**OLD)) == lenet5.PARAMETERS
    assert counting.macs(plan(**OLD)) == lenet5.MACS


@pytest.mark.parametrize(
    "part", [{"activation": "relu"}, {"pooling": "max"}, {"normalisation": "batch"}]
)
def test_every_part_changes_the_scores(part: dict[str, str]):
    images = np.random.default_rng(0).normal(size=(3, 28, 28, 1)).astype(np.float32)
    assert not np.allclose(build(**OLD)(images), build(**OLD | part)(images))


def test_dropout_leaves_units_out_in_training_only():
    images = np.ones((1, 28, 28, 1), np.float32)
    model = build(**OLD | {"dropout": 0.5})
    model.train()
    assert not np.allclose(model(images), model(images))
    model.eval()
    np.testing.assert_array_equal(model(images), model(images))


def test_depth_adds_convolutions_that_keep_the_size():
    # 3x3x6x6 at 28x28 and 3x3x16x16 at 10x10, with the two numbers of a normalised map.
    more = counting.parameters(plan(depth=2)) - counting.parameters(plan())
    assert more == 324 + 2 * 6 + 2_304 + 2 * 16
    assert counting.macs(plan(depth=2)) - counting.macs(plan()) == 324 * 784 + 2_304 * 100


def test_width_multiplies_maps_and_units():
    model = plan(width=2).abstract()
    assert model.stages[1][0].convolution.kernel.shape == (5, 5, 12, 32)
    assert [layer.kernel.shape for layer in (model.c5, model.f6, model.output)] == [
        (800, 240),
        (240, 168),
        (168, 10),
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"activation": "sigmoid"}, "activation: found 'sigmoid', expected one of tanh, relu"),
        ({"pooling": "sum"}, "pooling: found 'sum', expected one of average, max"),
        ({"normalisation": "layer"}, "normalisation: found 'layer', expected one of none, batch"),
        ({"dropout": 1.0}, "dropout: found 1.0, expected 0 to below 1"),
        ({"depth": 0}, "depth: found 0, expected at least 1"),
        ({"width": 0}, "width: found 0, expected at least 1"),
    ],
)
def test_what_it_refuses(options: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=f"^{message}$"):
        build(**options)
