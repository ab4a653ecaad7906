from __future__ import annotations

import numpy as np
import pytest

from features.tiny_image import Feature


def test_each_value_is_the_mean_of_a_square():
    squares = np.array([[0, 50], [100, 250]], np.uint8)
    image = np.kron(squares, np.ones((4, 4), np.uint8))
    image[0, 0], image[3, 3] = 0, 0
    expected = squares.ravel() - squares.mean()
    vector = Feature(side=2).transform(image[None, :, :, None])[0]
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-6)


def test_sides_that_are_no_multiple_share_their_pixels():
    image = np.array([[0, 30, 90], [0, 30, 90], [0, 30, 90]], np.uint8)[None, :, :, None]
    halves = np.array([(0 + 30 / 2) / 1.5, (30 / 2 + 90) / 1.5] * 2)
    expected = halves - halves.mean()
    vector = Feature(side=2).transform(image)[0]
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-6)


def test_brightness_and_contrast_do_not_matter():
    image = np.random.default_rng(0).integers(0, 100, (1, 64, 64, 3), np.uint8)
    brighter = (image * 2 + 30).astype(np.uint8)
    feature = Feature(side=32)
    np.testing.assert_allclose(feature.transform(brighter), feature.transform(image), atol=1e-6)


def test_colours_stay_in_their_places():
    red = np.zeros((1, 32, 32, 3), np.uint8)
    red[..., 0] = 255
    vector = Feature(side=32).transform(red).reshape(32, 32, 3)
    assert (vector[..., 0] > 0).all()
    assert (vector[..., 1:] < 0).all()


def test_a_flat_image_is_zero():
    assert not Feature().transform(np.full((1, 40, 40, 1), 77, np.uint8)).any()


@pytest.mark.parametrize(("side", "channels"), [(32, 3), (16, 1)])
def test_length(side: int, channels: int):
    images = np.zeros((2, 50, 40, channels), np.uint8)
    assert Feature(side=side).transform(images).shape == (2, side * side * channels)
    assert Feature(side=side).macs((50, 40, channels)) == (2000 + 3 * side * side) * channels


def test_images_are_not_enlarged():
    with pytest.raises(ValueError, match=r"^tiny_image: images of at least 32x32 pixels"):
        Feature(side=32).transform(np.zeros((1, 28, 28, 1), np.uint8))
