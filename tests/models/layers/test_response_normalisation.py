"""Local response normalisation against its formula, unit by unit."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.layers.response_normalisation import across_maps, within_maps


def random(shape: tuple[int, ...], scale: float = 1):
    return scale * np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("channels", [1, 3, 8])
def test_across_maps_is_equation_1(channels: int, n: int):
    maps = random((2, 3, 2, channels), scale=50)
    expected = np.empty_like(maps)
    for i in range(channels):
        # The paper's bounds, whole numbers: from max(0, i - n/2) to min(N - 1, i + n/2).
        seen = maps[..., max(0, i - n // 2) : min(channels - 1, i + (n - 1) // 2) + 1]
        expected[..., i] = maps[..., i] / (2 + 1e-4 * (seen**2).sum(-1)) ** 0.75
    np.testing.assert_allclose(across_maps(maps, n=n), expected, rtol=1e-5)


def test_across_maps_by_hand():
    # A lone unit of 200 in five maps: 2 + 0.0001 * 40,000 = 6.
    maps = np.full((1, 1, 1, 5), 0, np.float32)
    maps[..., 2] = 200
    assert float(across_maps(maps)[0, 0, 0, 2]) == pytest.approx(200 / 6**0.75)


def test_within_maps_is_the_layer_of_cuda_convnet():
    maps = random((2, 4, 5, 3), scale=200)
    expected = np.empty_like(maps)
    for row in range(4):
        for column in range(5):
            seen = maps[:, max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
            squares = (seen**2).sum((1, 2))
            expected[:, row, column] = maps[:, row, column] / (1 + 5e-5 / 9 * squares) ** 0.75
    np.testing.assert_allclose(within_maps(maps), expected, rtol=1e-5)


@pytest.mark.parametrize("normalise", [across_maps, within_maps])
def test_the_gradient_is_the_difference_quotient(normalise):  # noqa: ANN001
    maps, towards = random((1, 3, 3, 4), scale=100), random((1, 3, 3, 4))
    _, along = jax.jvp(normalise, (jnp.asarray(maps),), (jnp.asarray(towards),))
    step = 0.5
    quotient = (normalise(maps + step * towards) - normalise(maps - step * towards)) / (2 * step)
    np.testing.assert_allclose(along, quotient, atol=1e-3)
    backwards = jax.grad(lambda maps: jnp.vdot(normalise(maps), towards))(jnp.asarray(maps))
    assert float(jnp.vdot(backwards, towards)) == pytest.approx(
        float(jnp.vdot(along, towards)), rel=1e-4
    )
