"""What every classifier promises, run on each file in ``models/classifiers/``."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

Data = tuple[NDArray[np.float32], NDArray[np.int64]]

FOLDER = Path(importlib.import_module("models.classifiers").__file__).parent
FILES = sorted(FOLDER.glob("[!_]*.py"))
KEYS = [file.stem for file in FILES]
CONSTANTS = {"TITLE", "YEAR", "CITATION", "DEVIATIONS", "KIND"}


@pytest.fixture(params=KEYS)
def key(request: pytest.FixtureRequest):
    return request.param


@pytest.fixture
def classifier(key: str):
    return importlib.import_module(f"models.classifiers.{key}").Classifier()


@pytest.fixture(scope="module")
def digits():
    images, labels = load_digits(return_X_y=True)
    return (images / 16).astype(np.float32), labels


@pytest.fixture(params=[[0, 1], [3, 8, 9], range(10)], ids=["2 classes", "3", "10"])
def data(request: pytest.FixtureRequest, digits: Data):
    """Features [n, 64] and labels [n] of some of the digits, neither from 0 nor without gaps."""
    images, labels = digits
    chosen = np.isin(labels, request.param)
    return images[chosen][:400], labels[chosen][:400]


def test_all_classifiers_are_found():
    assert {"logistic", "linear_svm"} <= set(KEYS)


def test_its_history_is_literal(key: str):
    # Read as the pipeline does, without importing the module.
    history = {}
    for node in ast.parse(FILES[KEYS.index(key)].read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in CONSTANTS:
            history[ast.unparse(node.targets[0])] = ast.literal_eval(node.value)
    assert set(history) == CONSTANTS
    assert history["TITLE"]
    assert str(history["YEAR"]) in history["CITATION"]
    assert isinstance(history["DEVIATIONS"], tuple)
    assert all(isinstance(deviation, str) for deviation in history["DEVIATIONS"])
    assert history["KIND"] in {"logits", "margins"}


def test_scores(classifier: ClassifierMixin, data: Data):
    X, y = data
    assert classifier.fit(X, y) is classifier
    scores = classifier.scores(X)
    assert scores.dtype == np.float32
    assert scores.shape == (len(X), len(np.unique(y)))
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(classifier.classes_, np.unique(y))
    np.testing.assert_array_equal(classifier.predict(X), np.unique(y)[scores.argmax(axis=1)])
    assert classifier.score(X, y) > 0.97


def test_round_trip(classifier: ClassifierMixin, data: Data):
    X, y = data
    arrays = classifier.fit(X, y).to_arrays()
    assert all(array.dtype != object for array in arrays.values())
    restored = type(classifier).from_arrays(arrays)
    assert restored.scores(X).tobytes() == classifier.scores(X).tobytes()
    assert restored.parameters == classifier.parameters
    assert restored.macs == classifier.macs
    assert restored.converged_ == classifier.converged_
    np.testing.assert_array_equal(restored.predict(X), classifier.predict(X))


def test_fitting_twice_learns_the_same(classifier: ClassifierMixin, data: Data):
    X, y = data
    once = classifier.fit(X, y).scores(X).tobytes()
    assert clone(classifier).fit(X, y).scores(X).tobytes() == once


def test_data_and_parameters_stay_as_they_are(classifier: ClassifierMixin, data: Data):
    X, y = data
    before, labels, parameters = X.copy(), y.copy(), classifier.get_params()
    classifier.fit(X, y).predict(X)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(y, labels)
    assert classifier.get_params() == parameters


def test_counts(classifier: ClassifierMixin, data: Data):
    classifier.fit(*data)
    assert isinstance(classifier.parameters, int)
    assert isinstance(classifier.macs, int)
    assert classifier.parameters > 0
    assert classifier.macs > 0


def test_it_converges_by_default(classifier: ClassifierMixin, data: Data):
    assert classifier.fit(*data).converged_ is True


def test_too_few_iterations_are_told_not_warned(classifier: ClassifierMixin, data: Data):
    if "max_iter" not in classifier.get_params():
        pytest.skip("this classifier does not iterate")
    classifier.set_params(max_iter=1).fit(*data)
    assert classifier.converged_ is False
    assert type(classifier).from_arrays(classifier.to_arrays()).converged_ is False


def test_parameters_are_keyword_arguments_with_plain_types(classifier: ClassifierMixin):
    for parameter in inspect.signature(type(classifier)).parameters.values():
        assert parameter.annotation in {"int", "float", "str", "bool"}
        assert parameter.default is not parameter.empty
        assert getattr(classifier, parameter.name) is parameter.default


def test_nothing_is_known_before_the_fit(classifier: ClassifierMixin, data: Data):
    for ask in (classifier.scores, classifier.predict):
        with pytest.raises(NotFittedError):
            ask(data[0])
    with pytest.raises(NotFittedError):
        classifier.to_arrays()


def test_one_class_is_refused(classifier: ClassifierMixin, data: Data):
    X, y = data
    with pytest.raises(ValueError, match="class"):
        classifier.fit(X, np.zeros_like(y))


def test_in_a_pipeline_of_scikit_learn(classifier: ClassifierMixin, data: Data):
    X, y = data
    assert make_pipeline(MinMaxScaler(), classifier).fit(X, y).score(X, y) > 0.97
