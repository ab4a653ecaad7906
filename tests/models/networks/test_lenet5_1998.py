"""LeNet-5 as the paper built it, layer by layer."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from models import counting
from models.layers.squashing import squash
from models.networks.lenet5_1998 import CONNECTIONS, TABLE, Network, codes
from models.training.program import Blueprint

COUNTS = {"c1": 156, "s2": 12, "c3": 1_516, "s4": 32, "c5": 48_120, "f6": 10_164}
# The paper's table I: column k lists the maps of S2 that map k of C3 sees.
PAPER = """
X...XXX..XXXX.XX
XX...XXX..XXXX.X
XXX...XXX..X.XXX
.XXX..XXXX..X.XX
..XXX..XXXX.XX.X
...XXX..XXXX.XXX
"""


def test_parameters_of_each_layer():
    model = Blueprint(Network, (32, 32, 1), 10).abstract()
    counts = {
        name: sum(leaf.size for leaf in jax.tree.leaves(nnx.state(getattr(model, name))))
        for name in COUNTS
    }
    assert counts == COUNTS


def test_connections_are_the_papers():
    convolutions = 28 * 28 * COUNTS["c1"] + 10 * 10 * COUNTS["c3"]
    subsampling = (6 * 14 * 14 + 16 * 5 * 5) * 5
    full = COUNTS["c5"] + COUNTS["f6"] + 10 * 84
    assert convolutions + subsampling + full == CONNECTIONS == 340_908


def test_c3_follows_the_papers_table():
    table = np.array([list(row) for row in PAPER.split()]) == "X"
    ours = np.array([[channel in seen for seen in TABLE] for channel in range(6)])
    np.testing.assert_array_equal(ours, table)


@pytest.mark.parametrize("side", [8, 28, 32])
def test_cost_at_ten_classes(side: int):
    plan = Blueprint(Network, (side, side, 1), 10)
    assert counting.parameters(plan) == 60_000
    assert counting.macs(plan) == 326_520


@pytest.mark.parametrize("classes", [2, 10, 101])
def test_codes_are_signs_and_differ(classes: int):
    made = codes(classes)
    assert made.shape == (classes, 84)
    assert set(np.unique(made)) == {-1, 1}
    apart = (made[:, None] != made).sum(-1) + 84 * np.eye(classes, dtype=int)
    assert apart.min() >= 8
    np.testing.assert_array_equal(made, codes(classes))


def test_a_digit_is_drawn_row_by_row():
    seven = codes(10)[7].reshape(12, 7)
    np.testing.assert_array_equal(seven[0], np.ones(7))
    np.testing.assert_array_equal(seven[1], [-1, -1, -1, -1, -1, 1, 1])
    np.testing.assert_array_equal(seven[11], -np.ones(7))
    one = codes(10)[1].reshape(12, 7)
    np.testing.assert_array_equal(one[10], [-1, 1, 1, 1, 1, 1, 1])


@pytest.mark.parametrize("classes", [3, 10])
def test_scores_are_negative_squared_distances_to_the_codes(classes: int):
    model = Network(image_shape=(28, 28, 1), classes=classes, rngs=nnx.Rngs(params=0))
    f6 = np.linspace(-3, 3, 4 * 84, dtype=np.float32).reshape(4, 84)
    model.f6 = lambda units: f6
    scores = jax.jit(lambda images: model(images))(np.zeros((4, 28, 28, 1), np.float32))
    distances = ((1.7159 * np.tanh(2 / 3 * f6)[:, None] - codes(classes)) ** 2).sum(-1)
    np.testing.assert_allclose(scores, -distances, rtol=1e-5)


def test_distances_keep_their_decimals_in_half_precision():
    model = Network(image_shape=(32, 32, 1), classes=10, rngs=nnx.Rngs(0))
    # Each image is nearly its class's code, which squashing leaves as it is.
    near = jnp.asarray(codes(10) + 0.1 * np.random.default_rng(0).normal(size=(10, 84)), "bfloat16")
    model.f6 = lambda units: near
    scores = jnp.diag(model(jnp.zeros((10, 32, 32, 1))))
    units = np.asarray(squash(near), np.float32)
    np.testing.assert_allclose(scores, -((units - codes(10)) ** 2).sum(-1), rtol=1e-3)


def test_codes_are_not_learned():
    model = Network(image_shape=(28, 28, 1), classes=10, rngs=nnx.Rngs(params=0))
    leaves = jax.tree.leaves(nnx.state(model))
    assert all(jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in leaves)
    assert sum(leaf.size for leaf in leaves) == 60_000
