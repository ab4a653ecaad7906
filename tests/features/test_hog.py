from __future__ import annotations

from itertools import product
from math import atan2, floor, hypot, pi, sqrt
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import feature

from features.hog import Feature

Images = NDArray[np.uint8]


def reference(images: Images, orientations: int, cell: int, block: int):
    """Return scikit-image's vectors, image by image."""
    colour = images.shape[3] == 3
    return np.array(
        [
            feature.hog(
                image if colour else image[..., 0],
                orientations=orientations,
                pixels_per_cell=(cell, cell),
                cells_per_block=(block, block),
                block_norm="L2-Hys",
                transform_sqrt=False,
                feature_vector=True,
                channel_axis=-1 if colour else None,
            )
            for image in images
        ]
    )


def by_the_paper(image: Images, orientations: int = 9, cell: int = 4, block: int = 2):
    """Vote pixel by pixel for the two nearest bins and the four nearest cells: the slow way."""
    grey = image[..., 0].astype(float)
    height, width = grey.shape
    rows, columns = height // cell, width // cell
    cells = np.zeros((rows, columns, orientations))
    for y, x in product(range(height), range(width)):
        down = grey[y + 1, x] - grey[y - 1, x] if 0 < y < height - 1 else 0
        right = grey[y, x + 1] - grey[y, x - 1] if 0 < x < width - 1 else 0
        angle = atan2(down, right) % pi / pi * orientations - 0.5
        at = (angle, (y + 0.5) / cell - 0.5, (x + 0.5) / cell - 0.5)
        low = [floor(position) for position in at]
        for corner in product((0, 1), repeat=3):
            weight = hypot(down, right)
            for position, start, step in zip(at, low, corner, strict=True):
                weight *= 1 - abs(position - (start + step))
            o, i, j = (start + step for start, step in zip(low, corner, strict=True))
            if 0 <= i < rows and 0 <= j < columns:
                cells[i, j, o % orientations] += weight / cell**2
    vector = []
    for i, j in product(range(rows - block + 1), range(columns - block + 1)):
        values = cells[i : i + block, j : j + block].ravel()
        values = values / sqrt((values**2).sum() + 1e-10)
        values = np.minimum(values, 0.2)
        vector.append(values / sqrt((values**2).sum() + 1e-10))
    return np.concatenate(vector)


def ramp(down: int, right: int):
    """Return one 16x16 image that gets lighter by `down` and `right` grey levels a pixel."""
    row, column = np.mgrid[:16, :16]
    return (128 + down * (row - 8) + right * (column - 8)).astype(np.uint8)[None, ..., None]


@pytest.mark.parametrize(("orientations", "cell", "block"), [(9, 4, 2), (8, 6, 1), (12, 8, 3)])
def test_nearest_votes_are_those_of_scikit_image(
    images: Images, orientations: int, cell: int, block: int
):
    ours = Feature(orientations, cell, block, votes="nearest").transform(images)
    np.testing.assert_allclose(ours, reference(images, orientations, cell, block), atol=1e-6)


def test_faint_images_are_those_of_scikit_image(digits: Images):
    # Gradients so small that the constant under the square root shows.
    faint = digits // 200
    ours = Feature(votes="nearest").transform(faint)
    np.testing.assert_allclose(ours, reference(faint, 9, 4, 2), atol=1e-6)


@pytest.mark.parametrize(("orientations", "cell", "block"), [(9, 4, 2), (6, 5, 2), (1, 3, 1)])
def test_bilinear_votes_are_those_of_the_paper(
    noise: Images, orientations: int, cell: int, block: int
):
    images = noise[:3, :17, :18, :1]
    ours = Feature(orientations, cell, block, votes="bilinear").transform(images)
    expected = [by_the_paper(image, orientations, cell, block) for image in images]
    np.testing.assert_allclose(ours, expected, atol=1e-6)


def test_bilinear_is_the_default(digits: Images):
    expected = by_the_paper(digits[0])
    np.testing.assert_allclose(Feature().transform(digits[:1])[0], expected, atol=1e-6)


def test_the_rule_of_voting_matters(digits: Images):
    nearest, bilinear = (Feature(votes=rule).transform(digits) for rule in ("nearest", "bilinear"))
    assert nearest.shape == bilinear.shape
    assert abs(nearest - bilinear).max() > 0.1


