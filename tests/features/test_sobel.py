from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import filters
from skimage.color import rgb2gray
from skimage.measure import block_reduce

from features.sobel import Feature

Images = NDArray[np.uint8]


def maps(images: Images, pool: int = 1):
    """Return strength, strength * cos 2t and strength * sin 2t, each [n, rows, columns]."""
    n, height, width, _ = images.shape
    vectors = Feature(pool=pool).transform(images)
    return np.moveaxis(vectors.reshape(n, height // pool, width // pool, 3), -1, 0)


def ramp(down: int, right: int, side: int = 8):
    """Return one image that gets lighter by `down` and `right` grey levels a pixel."""
    row, column = np.mgrid[:side, :side]
    return (128 + down * (row - side / 2) + right * (column - side / 2)).astype(np.uint8)[
        None, ..., None
    ]


def test_strength_is_that_of_scikit_image(images: Images):
    strength, _, _ = maps(images)
    for ours, image in zip(strength, images, strict=True):
        grey = rgb2gray(image) if image.shape[2] == 3 else image[..., 0] / 255
        np.testing.assert_allclose(ours, filters.sobel(grey, mode="reflect"), atol=1e-6)


def test_prewitts_strength_is_that_of_scikit_image(noise: Images):
    vectors = Feature(pool=1, operator="prewitt").transform(noise)
    strength = vectors.reshape(*noise.shape[:3], 3)[..., 0]
    for ours, image in zip(strength, noise, strict=True):
        expected = filters.prewitt(rgb2gray(image), mode="reflect")
        np.testing.assert_allclose(ours, expected, atol=1e-6)


def test_direction_is_that_of_scikit_image(images: Images):
    _, cosine, sine = maps(images)
    for i, image in enumerate(images):
        grey = rgb2gray(image) if image.shape[2] == 3 else image[..., 0] / 255
        down, right = filters.sobel_h(grey), filters.sobel_v(grey)
        strength, twice = np.hypot(down, right) / np.sqrt(2), 2 * np.arctan2(down, right)
        np.testing.assert_allclose(cosine[i], strength * np.cos(twice), atol=1e-6)
        np.testing.assert_allclose(sine[i], strength * np.sin(twice), atol=1e-6)


@pytest.mark.parametrize(
    ("down", "right", "cosine", "sine"),
    [(0, 4, 1, 0), (4, 4, 0, 1), (4, 0, -1, 0), (4, -4, 0, -1)],
    ids=["0 degrees", "45 degrees", "90 degrees", "135 degrees"],
)
def test_a_turned_edge_turns_twice_as_far(down: int, right: int, cosine: int, sine: int):
    inside = maps(ramp(down, right))[:, 0, 1:-1, 1:-1]
    strength = np.hypot(down, right) * 2 / 255 / np.sqrt(2)
    expected = strength * np.array([1, cosine, sine])
    np.testing.assert_allclose(inside, np.broadcast_to(expected, (6, 6, 3)).T, atol=1e-7)


def test_light_on_dark_equals_dark_on_light(images: Images):
    ours, inverted = Feature().transform(images), Feature().transform(255 - images)
    np.testing.assert_allclose(ours, inverted, atol=1e-6)


def test_pooled_maps_are_averages(digits: Images):
    for fine, coarse in zip(maps(digits), maps(digits, pool=4), strict=True):
        np.testing.assert_allclose(coarse, block_reduce(fine, (1, 4, 4), np.mean), atol=1e-6)


def test_rows_and_columns_that_fill_no_square_are_left_out(noise: Images):
    fine, coarse = maps(noise)[:, :, :28, :30], maps(noise, pool=2)
    np.testing.assert_allclose(coarse, block_reduce(fine, (1, 1, 2, 2), np.mean), atol=1e-6)


def test_a_shifted_image_shifts_the_maps(digits: Images):
    # Away from the border: beyond it the image is mirrored.
    shifted = np.roll(digits, (2, 4), axis=(1, 2))
    np.testing.assert_allclose(
        maps(shifted, 2)[:, :, 2:-1, 3:-1], maps(digits, 2)[:, :, 1:-2, 1:-3], atol=1e-7
    )


def test_constant_grey_has_no_edges():
    assert not Feature().transform(np.full((2, 9, 9, 3), 77, np.uint8)).any()


def test_grey_as_colour_is_the_same_to_the_byte(digits: Images):
    colour = np.repeat(digits, 3, axis=3)
    assert Feature().transform(colour).tobytes() == Feature().transform(digits).tobytes()


@pytest.mark.parametrize(
    ("shape", "pool", "length"), [((28, 28, 1), 2, 588), ((32, 32, 3), 4, 192), ((5, 7, 1), 2, 18)]
)
def test_length(shape: tuple[int, ...], pool: int, length: int):
    assert Feature(pool=pool).transform(np.zeros((1, *shape), np.uint8)).shape == (1, length)


@pytest.mark.parametrize(
    ("shape", "macs"),
    [
        ((28, 28, 1), 28 * 28 * (9 + 9) + 3 * 28 * 28),
        ((32, 32, 3), 32 * 32 * (3 + 9 + 9) + 3 * 32 * 32),
        ((5, 5, 1), 5 * 5 * (9 + 9) + 3 * 4 * 4),
    ],
)
def test_multiply_accumulates_by_hand(shape: tuple[int, ...], macs: int):
    assert Feature(pool=2).macs(shape) == macs


@pytest.mark.parametrize("pool", [0, -1, 1.5, True, "2"])
def test_pool_out_of_range(digits: Images, pool: int):
    with pytest.raises(ValueError, match=rf"^sobel: pool must be a whole number .* got {pool!r}$"):
        Feature(pool=pool).fit(digits)


def test_an_unknown_operator_is_refused(digits: Images):
    message = r"^sobel: operator must be one of sobel, prewitt, got 'roberts'$"
    with pytest.raises(ValueError, match=message):
        Feature(operator="roberts").fit(digits)


def test_too_small():
    message = r"^sobel: images of at least 4x4 pixels are needed for .* 4x4 pixels, got 3x9$"
    with pytest.raises(ValueError, match=message):
        Feature(pool=4).fit(np.zeros((1, 3, 9, 1), np.uint8))
