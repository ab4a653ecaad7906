"""What every feature promises, run on each file in ``features/``: a new one is tested at once."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import joblib
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline

from features.ops import image_feature
from features.ops.image_feature import ImageFeature

Images = NDArray[np.uint8]

FILES = sorted(Path(importlib.import_module("features").__file__).parent.glob("[!_]*.py"))
KEYS = [file.stem for file in FILES]
CONSTANTS = {"TITLE", "YEAR", "CITATION", "DEVIATIONS"}


@pytest.fixture(params=KEYS)
def key(request: pytest.FixtureRequest):
    return request.param


@pytest.fixture
def feature(key: str):
    return importlib.import_module(f"features.{key}").Feature()


def test_all_features_are_found():
    assert {"raw", "sobel", "canny", "hog"} <= set(KEYS)


def test_its_history_is_literal(key: str):
    # Read as the pipeline does, without importing the module.
    history = {}
    for node in ast.parse(FILES[KEYS.index(key)].read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in CONSTANTS:
            history[ast.unparse(node.targets[0])] = ast.literal_eval(node.value)
    assert set(history) == CONSTANTS
    assert history["TITLE"]
    assert 1950 < history["YEAR"] < 2030
    assert str(history["YEAR"]) in history["CITATION"]
    assert isinstance(history["DEVIATIONS"], tuple)
    assert all(isinstance(deviation, str) for deviation in history["DEVIATIONS"])


def test_vectors(feature: ImageFeature, images: Images):
    vectors = feature.fit(images).transform(images)
    assert vectors.dtype == np.float32
    assert vectors.ndim == 2
    assert len(vectors) == len(images)
    assert vectors.flags.c_contiguous
    assert np.isfinite(vectors).all()
    assert vectors.std(axis=0).any()


def test_images_and_parameters_stay_as_they_are(feature: ImageFeature, photos: Images):
    before, parameters = photos.copy(), feature.get_params()
    feature.fit(photos).transform(photos)
    np.testing.assert_array_equal(photos, before)
    assert feature.get_params() == parameters


def test_memory_layout_does_not_matter(feature: ImageFeature, photos: Images):
    turned = np.asfortranarray(photos)
    expected = feature.fit(photos).transform(photos)
    assert feature.transform(turned).tobytes() == expected.tobytes()


def test_batches_and_workers_change_no_byte(
    feature: ImageFeature, images: Images, monkeypatch: pytest.MonkeyPatch
):
    feature.fit(images)
    together = feature.transform(images).tobytes()
    one_by_one = [feature.transform(image[None]) for image in images]
    assert np.concatenate(one_by_one).tobytes() == together
    monkeypatch.setattr(image_feature, "PIXELS_PER_BATCH", 3 * images.shape[1] * images.shape[2])
    assert feature.transform(images).tobytes() == together
    with joblib.parallel_config(backend="threading", n_jobs=2):
        assert feature.transform(images).tobytes() == together


def test_round_trip(key: str, feature: ImageFeature, digits: Images):
    arrays = feature.fit(digits).to_arrays()
    assert all(array.dtype != object for array in arrays.values())
    restored = clone(feature).from_arrays(arrays)
    assert restored.transform(digits).tobytes() == feature.transform(digits).tobytes()


@pytest.mark.parametrize("left_out", ["first", "last", "none, one too many"])
def test_other_arrays_than_were_learned_are_refused(
    key: str, feature: ImageFeature, digits: Images, left_out: str
):
    arrays = feature.fit(digits).to_arrays()
    names = list(arrays)
    match left_out:
        case "first":
            arrays = {name: arrays[name] for name in names[1:]}
        case "last":
            arrays = {name: arrays[name] for name in names[:-1]}
        case _:
            arrays["unknown"] = np.zeros(3)
    if set(arrays) == set(names):
        return  # learns nothing that could be left out
    with pytest.raises(ValueError, match=rf"^{key}: learns "):
        clone(feature).from_arrays(arrays)


def test_fitting_twice_learns_the_same(feature: ImageFeature, digits: Images):
    once = feature.fit(digits).transform(digits)
    assert clone(feature).fit(digits).transform(digits).tobytes() == once.tobytes()


def test_parameters_are_keyword_arguments_with_plain_types(feature: ImageFeature):
    for parameter in inspect.signature(type(feature)).parameters.values():
        assert parameter.annotation in {"int", "float", "str", "bool"}
        assert parameter.default is not parameter.empty
        assert getattr(feature, parameter.name) is parameter.default


def test_every_number_among_the_parameters_matters(feature: ImageFeature, photos: Images):
    before = feature.fit(photos).transform(photos)
    for name, value in feature.get_params().items():
        if not isinstance(value, str | bool):
            other = value + 1 if isinstance(value, int) else 1.5 * value
            after = clone(feature).set_params(**{name: other}).fit(photos).transform(photos)
            assert before.shape != after.shape or not np.allclose(before, after), name


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3)])
def test_multiply_accumulates(feature: ImageFeature, shape: tuple[int, ...]):
    assert isinstance(feature.macs(shape), int)
    assert feature.macs(shape) >= 0


@pytest.mark.parametrize(
    ("images", "found"),
    [
        (np.zeros((2, 28, 28, 1), np.float32), r"float32 \[2, 28, 28, 1\]"),
        (np.zeros((2, 28, 28), np.uint8), r"uint8 \[2, 28, 28\]"),
        (np.zeros((2, 28, 28, 2), np.uint8), r"uint8 \[2, 28, 28, 2\]"),
        (np.zeros((0, 28, 28, 1), np.uint8), "none"),
    ],
)
def test_other_images_are_refused_in_one_line(
    key: str, feature: ImageFeature, images: Images, found: str
):
    for method in (feature.fit, feature.transform):
        with pytest.raises(ValueError, match=rf"^{key}: .*got {found}$"):
            method(images)


def test_in_a_pipeline_of_scikit_learn(feature: ImageFeature, digits: Images):
    labels = np.arange(len(digits)) % 2
    pipeline = make_pipeline(feature, RidgeClassifier(alpha=0.01))
    assert pipeline.fit(digits, labels).predict(digits).shape == labels.shape


def test_as_the_last_step_of_a_pipeline(feature: ImageFeature, digits: Images):
    alone = feature.fit(digits).transform(digits)
    assert make_pipeline(clone(feature)).fit(digits).transform(digits).tobytes() == alone.tobytes()