@pytest.mark.parametrize(
    ("down", "right", "nearest", "bilinear"),
    [
        (0, 6, [0], [0, 8]),  # 0 degrees: the border of the first and the last bin
        (3, 6, [1], [0, 1]),  # 27 degrees, in 20-40, next to the centre at 10
        (6, 6, [2], [1, 2]),  # 45 degrees, in 40-60, next to the centre at 30
        (6, 0, [4], [4]),  # 90 degrees: the centre of the middle bin
        (6, -6, [6], [6, 7]),  # 135 degrees, in 120-140, next to the centre at 150
        (-6, 6, [6], [6, 7]),  # the same without sign
        (-6, 0, [4], [4]),
    ],
)
def test_a_turned_edge_moves_to_its_bin(
    down: int, right: int, nearest: list[int], bilinear: list[int]
):
    for votes, bins in (("nearest", nearest), ("bilinear", bilinear)):
        blocks = Feature(votes=votes).transform(ramp(down, right)).reshape(3, 3, 2, 2, 9)
        inside = blocks[1, 1].sum(axis=(0, 1))  # the others see the border, where gradients end
        assert np.flatnonzero(inside > 1e-6).tolist() == bins, votes


def test_light_on_dark_equals_dark_on_light(images: Images):
    ours, inverted = Feature().transform(images), Feature().transform(255 - images)
    np.testing.assert_allclose(ours, inverted, atol=1e-6)


def test_contrast_does_not_matter(digits: Images):
    dim = digits // 4
    np.testing.assert_allclose(
        Feature().transform(dim * 4), Feature().transform(dim), rtol=0, atol=1e-4
    )


def test_an_image_shifted_by_a_cell_shifts_the_blocks(digits: Images):
    padded = np.pad(digits, ((0, 0), (8, 8), (8, 8), (0, 0)), mode="edge")
    shifted = np.roll(padded, (4, 8), axis=(1, 2))
    blocks, later = (
        Feature().transform(batch).reshape(-1, 10, 10, 36) for batch in (padded, shifted)
    )
    np.testing.assert_allclose(later[:, 3:-1, 4:-1], blocks[:, 2:-2, 2:-3], atol=1e-6)


def test_blocks_have_unit_length(noise: Images):
    lengths = np.linalg.norm(Feature().transform(noise).reshape(-1, 36), axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-5)


def test_constant_grey_has_no_gradients():
    assert not Feature().transform(np.full((2, 16, 16, 3), 77, np.uint8)).any()


def test_grey_as_colour_is_the_same_to_the_byte(digits: Images):
    colour = np.repeat(digits, 3, axis=3)
    assert Feature().transform(colour).tobytes() == Feature().transform(digits).tobytes()


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_the_channel_with_the_largest_gradient_counts(digits: Images, channel: int):
    colour = np.repeat(digits // 2, 3, axis=3)
    colour[..., channel] = digits[..., 0]
    assert Feature().transform(colour).tobytes() == Feature().transform(digits).tobytes()


@pytest.mark.parametrize(
    ("height", "width", "cell", "length"),
    [(128, 64, 8, 3780), (28, 28, 7, 324), (28, 28, 4, 1296), (32, 32, 8, 324)],
)
@pytest.mark.parametrize("votes", ["bilinear", "nearest"])
def test_length(height: int, width: int, cell: int, length: int, votes: str):
    images = np.zeros((2, height, width, 1), np.uint8)
    assert Feature(pixels_per_cell=cell, votes=votes).transform(images).shape == (2, length)


@pytest.mark.parametrize(
    ("shape", "cell", "votes", "macs"),
    [
        # Differences, votes, sums of squares.
        ((28, 28, 1), 4, "nearest", 28 * 28 * 6 + 28 * 28 + 2 * 1296),
        ((32, 32, 3), 8, "nearest", 32 * 32 * 3 * 6 + 32 * 32 + 2 * 324),
        # Of 28 pixels, two at each end share in one cell, 24 in two.
        ((28, 28, 1), 4, "bilinear", 28 * 28 * 6 + 2 * (24 * 2 + 4) ** 2 + 2 * 1296),
    ],
)
def test_multiply_accumulates_by_hand(shape: tuple[int, ...], cell: int, votes: str, macs: int):
    assert Feature(pixels_per_cell=cell, votes=votes).macs(shape) == macs


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"orientations": 0}, "orientations must be a whole number of at least 1, got 0"),
        ({"pixels_per_cell": 4.0}, "pixels_per_cell must be a whole number .* got 4.0"),
        ({"cells_per_block": -2}, "cells_per_block must be a whole number .* got -2"),
        ({"votes": "cubic"}, "votes must be one of bilinear, nearest, got 'cubic'"),
    ],
)
def test_parameters_out_of_range(digits: Images, parameters: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=f"^hog: {message}$"):
        Feature(**parameters).fit(digits)


def test_too_small():
    message = (
        "hog: images of at least 8x8 pixels are needed for one block of 2x2 cells of 4 pixels, "
        "got 5x5"
    )
    with pytest.raises(ValueError, match=f"^{message}$"):
        Feature().fit(np.zeros((1, 5, 5, 1), np.uint8))


def test_the_smallest_image_works():
    assert Feature().transform(np.zeros((1, 8, 8, 1), np.uint8)).shape == (1, 36)
