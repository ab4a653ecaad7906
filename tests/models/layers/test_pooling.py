"""Pooling: sums by hand, both ways to compute a maximum, the border rules of the papers."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.layers.pooling import average_pool, max_pool, pooled_side


def random(shape: tuple[int, ...]):
    return jnp.asarray(np.random.default_rng(0).normal(size=shape).astype(np.float32))


COUNTED = jnp.arange(16.0).reshape(1, 4, 4, 1)


def test_whole_windows_by_hand():
    np.testing.assert_array_equal(max_pool(COUNTED, 3, 1)[0, :, :, 0], [[10, 11], [14, 15]])
    np.testing.assert_array_equal(average_pool(COUNTED, 3, 1)[0, :, :, 0], [[5, 6], [9, 10]])
    np.testing.assert_array_equal(max_pool(COUNTED, 3, 2)[0, :, :, 0], [[10]])


def test_partial_windows_by_hand():
    maximum = max_pool(COUNTED, 3, 2, partial=True)
    average = average_pool(COUNTED, 3, 2, partial=True)
    np.testing.assert_array_equal(maximum[0, :, :, 0], [[10, 11], [14, 15]])
    # The last window holds 10, 11, 14 and 15 alone and is divided by 4, not by 9.
    np.testing.assert_allclose(average[0, :, :, 0], [[5, 6.5], [11, 12.5]])


def test_padding_is_never_the_largest_and_never_counts():
    maximum = max_pool(COUNTED - 100, 3, 2, padding=1)
    np.testing.assert_array_equal(maximum[0, :, :, 0], [[-95, -93], [-87, -85]])
    average = average_pool(COUNTED, 3, 2, padding=1)
    np.testing.assert_allclose(average[0, :, :, 0], [[2.5, 4], [8.5, 10]])


@pytest.mark.parametrize(
    ("shape", "window", "stride", "padding", "partial"),
    [
        ((2, 32, 32, 3), 3, 2, 0, True),
        ((2, 9, 14, 2), 3, 2, 0, True),
        ((1, 56, 55, 1), 3, 2, 0, False),
        ((2, 16, 15, 2), 3, 2, 1, False),
        ((2, 8, 9, 2), 2, 2, 0, False),
        ((1, 2, 1, 1), 3, 2, 0, True),
        ((1, 7, 8, 1), 2, 3, 1, True),
    ],
    ids=str,
)
def test_both_ways_agree(
    shape: tuple[int, ...],
    window: int,
    stride: int,
    padding: int,
    partial: bool,
    monkeypatch: pytest.MonkeyPatch,
):
    maps = random(shape)

    def pooled_and_gradient():
        pooled, back = jax.vjp(
            lambda maps: max_pool(maps, window, stride, padding=padding, partial=partial), maps
        )
        return pooled, *back(jnp.cos(jnp.arange(float(pooled.size))).reshape(pooled.shape))

    views = pooled_and_gradient()
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    windows = pooled_and_gradient()
    for ours, theirs in zip(views, windows, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


def test_equal_values_share_the_gradient():
    gradient = jax.grad(lambda maps: max_pool(maps, 2, 2).sum())(jnp.ones((1, 2, 2, 1)))
    assert float(gradient.sum()) == 1
    assert (gradient > 0).all()


@pytest.mark.parametrize("pool", [max_pool, average_pool])
@pytest.mark.parametrize("side", [2, 3, 4, 8, 27, 55])
@pytest.mark.parametrize(("padding", "partial"), [(0, False), (0, True), (1, False)])
def test_the_side_that_is_left(pool, side: int, padding: int, partial: bool):  # noqa: ANN001
    if (expected := pooled_side(side, 3, 2, padding, partial)) > 0:
        maps = jax.eval_shape(
            lambda maps: pool(maps, 3, 2, padding=padding, partial=partial),
            jax.ShapeDtypeStruct((1, side, side, 1), jnp.float32),
        )
        assert maps.shape == (1, expected, expected, 1)
    else:
        assert side < 3


@pytest.mark.parametrize(
    ("side", "expected"), [(32, 16), (16, 8), (8, 4), (55, 27), (27, 13), (13, 6)]
)
def test_sides_of_krizhevskys_networks(side: int, expected: int):
    assert pooled_side(side, 3, 2, partial=True) == expected


@pytest.mark.parametrize(("partial", "expected"), [(False, 3), (True, 4)])
def test_a_partial_window_starts_behind_the_padding_of_both_sides(partial: bool, expected: int):
    assert pooled_side(6, 3, 2, padding=1, partial=partial) == expected  # 1 of 8 pixels is left
