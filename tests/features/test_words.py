"""Dense SIFT against OpenCV, and the histograms that `sift_bow` and `spatial_pyramid` share."""

from __future__ import annotations

import tracemalloc
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics.pairwise import additive_chi2_kernel

from features import sift_bow, spatial_pyramid
from features.ops import visual_words
from features.ops.codebook import learn_words
from features.ops.orientation import gradient_codes, signed_vote_table
from features.ops.sift import descriptors, grid, grid_weights, line_weights
from features.ops.visual_words import VisualWords, pyramid

Images = NDArray[np.uint8]
BOTH = [sift_bow.Feature, spatial_pyramid.Feature]


def sift(image: Images, centres: NDArray[np.float64], pixels_per_cell: int):
    """Describe the patches of one image [h, w] at all pairs of centres."""
    votes = signed_vote_table(8)[gradient_codes(image[None, ..., None])[..., 0]]
    rows, columns = (line_weights(side, centres, pixels_per_cell) for side in image.shape)
    return descriptors(votes, rows, columns)


def opencv_sift(image: Images, centres: NDArray[np.float64], pixels_per_cell: int):
    """The same by OpenCV, on whole pixels, its bins in our order; almost without smoothing."""
    points = [
        cv2.KeyPoint(x, y, size=pixels_per_cell * 2 / 3, angle=0, response=1, octave=0, class_id=0)
        for y in centres
        for x in centres
    ]
    # A deviation of 0.5 is what OpenCV takes an image to have already.
    _, vectors = cv2.SIFT_create(sigma=0.5).compute(image, points)
    upward = vectors.reshape(-1, 16, 8) / 512
    return upward[:, :, -np.arange(8) % 8].reshape(-1, 128)  # OpenCV's directions turn upward


@pytest.mark.parametrize("pixels_per_cell", [2, 3, 4])
def test_descriptors_are_those_of_opencv(photos: Images, pixels_per_cell: int):
    # OpenCV stores whole numbers of 1/512 and cuts patches at a circle around the outermost cells.
    image = cv2.resize(photos[3, ..., 1], (64, 64), interpolation=cv2.INTER_LINEAR)
    centres = np.array([20.0, 27.0, 40.0])
    ours = sift(image, centres, pixels_per_cell)
    np.testing.assert_allclose(ours, opencv_sift(image, centres, pixels_per_cell), atol=0.01)


def test_learning_words_holds_the_gradients_of_one_image_at_a_time(photos: Images):
    image = cv2.resize(photos[0], (128, 128), interpolation=cv2.INTER_LINEAR)
    peaks = []
    for count in (2, 2, 20):  # the first time tables are made that stay
        images = np.stack([image] * count)
        feature = sift_bow.Feature(words=4, pixels_per_cell=4, stride=8, sample=20 * count)
        tracemalloc.start()
        feature.fit(images)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 2 * peaks[1]


@pytest.mark.parametrize(("angle", "direction"), [(0, 0), (45, 1), (90, 2), (180, 4), (270, 6)])
def test_a_turned_ramp_moves_to_its_direction(angle: int, direction: int):
    row, column = np.mgrid[:24, :24]
    slope = np.deg2rad(angle)
    image = np.rint(128 + 5 * (column * np.cos(slope) + row * np.sin(slope)) / 1.25) % 256
    vector = sift(image.astype(np.uint8)[2:22, 2:22], np.array([9.5]), 3).reshape(4, 4, 8)
    assert vector.sum(axis=(0, 1)).argmax() == direction


def test_directions_have_a_sign():
    rising = np.tile(np.arange(0, 240, 10, dtype=np.uint8), (24, 1))
    light, dark = (sift(image, np.array([11.5]), 4) for image in (rising, 230 - rising))
    np.testing.assert_allclose(
        light.reshape(16, 8), np.roll(dark.reshape(16, 8), 4, axis=1), atol=1e-6
    )


def test_a_descriptor_by_hand():
    # A ramp to the right: all gradients are alike, so the weights of the pixels are what is left.
    image = np.tile(np.arange(0, 240, 10, dtype=np.uint8), (24, 1))
    vector = sift(image, np.array([11.5]), 2).reshape(4, 4, 8)
    cell = np.zeros(4)
    for k, pixel in np.ndindex(4, 24):
        offset = (pixel - 11.5) / 2
        cell[k] += max(0, 1 - abs(offset - (k - 1.5))) * np.exp(-(offset**2) / 8)
    expected = np.minimum(np.outer(cell, cell) / np.linalg.norm(np.outer(cell, cell)), 0.2)
    np.testing.assert_allclose(
        vector[..., 0], expected / np.linalg.norm(expected), rtol=1e-5, atol=1e-6
    )
    assert not vector[..., 1:].any()


