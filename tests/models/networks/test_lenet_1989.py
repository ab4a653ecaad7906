"""The zip-code network of 1989, layer by layer."""

from __future__ import annotations

from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from models.layers.squashing import squash
from models.networks.lenet_1989 import TABLE, Network, full_range
from models.training.program import Blueprint

# Rows and columns of H1 and H2, units of H3 and of the output; connections with biases.
UNITS = {"h1": 768, "h2": 192, "h3": 30, "output": 10}
INPUTS = {"h1": 25, "h2": 200, "h3": 192, "output": 30}


def made():
    return Network(image_shape=(16, 16, 1), classes=10, rngs=nnx.Rngs(params=0))


def test_parameters_of_each_layer():
    model = Blueprint(Network, (16, 16, 1), 10).abstract()
    counts = {
        name: sum(leaf.size for leaf in jax.tree.leaves(nnx.state(getattr(model, name))))
        for name in UNITS
    }
    assert counts == {"h1": 1_068, "h2": 2_592, "h3": 5_790, "output": 310}


def test_every_unit_has_a_bias_and_the_connections_are_the_papers():
    model = Blueprint(Network, (16, 16, 1), 10).abstract()
    biases = {name: getattr(model, name).bias.size for name in UNITS}
    assert biases == UNITS
    assert sum(UNITS[name] * (INPUTS[name] + 1) for name in UNITS) == 64_660


def test_each_map_of_h2_sees_eight_of_twelve_and_all_are_seen_alike():
    assert [len(set(seen)) for seen in TABLE] == [8] * 12
    assert Counter(channel for seen in TABLE for channel in seen) == dict.fromkeys(range(12), 8)
    assert len({frozenset(seen) for seen in TABLE}) == 12


@pytest.mark.parametrize("shape", [(16, 16), (28, 28), (7, 32), (1, 1)])
def test_the_maps_shrink_by_half_twice(shape: tuple[int, int]):
    model = Blueprint(Network, (*shape, 1), 10).abstract()
    halves = tuple((side + 1) // 2 for side in shape)
    quarters = tuple((side + 1) // 2 for side in halves)
    assert model.h1.bias.shape == (*halves, 12)
    assert model.h2.bias.shape == (*quarters, 12)


def test_first_weights_lie_within_2_4_over_the_fan_in():
    model = made()
    kernels = {
        "h1": model.h1.kernels[0],
        "h2": model.h2.kernels[0],
        "h3": model.h3.kernel,
        "output": model.output.kernel,
    }
    for name, kernel in kernels.items():
        limit = 2.4 / INPUTS[name]
        assert 0.9 * limit < float(abs(kernel[...]).max()) <= limit


def test_scores_are_squashed():
    model = made()
    model.output.bias[...] = jnp.array([-100.0] * 5 + [100.0] * 5)
    scores = jax.jit(lambda images: model(images))(jnp.zeros((1, 16, 16, 1)))
    np.testing.assert_allclose(scores[0], [-1.7159] * 5 + [1.7159] * 5, rtol=1e-6)


def test_beyond_the_borders_lies_background():
    # With H1 silent every unit of H2 sees what it sees beyond the border only.
    model = made()
    model.h1.kernels[0][...] = jnp.zeros((5, 5, 1, 12))
    model.h2.kernels[0][...] = jnp.full((5, 5, 8, 12), 1 / 200)  # sums that are not saturated
    model.h3 = model.output = lambda units: units
    units = jax.jit(lambda images: model(images))(jnp.ones((1, 16, 16, 1)))
    inner = 8 * np.array([3, 5, 5, 4])  # rows of the kernel inside the map, times the maps seen
    outside = 8 * 25 - np.outer(inner, [3, 5, 5, 4])
    expected = squash(squash(squash(-outside / 200)))
    np.testing.assert_allclose(units.reshape(4, 4, 12)[..., 0], expected, rtol=1e-5)


def test_each_image_fills_minus_one_to_one():
    images = np.stack([np.linspace(-0.4, 2.8, 12), np.full(12, 7.0)]).reshape(2, 3, 4, 1)
    expected = np.stack([np.linspace(-1, 1, 12), np.full(12, -1.0)]).reshape(2, 3, 4, 1)
    np.testing.assert_allclose(full_range(images), expected, atol=1e-6)
