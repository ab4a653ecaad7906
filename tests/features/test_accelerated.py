"""Every file in features/accelerated against the feature of its name: a new one is tested too."""

from __future__ import annotations

import importlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone

from features import accelerated
from features.accelerated import canny as accelerated_canny
from features.canny import Feature as Canny
from features.ops.image_feature import ImageFeature

Images = NDArray[np.uint8]

# Words cannot be varied by themselves, as numbers are.
WORDS = [("sobel", {"operator": "prewitt"}), ("hog", {"votes": "nearest"})]


def feature_of(key: str, **parameters: object) -> ImageFeature:
    return importlib.import_module(f"features.{key}").Feature(**parameters)


def assert_equal(feature: ImageFeature, images: Images):
    found, expected = accelerated.transform(feature)(images), feature.transform(images)
    assert isinstance(found, jax.Array)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.asarray(found), expected, rtol=0, atol=1e-5)


def test_there_are_some():
    assert {"sobel", "canny", "gabor", "hog"} <= set(accelerated.names())
    assert "raw" not in accelerated.names()  # none is needed


@pytest.mark.parametrize("key", accelerated.names())
def test_the_same_vectors(key: str, images: Images):
    assert_equal(feature_of(key), images)


@pytest.mark.parametrize("key", accelerated.names())
def test_the_same_vectors_whatever_the_numbers(key: str, noise: Images):
    feature = feature_of(key)
    for name, value in feature.get_params().items():
        if not isinstance(value, str | bool):
            other = value + 1 if isinstance(value, int) else 1.5 * value
            assert_equal(clone(feature).set_params(**{name: other}), noise[:4])


@pytest.mark.parametrize(("key", "words"), WORDS)
def test_the_same_vectors_whatever_the_words(key: str, words: dict[str, str], noise: Images):
    assert_equal(feature_of(key, **words), noise)


@pytest.mark.parametrize("key", accelerated.names())
def test_an_image_without_any_edge(key: str):
    assert_equal(feature_of(key), np.full((1, 28, 28, 1), 128, np.uint8))


def test_no_edge_pixel_differs(images: Images):
    parameters = {"sigma": 0.5, "low_threshold": 0.05, "high_threshold": 0.2}
    with jax.enable_x64(True):
        found = jax.jit(lambda batch: accelerated_canny.edges(batch, **parameters))(images)
    np.testing.assert_array_equal(np.asarray(found), Canny(**parameters).edges(images))


def test_double_precision_ends_with_the_call(digits: Images):
    accelerated.transform(feature_of("sobel"))(digits)
    assert jnp.zeros(1).dtype == np.float32