def test_even_light_has_an_empty_descriptor():
    assert not sift(np.full((16, 16), 99, np.uint8), np.array([7.5]), 4).any()


@pytest.mark.parametrize(
    ("pixels", "side", "stride", "centres"),
    [
        (16, 16, 2, [7.5]),
        (16, 12, 2, [5.5, 7.5, 9.5]),
        (28, 8, 5, [3.5, 8.5, 13.5, 18.5, 23.5]),
        (18, 12, 4, [6.5, 10.5]),  # two pixels are left over: one at each end
    ],
)
def test_the_grid(pixels: int, side: int, stride: int, centres: list[float]):
    assert grid(pixels, side, stride).tolist() == centres


def test_the_pyramid_by_hand():
    # One word; the counts of a 4x4 grid.
    counts = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    expected = [120 / 4, *(np.array([10, 18, 42, 50]) / 4), *(np.arange(16) / 2)]
    np.testing.assert_allclose(pyramid(counts, 3), [expected])


def test_one_level_is_the_bag_of_words(digits: Images):
    options = {"words": 20, "chi2_steps": 2}
    bag = sift_bow.Feature(**options).fit(digits).transform(digits)
    flat = spatial_pyramid.Feature(**options, levels=1).fit(digits).transform(digits)
    assert flat.tobytes() == bag.tobytes()


def test_the_first_level_of_the_pyramid_is_the_bag_of_words(digits: Images):
    bag = sift_bow.Feature(words=20, chi2_steps=1).fit(digits).transform(digits)
    cells = spatial_pyramid.Feature(words=20).fit(digits).transform(digits)
    np.testing.assert_allclose(cells[:, :20], bag / 2, atol=1e-6)  # the root of a weight of 1/4


@pytest.mark.parametrize("build", BOTH)
def test_histograms_count_every_patch_once(build: type[VisualWords], photos: Images):
    feature = build(words=15, chi2_steps=1).fit(photos)
    shares = feature.transform(photos) ** 2 / 0.8  # undo the map of one step
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(("steps", "error"), [(1, 0.21), (2, 0.12), (3, 0.06)])
def test_inner_products_are_the_chi_square_kernel(digits: Images, steps: int, error: float):
    feature = sift_bow.Feature(words=30, chi2_steps=1).fit(digits)
    shares = feature.transform(digits) ** 2 / 0.8
    mapped = feature.set_params(chi2_steps=steps).transform(digits)
    # The sum of 2xy / (x + y), from scikit-learn's -(x - y)^2 / (x + y); with itself it is 1.
    kernel = 1 + additive_chi2_kernel(shares) / 2
    np.testing.assert_allclose(mapped @ mapped.T, kernel, atol=error)


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_words_are_counted_where_they_are(rows: int, columns: int):
    image = np.full((1, 28, 28, 1), 100, np.uint8)
    image[0, 3 + 18 * rows, 3 + 18 * columns] = 255
    feature = spatial_pyramid.Feature(words=2, levels=2, scales=1)
    feature.from_arrays({"words": np.array([[0.0] * 128, [0.01] * 128], np.float32)})
    texture = feature.transform(image).reshape(5, 2)[1:, 1]  # of the four cells
    assert np.flatnonzero(texture).tolist() == [2 * rows + columns]


@pytest.mark.parametrize("build", BOTH)
@pytest.mark.parametrize("side", [16, 28, 32])
def test_length(build: type[VisualWords], side: int):
    images = np.random.default_rng(0).integers(0, 256, (20, side, side, 1), dtype=np.uint8)
    feature = build(words=10, sample=400, stride=4).fit(images)
    cells = 21 if build is spatial_pyramid.Feature else 1
    steps = feature.chi2_steps
    assert feature.transform(images).shape == (20, 10 * cells * (2 * steps - 1))


def test_multiply_accumulates_by_hand():
    # One patch of 4x4 pixels in a 4x4 image. A cell of a pixel counts nothing but this pixel.
    feature = sift_bow.Feature(words=7, pixels_per_cell=1, scales=1, stride=1)
    assert feature.macs((4, 4, 3)) == 16 * (3 + 6) + 2 * 16 + 128 * (2 + 7)


