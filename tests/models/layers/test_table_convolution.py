"""Convolution by a connection table: only its connections have weights and influence."""

from __future__ import annotations

from contextlib import nullcontext

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from models.layers.convolution import direct
from models.layers.table_convolution import TableConvolution, everything

TABLE = ((0,), (1, 2), (2,), (3, 0, 1), (2, 3))


def layer(stride: int = 1, units: tuple[int, int] | None = None):
    made = TableConvolution(TABLE, 3, stride=stride, units=units, rngs=nnx.Rngs(params=0))
    made.bias[...] = jnp.arange(float(made.bias[...].size)).reshape(made.bias.shape)
    return made


def images(n: int = 2):
    values = np.random.default_rng(0).normal(size=(n, 8, 9, 4))
    return jnp.asarray(values.astype(np.float32))


def kernels_of(made: TableConvolution):
    """Return the kernels [3, 3, channels seen] of each map: fewest channels first, then by map."""
    order = sorted(range(len(TABLE)), key=lambda place: len(TABLE[place]))
    banks = [np.moveaxis(np.asarray(bank[...]), -1, 0) for bank in made.kernels]
    return dict(zip(order, (kernel for bank in banks for kernel in bank), strict=True))


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("counted", [False, True])
def test_each_map_by_hand(stride: int, counted: bool):
    made, seen = layer(stride), images()
    with direct() if counted else nullcontext():
        maps = jax.jit(lambda seen: made(seen))(seen)
    rows, columns = (8 - 3) // stride + 1, (9 - 3) // stride + 1
    assert maps.shape == (2, rows, columns, 5)
    for place, kernel in kernels_of(made).items():
        for row, column in ((0, 0), (1, 2), (rows - 1, columns - 1)):
            top, left = row * stride, column * stride
            window = np.asarray(seen)[:, top : top + 3, left : left + 3, list(TABLE[place])]
            expected = (window * kernel).sum((1, 2, 3)) + place
            np.testing.assert_allclose(maps[:, row, column, place], expected, rtol=1e-4, atol=1e-5)


def test_only_connections_have_weights():
    connections = sum(len(seen) for seen in TABLE)
    made = layer()
    assert sum(bank[...].size for bank in made.kernels) == 9 * connections
    assert [bank.shape for bank in made.kernels] == [(3, 3, 1, 2), (3, 3, 2, 2), (3, 3, 3, 1)]


def test_a_map_depends_on_its_channels_only():
    made = layer()
    alone = images(4) * jnp.eye(4)[:, None, None]  # image k has channel k only
    maps = np.asarray(jax.jit(lambda seen: made(seen))(alone)) - np.arange(5)
    influence = np.abs(maps).max((1, 2)) > 1e-3
    expected = [[channel in seen for seen in TABLE] for channel in range(4)]
    np.testing.assert_array_equal(influence, expected)


def test_gradients_agree_however_it_is_computed():
    graph, state = nnx.split(layer(stride=2))

    def loss(state: nnx.State, seen: jax.Array):
        return jnp.sin(nnx.merge(graph, state)(seen)).sum()

    dense = jax.jit(jax.grad(loss))(state, images())
    with direct():
        gathered = jax.jit(jax.grad(lambda *arguments: loss(*arguments)))(state, images())
    for ours, theirs in zip(jax.tree.leaves(dense), jax.tree.leaves(gathered), strict=True):
        assert np.abs(theirs).max() > 0.1
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def test_units_may_have_biases_of_their_own():
    made = layer(units=(6, 7))
    assert made.bias.shape == (6, 7, 5)
    maps = jax.jit(lambda seen: made(seen))(jnp.zeros((1, 8, 9, 4)))
    np.testing.assert_array_equal(maps[0], made.bias[...])


def test_everything_sees_everything():
    assert everything(3, 2) == ((0, 1, 2), (0, 1, 2))
