"""LeCun's squashing function and initial weights."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from flax import nnx

from models.layers.squashing import fan_in_kernel, fan_in_uniform, squash


def test_squashing_keeps_one_and_ends_at_1_7159():
    squashed = squash(np.array([-100.0, -1, 0, 1, 100], np.float32))
    np.testing.assert_allclose(squashed, [-1.7159, -1, 0, 1, 1.7159], atol=1e-4)


def test_its_slope_at_zero():
    assert float(jax.grad(squash)(0.0)) == pytest.approx(1.7159 * 2 / 3)


def test_first_weights_fill_their_range():
    weights = np.asarray(fan_in_uniform(jax.random.key(0), (100, 100), 24))
    assert -0.1 <= weights.min() < -0.0999
    assert 0.0999 < weights.max() <= 0.1
    assert weights.std() == pytest.approx(0.1 / 3**0.5, rel=0.02)


@pytest.mark.parametrize(("shape", "fan_in"), [((5, 5, 8, 12), 200), ((192, 30), 192)])
def test_a_kernels_fan_in_is_all_but_its_last_axis(shape: tuple[int, ...], fan_in: int):
    key = jax.random.key(1)
    np.testing.assert_array_equal(fan_in_kernel(key, shape), fan_in_uniform(key, shape, fan_in))


def test_flax_layers_take_it_as_an_initialiser():
    layer = nnx.Linear(24, 1000, kernel_init=fan_in_kernel, rngs=nnx.Rngs(params=0))
    assert 0.099 < float(abs(layer.kernel[...]).max()) <= 0.1
