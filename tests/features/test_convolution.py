"""Convolution and pooling: the worked examples of a lecture, SciPy, and the networks' layers."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal
from skimage.measure import block_reduce

from features.ops.convolution import convolve, cross_correlate, output_size
from features.ops.pooling import average_pool, max_pool
from models.layers import convolution as layer

SOBEL_RIGHT = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=float)


def one(image: object):
    """Make a batch of one image with one channel."""
    return np.array(image, dtype=float)[None, ..., None]


def filtered(image: object, kernel: object, *, flip: bool = False, **options: int):
    """Filter one image with one kernel, both as rows of numbers."""
    kernels = np.array(kernel, dtype=float)[..., None, None]
    return (convolve if flip else cross_correlate)(one(image), kernels, **options)[0, ..., 0]


def test_a_bar_has_a_rising_and_a_falling_edge():
    image = [[0, 0, 0, 1, 1, 1, 1, 0, 0, 0]] * 10
    edges = filtered(image, [[-1, 0, 1]] * 3)
    assert edges.tolist() == [[0, 3, 3, 0, 0, -3, -3, 0]] * 8


def test_zero_padding_keeps_the_size_and_weakens_the_border():
    image = [[0, 0, 1, 1, 1, 1, 0, 0]] * 8
    edges = filtered(image, [[-1, 0, 1]] * 3, padding=1)
    assert edges.shape == (8, 8)
    assert edges[0].tolist() == edges[-1].tolist() == [0, 2, 2, 0, 0, -2, -2, 0]
    assert edges[1:-1].tolist() == [[0, 3, 3, 0, 0, -3, -3, 0]] * 6


@pytest.mark.parametrize("kernel", [SOBEL_RIGHT, SOBEL_RIGHT.T], ids=["right", "down"])
def test_the_sobel_kernels_on_both_edges(kernel: NDArray[np.float64]):
    rising = np.array([[0, 0, 1, 1]] * 4)
    along, across = (rising, rising.T) if kernel is SOBEL_RIGHT else (rising.T, rising)
    assert (filtered(along, kernel) == 4).all()
    assert (filtered(across, kernel) == 0).all()


def test_a_diagonal_kernel_finds_its_diagonal():
    diagonal = np.eye(4)
    assert filtered(np.eye(6), diagonal).tolist() == [[4, 0, 0], [0, 4, 0], [0, 0, 4]]
    shifted = np.eye(4, 6, 1)  # one column to the right
    assert filtered(shifted, diagonal).tolist() == [[0, 4, 0]]
    assert filtered(np.eye(4)[::-1], diagonal, padding=1)[1:2].tolist() == [[1, 0, 1]]


def test_the_last_position_counts():
    # A loop up to height - rows, without + 1, would miss the last row and column.
    corner = np.zeros((5, 5))
    corner[-1, -1] = 7
    assert filtered(corner, np.ones((2, 2))).tolist()[-1] == [0, 0, 0, 7]


def test_stride_two_with_a_quarter_each_halves_the_image():
    image = np.arange(16).reshape(4, 4)
    halved = filtered(image, np.full((2, 2), 0.25), stride=2)
    assert halved.tolist() == [[2.5, 4.5], [10.5, 12.5]]
    np.testing.assert_array_equal(average_pool(one(image), 2)[0, ..., 0], halved)


def test_convolution_turns_the_kernel_around():
    point = np.zeros((5, 5))
    point[2, 2] = 1
    kernel = np.arange(9).reshape(3, 3)
    assert filtered(point, kernel, flip=True).tolist() == kernel.tolist()
    assert filtered(point, kernel).tolist() == kernel[::-1, ::-1].tolist()


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("size", [(3, 3), (2, 5), (1, 4)], ids=str)
def test_one_channel_as_scipy(size: tuple[int, int], padding: int, stride: int):
    rng = np.random.default_rng(0)
    image, kernel = rng.normal(size=(9, 12)), rng.normal(size=size)
    padded = np.pad(image, padding)
    for flip, reference in ((False, signal.correlate2d), (True, signal.convolve2d)):
        expected = reference(padded, kernel, mode="valid")[::stride, ::stride]
        found = filtered(image, kernel, flip=flip, stride=stride, padding=padding)
        np.testing.assert_allclose(found, expected, atol=1e-12)
        assert found.shape == tuple(
            output_size(length, taps, stride, padding)
            for length, taps in zip(image.shape, size, strict=True)
        )


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (1, 2), (2, 1), (4, 3)])
def test_channels_and_filters_as_the_networks_layer(stride: int, padding: int):
    rng = np.random.default_rng(1)
    images = rng.normal(size=(3, 11, 14, 4)).astype(np.float32)
    kernels = rng.normal(size=(5, 3, 4, 6)).astype(np.float32)
    found = cross_correlate(images, kernels, stride, padding)
    expected = layer.convolve(jnp.asarray(images), jnp.asarray(kernels), stride, padding)
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_other_images_change_no_byte():
    images = np.random.default_rng(2).normal(size=(5, 8, 8, 3))
    kernels = np.random.default_rng(3).normal(size=(3, 3, 3, 2))
    together = cross_correlate(images, kernels)
    for image, maps in zip(images, together, strict=True):
        assert cross_correlate(image[None], kernels)[0].tobytes() == maps.tobytes()


def test_inputs_stay_as_they_are():
    images, kernels = np.ones((1, 4, 4, 1)), np.arange(9.0).reshape(3, 3, 1, 1)
    cross_correlate(images, kernels, padding=1)
    convolve(images, kernels)
    assert (images == 1).all()
    assert kernels.ravel().tolist() == list(range(9))


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "expected"),
    [
        (10, 3, 1, 0, 8),
        (8, 3, 1, 1, 8),
        (32, 5, 1, 0, 28),  # C1 of LeNet-5
        (28, 2, 2, 0, 14),  # S2
        (224, 11, 4, 2, 55),  # the first layer of AlexNet
        (7, 2, 2, 0, 3),
        (3, 3, 5, 0, 1),
    ],
)
def test_output_size_by_hand(size: int, kernel: int, stride: int, padding: int, expected: int):
    assert output_size(size, kernel, stride, padding) == expected


@pytest.mark.parametrize("numbers", [(0, 1), (3, 0), (3, 1, 0), (3, 1, 1, -1), (3, 6, 1, 1)])
def test_impossible_sizes_are_refused(numbers: tuple[int, ...]):
    with pytest.raises(ValueError, match=r"^convolution: "):
        output_size(*numbers)


@pytest.mark.parametrize("kernels", [(3, 3, 2, 1), (3, 3), (5, 3, 1, 1)], ids=str)
def test_kernels_that_do_not_fit_are_refused(kernels: tuple[int, ...]):
    with pytest.raises(ValueError, match=r"^convolution: "):
        cross_correlate(np.ones((1, 4, 4, 1)), np.ones(kernels))


def test_pooling_by_hand():
    image = one([[1, 2, 0, 9, 5], [3, 4, 0, 0, 5], [7, 0, 8, 0, 5]])
    assert average_pool(image, 2)[0, ..., 0].tolist() == [[2.5, 2.25]]
    assert max_pool(image, 2)[0, ..., 0].tolist() == [[4, 9]]
    assert max_pool(image, 2, stride=1)[0, ..., 0].tolist() == [[4, 4, 9, 9], [7, 8, 8, 5]]
    assert average_pool(image, 3, stride=2)[0, ..., 0].tolist() == [[25 / 9, 32 / 9]]


@pytest.mark.parametrize("pool", [2, 3, 5])
def test_pooling_as_scikit_image(pool: int):
    maps = np.random.default_rng(4).normal(size=(2, 15, 30, 4)).astype(np.float32)
    maps = maps[:, : 15 // pool * pool]
    maps = maps[:, :, : 30 // pool * pool]
    for ours, theirs in ((average_pool, np.mean), (max_pool, np.max)):
        expected = block_reduce(maps, (1, pool, pool, 1), theirs)
        found = ours(maps, pool)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_lectures_counts():
    # A layer's weights are those of its kernels, with one bias a filter.
    s2_to_c3 = np.zeros((5, 5, 6, 16))
    assert s2_to_c3.size == 2_400
    assert cross_correlate(np.zeros((1, 14, 14, 6)), s2_to_c3).shape == (1, 10, 10, 16)
    whole_image = np.zeros((28, 28, 1, 10))  # logistic regression is a kernel as large as the image
    assert whole_image.size + 10 == 7_850
    assert cross_correlate(np.zeros((1, 28, 28, 1)), whole_image).shape == (1, 1, 1, 10)
