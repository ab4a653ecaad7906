"""Pictures of images, weights and kernels, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.drawing import mosaics


def test_images_lie_row_by_row_between_grey_lines():
    images = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 3, 1), np.uint8)
    sheet = mosaics.mosaic(images, 2)[..., 0]
    assert sheet.shape == (5, 7)
    assert (sheet[:2, :3] == 0).all()
    assert (sheet[:2, 4:] == 1).all()
    assert (sheet[3:, :3] == 2).all()
    assert (sheet[2] == mosaics.BETWEEN).all()
    assert (sheet[:, 3] == mosaics.BETWEEN).all()
    assert (sheet[3:, 4:] == mosaics.BETWEEN).all()  # no fourth image


def test_the_sign_of_a_weight_is_its_colour():
    weights = np.array([[[2.0, 0.0, -4.0]], [[0.0, 0.0, 0.0]]])
    drawn = mosaics.signed(weights)
    np.testing.assert_array_equal(drawn[0, 0, 0], np.rint(mosaics.POSITIVE / 2))
    np.testing.assert_array_equal(drawn[0, 0, 1], 0)
    np.testing.assert_array_equal(drawn[0, 0, 2], mosaics.NEGATIVE)
    assert (drawn[1] == 0).all()


def test_weights_on_pixels_only():
    coef = np.zeros((4, 2 * 3 * 3))
    coef[1, 4] = 1  # pixel (0, 1), its second colour
    drawn = mosaics.weight_images(coef, (2, 3, 3))
    assert drawn.shape == (4, 2, 3, 3)
    assert drawn[1, 0, 1].any()
    assert drawn.any(axis=-1).sum() == 1
    assert mosaics.weight_images(coef, (3, 3, 3)) is None


def test_kernels_of_the_first_convolution():
    bank = np.random.default_rng(0).normal(size=(5, 5, 1, 6))
    later = np.zeros((5, 5, 6, 16))
    drawn = mosaics.first_kernels({"bias": np.zeros(6), "c1": bank, "c3": later})
    assert drawn.shape == (6, 5, 5, 3)
    largest = np.abs(bank[..., 0, 2]).argmax()
    full = mosaics.POSITIVE if bank[..., 0, 2].flat[largest] > 0 else mosaics.NEGATIVE
    np.testing.assert_array_equal(drawn[2].reshape(25, 3)[largest], full)
    colours = mosaics.first_kernels({"c1": np.random.default_rng(0).normal(size=(5, 5, 3, 6))})
    assert (colours.min(axis=(1, 2, 3)) == 0).all()
    assert (colours.max(axis=(1, 2, 3)) == 255).all()
    assert mosaics.first_kernels({"hidden": np.zeros((4, 3))}) is None
    assert mosaics.first_kernels({"c3": later}) is None


def test_disagreements():
    right = {
        "hog": np.array([True, True, False, False, False]),
        "lenet": np.array([True, False, True, False, False]),
        "raw": np.array([False, False, False, True, False]),
    }
    found = [places.tolist() for _, places in mosaics.disagreements(right, "hog", "lenet")]
    assert found == [[1], [2], [4]]


@pytest.mark.parametrize("channels", [1, 3])
def test_thumbnails_are_means_of_squares(channels: int):
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 12, channels), np.uint8)
    small = mosaics.thumbnails(images, 6)
    means = images.reshape(2, 4, 2, 6, 2, channels).mean(axis=(2, 4))
    assert small.shape == (2, 4, 6, channels)
    assert np.abs(small - means).max() <= 0.5


def test_small_images_stay():
    images = np.zeros((2, 5, 4, 3), np.uint8)
    assert mosaics.thumbnails(images, 5) is images
