from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data, feature
from skimage.measure import block_reduce

from features.canny import Feature
from features.ops.grey import grey_levels

Images = NDArray[np.uint8]

CIRCLE = ((np.mgrid[:40, :40] - 19.5) ** 2).sum(axis=0) < 12**2


def reference(images: Images, sigma: float, low_threshold: float, high_threshold: float):
    """Return scikit-image's edges, image by image."""
    return np.array(
        [
            feature.canny(
                grey,
                sigma,
                low_threshold,
                high_threshold,
                mask=None,
                use_quantiles=False,
                mode="nearest",
            )
            for grey in grey_levels(images)
        ]
    )


@pytest.mark.parametrize("thresholds", [(0.1, 0.2), (0.05, 0.4), (0.3, 0.3)])
@pytest.mark.parametrize("sigma", [0.6, 1.0, 2.5])
def test_edges_are_those_of_scikit_image(
    images: Images, sigma: float, thresholds: tuple[float, float]
):
    expected = reference(images, sigma, *thresholds)
    np.testing.assert_array_equal(Feature(sigma, *thresholds).edges(images), expected)
    assert 0 < expected.mean() < 0.4


def test_edges_of_a_photograph_are_those_of_scikit_image():
    camera = data.camera()[None, ..., None]
    expected = reference(camera, 1.0, 0.1, 0.2)
    np.testing.assert_array_equal(Feature().edges(camera), expected)


def test_edges_of_a_symmetric_shape_are_those_of_scikit_image():
    # Neighbours of equal magnitude: where the comparison rule shows.
    images = np.stack([CIRCLE, CIRCLE ^ True, np.pad(np.ones((20, 20), bool), 10)])[..., None]
    images = images.astype(np.uint8) * 255
    np.testing.assert_array_equal(Feature().edges(images), reference(images, 1.0, 0.1, 0.2))


def test_a_circle_has_its_outline():
    edges = Feature().edges(CIRCLE[None, ..., None].astype(np.uint8) * 255)[0]
    row, column = np.nonzero(edges)
    np.testing.assert_allclose(np.hypot(row - 19.5, column - 19.5), 12, atol=1.2)
    assert 60 < edges.sum() < 120  # a closed line, 1 to 2 pixels thin


def test_a_weak_edge_stays_where_it_touches_a_strong_one():
    image = np.full((1, 40, 80, 1), 100, np.uint8)
    image[0, 20:, :, 0] = np.linspace(200, 112, 80)  # a step that fades from left to right
    hysteresis = Feature(low_threshold=0.05, high_threshold=0.5)
    assert hysteresis.edges(image)[0, :, 70].any()
    assert not hysteresis.edges(image[:, :, 60:]).any()


def test_images_of_a_batch_do_not_touch():
    images = np.full((3, 20, 20, 1), 100, np.uint8)
    images[0, 10:], images[1, 10:], images[2, 10:] = 200, 115, 200
    edges = Feature(low_threshold=0.05, high_threshold=0.5).edges(images)
    assert edges.any(axis=(1, 2)).tolist() == [True, False, True]


def test_vectors_are_shares_of_edge_pixels(digits: Images):
    shares = block_reduce(Feature().edges(digits).astype(float), (1, 4, 4), np.mean)
    vectors = Feature(pool=4).transform(digits)
    np.testing.assert_allclose(vectors, shares.reshape(len(digits), -1), atol=1e-7)
    assert 0 <= vectors.min() < vectors.max() <= 1


def test_a_shifted_image_shifts_the_edges(digits: Images):
    edges = Feature().edges(np.pad(digits, ((0, 0), (8, 8), (8, 8), (0, 0)), mode="edge"))
    shifted = Feature().edges(np.pad(digits, ((0, 0), (10, 6), (8, 8), (0, 0)), mode="edge"))
    np.testing.assert_array_equal(shifted[:, 3:-1], edges[:, 1:-3])


def test_constant_grey_has_no_edges():
    assert not Feature().transform(np.full((2, 9, 9, 3), 77, np.uint8)).any()


def test_grey_as_colour_is_the_same_to_the_byte(digits: Images):
    colour = np.repeat(digits, 3, axis=3)
    assert Feature().transform(colour).tobytes() == Feature().transform(digits).tobytes()


@pytest.mark.parametrize(
    ("shape", "sigma", "macs"),
    [
        ((28, 28, 1), 1.0, 28 * 28 * (9 + 9 + 9 + 9) + 28 * 28),
        ((32, 32, 3), 2.0, 32 * 32 * (3 + 17 + 17 + 9 + 9) + 32 * 32),
        ((5, 5, 1), 1.0, 5 * 5 * (9 + 9 + 9 + 9) + 4 * 4),
    ],
)
def test_multiply_accumulates_by_hand(shape: tuple[int, ...], sigma: float, macs: int):
    assert Feature(sigma=sigma).macs(shape) == macs


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"sigma": 0}, "sigma must be a number above 0, got 0"),
        ({"sigma": float("nan")}, "sigma must be a number above 0, got nan"),
        ({"low_threshold": -0.1}, "low_threshold must be a number above 0, got -0.1"),
        ({"high_threshold": "high"}, "high_threshold must be a number above 0, got 'high'"),
        (
            {"low_threshold": 0.3},
            "low_threshold must not be above high_threshold, got 0.3 and 0.2",
        ),
        ({"pool": 0}, "pool must be a whole number of at least 1, got 0"),
    ],
)
def test_parameters_out_of_range(digits: Images, parameters: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=f"^canny: {message}$"):
        Feature(**parameters).fit(digits)


@pytest.mark.parametrize(("pool", "side"), [(2, 3), (4, 4)])
def test_too_small(pool: int, side: int):
    with pytest.raises(ValueError, match=rf"^canny: .* at least {side}x{side} pixels .* got 2x9$"):
        Feature(pool=pool).fit(np.zeros((1, 2, 9, 1), np.uint8))


def test_the_smallest_image_works():
    assert Feature(pool=3).transform(np.zeros((1, 3, 3, 1), np.uint8)).shape == (1, 1)
