"""Trainable subsampling by hand."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from flax import nnx

from models.layers.squashing import squash
from models.layers.subsampling import Subsampling


def test_each_map_is_summed_scaled_shifted_and_squashed():
    layer = Subsampling(2, rngs=nnx.Rngs(params=0))
    layer.coefficient[...] = jnp.array([0.25, -1.0])
    layer.bias[...] = jnp.array([0.0, 0.5])
    maps = np.zeros((1, 2, 4, 2), np.float32)
    maps[0, :, :, 0] = [[1, 2, 5, 5], [3, 4, 5, 5]]
    maps[0, :, :, 1] = [[0, 1, 0, 0], [0, 0, 0, 0]]
    expected = [[[2.5, -0.5], [5.0, 0.5]]]
    np.testing.assert_allclose(layer(maps)[0], squash(jnp.array(expected)), rtol=1e-6)


def test_a_last_odd_row_and_column_are_left_out():
    layer = Subsampling(1, rngs=nnx.Rngs(params=0))
    maps = np.random.default_rng(0).normal(size=(2, 5, 7, 1)).astype(np.float32)
    assert layer(maps).shape == (2, 2, 3, 1)
    np.testing.assert_array_equal(layer(maps), layer(maps[:, :4, :6]))


def test_first_coefficients_depend_on_the_four_units_of_a_square():
    layer = Subsampling(1000, rngs=nnx.Rngs(params=0))
    assert 0.59 < float(abs(layer.coefficient[...]).max()) <= 0.6
    assert not layer.bias[...].any()
