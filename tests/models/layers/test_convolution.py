"""Convolution: both ways to compute it agree with each other and with the sums by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from models.layers import convolution
from models.layers.convolution import Convolution, convolve, direct


def random(shape: tuple[int, ...], seed: int):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def primitives(*arguments: jax.Array | int):
    """Name what `convolve` is traced into; numbers among its arguments stay numbers."""
    images, kernel, *numbers = arguments
    jaxpr = jax.make_jaxpr(lambda images, kernel: convolve(images, kernel, *numbers))(
        images, kernel
    )
    return {equation.primitive.name for equation in jaxpr.eqns}


@pytest.mark.parametrize(
    ("images", "kernel", "stride", "padding"),
    [
        ((2, 32, 32, 1), (5, 5, 1, 6), 1, 0),  # C1 of LeNet-5
        ((2, 14, 14, 6), (5, 5, 6, 16), 1, 0),  # C3
        ((2, 16, 16, 1), (5, 5, 1, 12), 1, 2),
        ((3, 9, 7, 3), (3, 2, 3, 4), 1, 1),
        ((1, 5, 5, 2), (5, 5, 2, 3), 1, 0),  # one position
        ((1, 5, 5, 2), (5, 5, 2, 3), 1, 4),
        ((2, 4, 6, 2), (1, 1, 2, 2), 1, 0),
        ((1, 1, 3, 1), (1, 3, 1, 1), 1, 0),
        ((2, 32, 32, 3), (5, 5, 3, 32), 1, 2),  # cuda-convnet
        ((2, 32, 33, 1), (5, 5, 1, 32), 1, 2),
        ((2, 33, 32, 3), (3, 3, 3, 16), 1, 1),  # ResNet-20
        ((1, 31, 40, 4), (5, 4, 4, 32), 1, 0),
        ((2, 16, 16, 1), (5, 5, 1, 12), 2, 2),  # the zip-code network
        ((1, 23, 30, 3), (11, 11, 3, 4), 4, 2),  # AlexNet
        ((2, 9, 10, 2), (2, 3, 2, 3), 3, 1),
    ],
    ids=str,
)
def test_products_of_matrices_are_the_convolution(
    images: tuple[int, ...], kernel: tuple[int, ...], stride: int, padding: int
):
    arrays = random(images, 0), random(kernel, 1)
    assert "conv_general_dilated" not in primitives(*arrays, stride, padding)

    @jax.jit
    def maps_and_gradients(images: jax.Array, kernel: jax.Array):
        maps, back = jax.vjp(lambda *arrays: convolve(*arrays, stride, padding), images, kernel)
        return maps, *back(jnp.sin(jnp.arange(float(maps.size)).reshape(maps.shape)))

    products = maps_and_gradients(*arrays)
    maps_and_gradients.clear_cache()
    with direct():
        reference = maps_and_gradients(*arrays)
    for ours, theirs in zip(products, reference, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 * np.abs(theirs).max())


@pytest.mark.parametrize(
    ("stride", "padding", "groups"), [(2, 0, 1), (3, 1, 1), (1, 1, 2), (1, 0, 4), (2, 2, 4)]
)
def test_strides_and_groups_by_hand(stride: int, padding: int, groups: int):
    images, kernel = random((2, 8, 9, 4), 0), random((3, 3, 4 // groups, 8), 1)
    maps = np.asarray(convolve(images, kernel, stride, padding, groups))
    rows, columns = ((side + 2 * padding - 3) // stride + 1 for side in (8, 9))
    assert maps.shape == (2, rows, columns, 8)
    padded = np.pad(images, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    for row in range(rows):
        for column in range(columns):
            top, left = row * stride, column * stride
            for filter_ in range(8):
                group = filter_ // (8 // groups)
                seen = slice(group * 4 // groups, (group + 1) * 4 // groups)
                window = padded[:, top : top + 3, left : left + 3, seen]
                expected = (window * np.asarray(kernel)[..., filter_]).sum((1, 2, 3))
                np.testing.assert_allclose(
                    maps[:, row, column, filter_], expected, rtol=1e-4, atol=1e-5
                )


@pytest.mark.parametrize(
    ("channels", "groups", "product"), [(12, 1, True), (13, 1, False), (4, 2, False)]
)
def test_only_few_channels_become_a_product(channels: int, groups: int, product: bool):
    arrays = random((1, 8, 8, channels), 0), random((3, 3, channels // groups, 2), 1)
    assert ("dot_general" in primitives(*arrays, 1, 0, groups)) == product


def test_one_position_is_a_product_whatever_the_channels():
    arrays = random((2, 5, 5, 16), 0), random((5, 5, 16, 120), 1)  # C5 of LeNet-5
    assert "dot_general" in primitives(*arrays)


def test_direct_holds_inside_its_block_only():
    arrays = random((1, 8, 8, 1), 0), random((3, 3, 1, 2), 1)
    with direct():
        assert "conv_general_dilated" in primitives(*arrays)
    assert "conv_general_dilated" not in primitives(*arrays)


@pytest.mark.parametrize("use_bias", [True, False])
def test_the_layer_adds_one_bias_a_filter(use_bias: bool):
    layer = Convolution(4, 6, 3, padding=1, groups=2, use_bias=use_bias, rngs=nnx.Rngs(params=0))
    assert layer.kernel.shape == (3, 3, 2, 6)
    images = random((2, 5, 5, 4), 0)
    maps = convolve(images, layer.kernel[...], 1, 1, 2)
    if use_bias:
        layer.bias[...] = jnp.arange(6.0)
        maps += jnp.arange(6.0)
    assert (layer.bias is None) != use_bias
    np.testing.assert_allclose(layer(images), maps, rtol=1e-6)


def test_first_kernels_keep_the_variance():
    layer = Convolution(16, 64, 5, rngs=nnx.Rngs(params=0))
    assert float(layer.kernel[...].std()) == pytest.approx((16 * 5 * 5) ** -0.5, rel=0.02)
    assert not layer.bias[...].any()


def test_first_kernels_and_biases_as_a_paper_wants_them():
    gaussian = nnx.initializers.normal(0.01)
    rngs = nnx.Rngs(params=0)
    layer = Convolution(16, 64, 5, kernel_init=gaussian, initial_bias=1.0, rngs=rngs)
    assert float(layer.kernel[...].std()) == pytest.approx(0.01, rel=0.02)
    np.testing.assert_array_equal(layer.bias[...], np.ones(64, np.float32))


def test_he_normal_is_a_gaussian_of_variance_two_over_the_inputs():
    draws = np.asarray(convolution.HE_NORMAL(jax.random.key(0), (5, 5, 16, 64)))
    assert draws.std() == pytest.approx((2 / (16 * 5 * 5)) ** 0.5, rel=0.02)
    assert np.abs(draws).max() > 3 * draws.std()  # not cut off at two deviations
