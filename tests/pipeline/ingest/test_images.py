from __future__ import annotations

import numpy as np
import pytest

from pipeline.ingest.images import crop_and_resize, place_on_black, resize


def checkerboard(n: int = 2, side: int = 8, channels: int = 1):
    board = np.indices((side, side)).sum(axis=0) % 2 * 255
    return np.broadcast_to(board[..., np.newaxis], (n, side, side, channels)).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [1, 4, 5, 8, 11, 32])
def test_resize_gives_the_size_asked_for(size: int, channels: int):
    resized = resize(checkerboard(channels=channels), size)
    assert resized.shape == (2, size, size, channels)
    assert resized.dtype == np.uint8


def test_resize_leaves_flat_images_flat():
    flat = np.full((1, 8, 8, 1), 77, np.uint8)
    for size in (3, 8, 32):
        assert (resize(flat, size) == 77).all()


def test_shrinking_averages():
    np.testing.assert_array_equal(resize(checkerboard(side=4), 2), np.full((2, 2, 2, 1), 128))


def test_enlarging_clips_where_the_cubic_overshoots():
    edge = np.zeros((1, 8, 8, 1), np.uint8)
    edge[:, :, 4:] = 255
    row = resize(edge, 32)[0, 16, :, 0].astype(int)
    assert row[0] == 0
    assert row[-1] == 255
    assert (np.diff(row[8:24]) >= 0).all()  # wrapped values would fall


@pytest.mark.parametrize(("size", "first"), [(28, 0), (29, 0), (31, 1), (32, 2)])
def test_larger_fields_hold_the_image_in_the_middle(size: int, first: int):
    images = np.random.default_rng(0).integers(1, 256, (2, 28, 28, 1), dtype=np.uint8)
    placed = place_on_black(images, size)
    assert placed.shape == (2, size, size, 1)
    np.testing.assert_array_equal(placed[:, first : first + 28, first : first + 28], images)
    assert np.count_nonzero(placed) == images.size


def test_smaller_fields_shrink_the_image():
    assert place_on_black(checkerboard(side=28), 14).shape == (2, 14, 14, 1)


@pytest.mark.parametrize("shape", [(4, 10), (10, 4), (5, 10), (1, 1000), (4, 4)])
def test_crop_keeps_the_middle_and_the_proportions(shape: tuple[int, int]):
    image = np.zeros((*shape, 3), np.uint8)
    side = min(shape)
    top, left = ((length - side) // 2 for length in shape)
    image[top : top + side, left : left + side] = 200
    assert (crop_and_resize(image, 7) == 200).all()
    assert crop_and_resize(image, 7).shape == (7, 7, 3)