def test_clusters_by_hand():
    points = np.array([[0, 0], [0, 2], [10, 0], [10, 2]], np.float32)
    words = learn_words(points, 2, 10)
    assert sorted(words.tolist()) == [[0, 1], [10, 1]]


@pytest.mark.parametrize(("count", "found"), [(2, 2), (5, 1)])
def test_too_few_different_vectors(count: int, found: int):
    with pytest.raises(ValueError, match=f"3 words need as many different patches, got {found}"):
        learn_words(np.zeros((count, 4), np.float32), 3, 10)


@pytest.mark.parametrize("build", BOTH)
def test_images_without_any_gradient(build: type[VisualWords]):
    key = build.__module__.rpartition(".")[2]
    message = f"^{key}: 100 words need as many different patches, got 1$"
    with pytest.raises(ValueError, match=message):
        build().fit(np.zeros((10, 28, 28, 1), np.uint8))


@pytest.mark.parametrize("build", BOTH)
def test_state(build: type[VisualWords], digits: Images):
    with pytest.raises(NotFittedError):
        build().transform(digits)
    with pytest.raises(NotFittedError):
        build().to_arrays()
    fitted = build(words=12).fit(digits)
    assert {name: array.shape for name, array in fitted.to_arrays().items()} == {"words": (12, 128)}
    with pytest.raises(ValueError, match=r"learns the arrays words, got none$"):
        clone(fitted).from_arrays({})


@pytest.mark.parametrize("build", BOTH)
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"words": 0}, "words must be a whole number of at least 1, got 0"),
        ({"pixels_per_cell": 1.5}, "pixels_per_cell must be a whole number .* got 1.5"),
        ({"scales": 0}, "scales must be a whole number of at least 1, got 0"),
        ({"stride": 0}, "stride must be a whole number of at least 1, got 0"),
        ({"sample": 0}, "sample must be a whole number of at least 1, got 0"),
        ({"chi2_steps": 4}, "chi2_steps must be 1, 2 or 3, got 4"),
    ],
)
def test_parameters_out_of_range(
    build: type[VisualWords], digits: Images, parameters: dict[str, Any], message: str
):
    with pytest.raises(ValueError, match=f"^[a-z_]+: {message}$"):
        build(**parameters).fit(digits)


def test_levels_out_of_range(digits: Images):
    message = "^spatial_pyramid: levels must be a whole number of at least 1, got 0$"
    with pytest.raises(ValueError, match=message):
        spatial_pyramid.Feature(levels=0).fit(digits)


@pytest.mark.parametrize("build", BOTH)
def test_too_small(build: type[VisualWords]):
    message = "images of at least 16x16 pixels are needed for one patch of 4x4 cells of 4 pixels"
    with pytest.raises(ValueError, match=f"{message}, got 15x15$"):
        build().fit(np.zeros((1, 15, 15, 1), np.uint8))


def test_a_descriptor_counts_for_the_nearest_word(digits: Images):
    feature = sift_bow.Feature(words=10, scales=1, chi2_steps=1).fit(digits)
    weights = grid_weights(28, 2, 2)
    for image, shares in zip(digits[:5], feature.transform(digits[:5]) ** 2 / 0.8, strict=True):
        votes = signed_vote_table(8)[gradient_codes(image[None])[..., 0]]
        nearest = cdist(descriptors(votes, weights, weights), feature.words_).argmin(axis=1)
        expected = np.bincount(nearest, minlength=10) / len(nearest)
        np.testing.assert_allclose(shares, expected, atol=1e-5)


def test_words_come_from_images_and_scales_everywhere(
    digits: Images, monkeypatch: pytest.MonkeyPatch
):
    sample: list[NDArray[np.float32]] = []

    def first_ones(vectors: NDArray[np.float32], words: int, _: int):
        sample.append(vectors)
        return vectors[:words]

    monkeypatch.setattr(visual_words, "learn_words", first_ones)
    sift_bow.Feature(words=3, sample=400).fit(digits)  # 20 of each of 20 images
    origin = {}
    for place, image in enumerate(digits):
        votes = signed_vote_table(8)[gradient_codes(image[None])[..., 0]]
        for cell in (2, 3, 4):
            weights = grid_weights(28, cell, 2)
            for vector in descriptors(votes, weights, weights):
                origin[vector.tobytes()] = place, cell
    drawn = [origin[vector.tobytes()] for vector in sample[0] if vector.any()]
    assert {cell for _, cell in drawn} == {2, 3, 4}
    places = {place for place, _ in drawn}
    assert min(places) < 10
    assert max(places) >= 30  # images may come class by class
