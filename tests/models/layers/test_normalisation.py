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
