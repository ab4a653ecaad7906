"""Batch normalisation in networks that compute in fewer bits than their averages have."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from models.layers.normalisation import batch_norm


def test_maps_keep_their_type_and_averages_theirs():
    norm = nnx.eval_shape(lambda: batch_norm(3, rngs=nnx.Rngs(0)))
    graph, state = nnx.split(norm)

    def call(state: nnx.State, maps: jax.Array):
        norm = nnx.merge(graph, state)
        return norm(maps), nnx.state(norm)

    for dtype in (jnp.bfloat16, jnp.float32):
        maps = jax.ShapeDtypeStruct((8, 4, 4, 3), dtype)
        normal, after = jax.eval_shape(call, state, maps)
        assert normal.dtype == dtype
        assert {leaf.dtype for leaf in jax.tree.leaves(after)} == {np.dtype(np.float32)}


def test_a_batch_becomes_even_and_moves_the_averages_by_a_tenth():
    norm = batch_norm(1, rngs=nnx.Rngs(0))
    maps = jnp.array([0.03 - 0.004, 0.03 + 0.004]).reshape(2, 1, 1, 1)  # a variance of 1.6e-5
    expected = np.array([-0.004, 0.004]) / np.sqrt(1.6e-5 + 1e-5)
    np.testing.assert_allclose(norm(maps).ravel(), expected, rtol=2e-3)
    np.testing.assert_allclose(norm.mean[...], [0.1 * 0.03], rtol=1e-5)
    np.testing.assert_allclose(norm.var[...], [0.9 + 0.1 * 1.6e-5], rtol=1e-6)
