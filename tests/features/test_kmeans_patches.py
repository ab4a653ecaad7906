from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from features import kmeans_patches
from features.kmeans_patches import Feature
from features.ops.patches import every_patch, normalise, sample_patches, zca

Images = NDArray[np.uint8]


@pytest.fixture(scope="module")
def fitted(photos: Images):
    return Feature(words=12, sample=3_000).fit(photos)


def by_the_paper(feature: Feature, image: Images):
    """Code one image patch by patch, in double precision: the slow way."""
    side = feature.patch
    rows, columns = (length - side + 1 for length in image.shape[:2])
    sums = np.zeros((2, 2, feature.words))
    for y, x in np.ndindex(rows, columns):
        patch = image[y : y + side, x : x + side].ravel().astype(float)
        patch = (patch - patch.mean()) / np.sqrt(patch.var() + 10)
        white = (patch - feature.centre_) @ feature.whitener_
        z = cdist(white[None], feature.words_)[0]
        sums[int(y >= (rows + 1) // 2), int(x >= (columns + 1) // 2)] += np.maximum(0, z.mean() - z)
    return (sums.ravel() - feature.mean_) / feature.deviation_


@pytest.mark.parametrize("positions", [1, 30, 100, kmeans_patches.PATCHES_PER_BLOCK])
def test_codes_are_those_of_the_paper(
    fitted: Feature, photos: Images, positions: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(kmeans_patches, "PATCHES_PER_BLOCK", positions)
    for image in (photos[0], photos[7, :19, :24]):
        ours = fitted.transform(image[None])[0]
        np.testing.assert_allclose(ours, by_the_paper(fitted, image), atol=1e-3)


def test_features_are_standardised(fitted: Feature, photos: Images):
    vectors = fitted.transform(photos)
    np.testing.assert_allclose(vectors.mean(axis=0), 0, atol=1e-4)
    # 0.01 is added to the variance.
    expected = np.sqrt(1 - 0.01 / fitted.deviation_**2)
    np.testing.assert_allclose(vectors.std(axis=0), expected, atol=1e-4)


def test_brightness_does_not_matter(fitted: Feature, photos: Images):
    bright = photos // 2 + 100
    np.testing.assert_allclose(fitted.transform(bright), fitted.transform(photos // 2), atol=1e-3)


def test_whitening_whitens(photos: Images):
    patches = sample_patches(photos, 4, 5_000, np.random.default_rng(1))
    normalise(patches)
    mean, whitener = zca(patches, 0.1)
    values = np.linalg.eigvalsh(np.cov((patches - mean) @ whitener, rowvar=False))
    before = np.linalg.eigvalsh(np.cov(patches, rowvar=False))
    np.testing.assert_allclose(values, before / (before + 0.1), atol=1e-3)
    np.testing.assert_array_equal(whitener, whitener.T)


def test_normalised_by_hand():
    patches = np.array([[0, 0, 30, 30], [7, 7, 7, 7]], np.float32)
    normalise(patches)
    expected = 15 / np.sqrt(225 + 10)
    np.testing.assert_allclose(patches, [[-expected, -expected, expected, expected], [0] * 4])


def test_every_patch_by_hand():
    image = np.arange(24, dtype=np.uint8).reshape(3, 4, 2)
    patches = every_patch(image, 2)
    assert patches.shape == (2, 3, 8)
    assert patches[1, 2].tolist() == [12, 13, 14, 15, 20, 21, 22, 23]


def test_samples_are_patches_of_the_images(noise: Images):
    sample = sample_patches(noise, 3, 50, np.random.default_rng(0))
    there = {patch.tobytes() for image in noise for patch in every_patch(image, 3).reshape(-1, 27)}
    assert all(patch.tobytes() in there for patch in sample)
    assert len(np.unique(sample, axis=0)) > 40


def test_a_patch_moved_within_its_quarter_changes_nothing(fitted: Feature):
    images = np.full((2, 40, 40, 3), 50, np.uint8)
    spot = np.random.default_rng(0).integers(0, 256, (4, 4, 3))
    images[0, 6:10, 6:10] = images[1, 9:13, 7:11] = spot
    vectors = fitted.transform(images)
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-3)
    images[1] = images[0, ::-1]
    assert abs(np.diff(fitted.transform(images), axis=0)).max() > 0.1


@pytest.mark.parametrize(("side", "channels"), [(16, 1), (28, 1), (32, 3)])
def test_length_and_state(side: int, channels: int):
    images = np.random.default_rng(0).integers(0, 256, (5, side, side, channels), dtype=np.uint8)
    feature = Feature(words=9, sample=500).fit(images)
    values = 36 * channels
    assert feature.transform(images).shape == (5, 36)
    assert {name: array.shape for name, array in feature.to_arrays().items()} == {
        "centre": (values,),
        "whitener": (values, values),
        "words": (9, values),
        "mean": (36,),
        "deviation": (36,),
    }


def test_multiply_accumulates_by_hand():
    # 27 x 27 patches of 108 values.
    per_patch = 2 * 108 + 108**2 + 108 * 1600 + 1600
    assert Feature(words=1600).macs((32, 32, 3)) == 27 * 27 * per_patch + 6400


def test_parts_of_unequal_size(digits: Images):
    # 23 positions: parts of 8, 8 and 7.
    thirds = Feature(words=5, pool=3, sample=500).fit(digits)
    thirds.mean_, thirds.deviation_ = np.zeros(45, np.float32), np.ones(45, np.float32)
    fine = Feature(words=5, pool=23).from_arrays(
        thirds.to_arrays()
        | {"mean": np.zeros(23**2 * 5, np.float32), "deviation": np.ones(23**2 * 5, np.float32)}
    )
    positions = fine.transform(digits).reshape(40, 23, 23, 5)
    summed = np.add.reduceat(np.add.reduceat(positions, [0, 8, 16], axis=1), [0, 8, 16], axis=2)
    np.testing.assert_allclose(thirds.transform(digits), summed.reshape(40, 45), atol=1e-3)


def test_not_fitted(digits: Images):
    with pytest.raises(NotFittedError):
        Feature().transform(digits)
    with pytest.raises(NotFittedError):
        Feature().to_arrays()


def test_arrays_of_another_feature(fitted: Feature):
    arrays = fitted.to_arrays()
    del arrays["centre"]
    message = (
        "^kmeans_patches: learns the arrays centre, whitener, words, mean, deviation, "
        "got deviation, mean, whitener, words$"
    )
    with pytest.raises(ValueError, match=message):
        clone(fitted).from_arrays(arrays)


def test_images_without_any_pattern():
    message = "^kmeans_patches: 100 words need as many different patches, got 1$"
    with pytest.raises(ValueError, match=message):
        Feature().fit(np.full((3, 28, 28, 1), 9, np.uint8))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"words": 0}, "words must be a whole number of at least 1, got 0"),
        ({"patch": 1}, "patch must be a whole number of at least 2, got 1"),
        ({"pool": 0}, "pool must be a whole number of at least 1, got 0"),
        ({"epsilon": 0.0}, "epsilon must be a number above 0, got 0.0"),
        ({"sample": 1}, "sample must be a whole number of at least 2, got 1"),
        ({"sample": 99}, "100 words need as many different patches, got 99"),
    ],
)
def test_parameters_out_of_range(digits: Images, parameters: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=f"^kmeans_patches: {message}$"):
        Feature(**parameters).fit(digits)


def test_too_small():
    message = (
        "^kmeans_patches: images of at least 7x7 pixels are needed for a patch of 6x6 pixels "
        "in each of 2x2 parts, got 6x9$"
    )
    with pytest.raises(ValueError, match=message):
        Feature().fit(np.zeros((1, 6, 9, 1), np.uint8))
