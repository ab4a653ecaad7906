"""What features share, by hand-made examples and against scikit-image."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import filters
from skimage.color import rgb2gray

from features.ops.cells import cell_pooling, cell_shares
from features.ops.gradients import PREWITT, SOBEL, gradients
from features.ops.grey import grey_levels
from features.ops.orientation import LARGEST, STEPS, gradient_codes, vote_table
from features.ops.pooling import average_pool

Images = NDArray[np.uint8]
Filter = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def code(down: int, right: int):
    return STEPS * (down + LARGEST) + right + LARGEST


def test_grey_is_the_luma_of_scikit_image(photos: Images):
    np.testing.assert_allclose(grey_levels(photos), rgb2gray(photos), atol=1e-12)


def test_equal_channels_give_exactly_the_same_grey():
    every = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    np.testing.assert_array_equal(grey_levels(np.repeat(every, 3, axis=3)), grey_levels(every))


@pytest.mark.parametrize(
    ("kernel", "down_of", "right_of"),
    [
        (SOBEL, filters.sobel_h, filters.sobel_v),
        (PREWITT, filters.prewitt_h, filters.prewitt_v),
    ],
)
def test_gradients_are_those_of_scikit_image(
    noise: Images, kernel: tuple[int, int, int], down_of: Filter, right_of: Filter
):
    grey = grey_levels(noise)
    down, right = (component / sum(kernel) for component in gradients(grey, kernel))
    for i, image in enumerate(grey):
        np.testing.assert_allclose(down[i], down_of(image), atol=1e-12)
        np.testing.assert_allclose(right[i], right_of(image), atol=1e-12)


def test_the_textbook_kernels():
    point = np.zeros((1, 5, 5))
    point[0, 2, 2] = 1
    down, right = gradients(point, SOBEL)
    # The response to a point is the kernel turned by 180 degrees.
    np.testing.assert_array_equal(right[0, 3:0:-1, 3:0:-1], [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    np.testing.assert_array_equal(down[0, 3:0:-1, 3:0:-1], [[-1, -2, -1], [0, 0, 0], [1, 2, 1]])


def test_averages_by_hand():
    maps = np.arange(15.0).reshape(1, 3, 5)
    np.testing.assert_array_equal(average_pool(maps, 2), [[[3, 5]]])


def test_a_cell_holds_its_own_pixels():
    assert cell_shares(7, 3, interpolate=False).tolist() == [
        [1, 1, 1, 0, 0, 0, 0],
        [0, 0, 0, 1, 1, 1, 0],
    ]


def test_a_pixel_is_shared_by_the_nearest_cells():
    np.testing.assert_allclose(
        cell_shares(8, 4, interpolate=True),
        [
            [0.625, 0.875, 0.875, 0.625, 0.375, 0.125, 0, 0],
            [0, 0, 0.125, 0.375, 0.625, 0.875, 0.875, 0.625],
        ],
    )


def test_pooling_shares_in_both_directions():
    rows, columns = cell_shares(8, 4, interpolate=True), cell_shares(12, 4, interpolate=True)
    image = np.random.default_rng(0).random((8, 12))
    cells = cell_pooling(8, 12, 4, interpolate=True) @ image.ravel()
    np.testing.assert_allclose(cells.reshape(2, 3), rows @ image @ columns.T, rtol=1e-6)


@pytest.mark.parametrize(
    ("down", "right", "votes"),
    [
        (0, 7, [7, 0, 0, 0, 0, 0, 0, 0, 0]),
        (0, -7, [7, 0, 0, 0, 0, 0, 0, 0, 0]),  # 180 degrees are 0 degrees
        (3, 3, [0, 0, 3 * sqrt(2), 0, 0, 0, 0, 0, 0]),
        (4, 0, [0, 0, 0, 0, 4, 0, 0, 0, 0]),
        (-1, 255, [0, 0, 0, 0, 0, 0, 0, 0, sqrt(65026)]),  # just under 180 degrees
        (0, 0, [0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ],
)
def test_votes_for_one_bin(down: int, right: int, votes: list[float]):
    np.testing.assert_allclose(vote_table(9, False)[code(down, right)], votes, rtol=1e-6)


@pytest.mark.parametrize(
    ("down", "right", "votes"),
    [
        (0, 8, [4, 0, 0, 0, 0, 0, 0, 0, 4]),  # half-way between the centres at 10 and 170
        (3, 3, [0, 0.75 * sqrt(2), 2.25 * sqrt(2), 0, 0, 0, 0, 0, 0]),  # 15 of 20 degrees from 30
        (4, 0, [0, 0, 0, 0, 4, 0, 0, 0, 0]),  # at the centre
    ],
)
def test_votes_shared_by_two_bins(down: int, right: int, votes: list[float]):
    np.testing.assert_allclose(vote_table(9, True)[code(down, right)], votes, rtol=1e-6, atol=1e-6)


def test_all_of_the_magnitude_is_voted():
    steps = np.arange(-LARGEST, LARGEST + 1)
    magnitude = np.hypot(steps[:, None], steps).ravel()
    for interpolate in (False, True):
        np.testing.assert_allclose(vote_table(7, interpolate).sum(axis=1), magnitude, rtol=1e-6)


def test_gradients_end_at_the_border():
    image = np.array([[0, 10, 30], [1, 2, 3], [5, 60, 255]], np.uint8)[None, ..., None]
    assert gradient_codes(image)[..., 0].tolist() == [
        [code(0, 0), code(0, 30), code(0, 0)],
        [code(5, 0), code(50, 2), code(225, 0)],
        [code(0, 0), code(0, 250), code(0, 0)],
    ]
