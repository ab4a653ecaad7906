"""Learned arrays under flat names."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from flax import nnx

from models import weights
from models.training import program
from models.training.blueprint import Blueprint
from models.training.data import Normalisation
from models.training.program import Learned
from models.training.recipe import Recipe

NORMALISATION = Normalisation(np.array([7.0], np.float32), np.array([2.0], np.float32))


class Small(nnx.Module):
    """A list, a normalisation and a random stream: what names have to cope with."""

    def __init__(self, *, image_shape: tuple[int, int, int], classes: int, rngs: nnx.Rngs):
        channels = image_shape[-1]
        self.norm = nnx.BatchNorm(channels, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)
        self.blocks = nnx.List([nnx.Linear(channels, classes, rngs=rngs) for _ in range(2)])

    def __call__(self, images: jax.Array):
        values = self.dropout(self.norm(images)).mean((1, 2))
        return sum(block(values) for block in self.blocks)


PLAN = Blueprint(Small, (4, 4, 1), 3)


@pytest.fixture(scope="module")
def learned():
    prepared = program.program(PLAN, Recipe(epochs=1))
    return program.start(prepared, np.array([0, 1], np.uint32)).learned


def test_names_say_where_an_array_belongs(learned: Learned):
    arrays = weights.to_arrays(learned, NORMALISATION)
    assert {name: array.shape for name, array in arrays.items()} == {
        "normalisation.mean": (1,),
        "normalisation.std": (1,),
        "blocks.0.kernel": (1, 3),
        "blocks.0.bias": (3,),
        "blocks.1.kernel": (1, 3),
        "blocks.1.bias": (3,),
        "norm.scale": (1,),
        "norm.bias": (1,),
        "norm.mean": (1,),
        "norm.var": (1,),
    }


@pytest.mark.parametrize("seed", [0, 1])
def test_one_seed_is_written_and_read(learned: Learned, seed: int):
    arrays = weights.to_arrays(learned, NORMALISATION, seed)
    np.testing.assert_array_equal(
        arrays["blocks.1.kernel"], learned.params["blocks"][1]["kernel"][...][seed]
    )
    restored, normalisation = weights.from_arrays(PLAN, arrays)
    again = weights.to_arrays(restored, normalisation)
    assert again.keys() == arrays.keys()
    assert all(again[name].tobytes() == array.tobytes() for name, array in arrays.items())


@pytest.mark.parametrize("change", ["missing", "unknown", "other shape"])
def test_arrays_of_another_network_are_refused(learned: Learned, change: str):
    arrays = weights.to_arrays(learned, NORMALISATION)
    bias = arrays.pop("blocks.0.bias")
    if change != "missing":
        arrays["blocks.0.bias" if change == "other shape" else "blocks.0.offset"] = bias[:2]
    with pytest.raises(ValueError, match=r"found arrays .* expected"):
        weights.from_arrays(PLAN, arrays)
