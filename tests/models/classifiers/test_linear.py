"""Logistic regression and the linear support vector machine, against scikit-learn's own."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from models.classifiers import linear_svm, logistic

BOTH = pytest.mark.parametrize("module", [logistic, linear_svm], ids=["logistic", "linear_svm"])


C = pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
CLASSES = pytest.mark.parametrize("classes", [2, 10])


def digits(classes: int, dtype: type[np.floating] = np.float32):
    images, labels = load_digits(return_X_y=True)
    chosen = labels < classes
    return (images[chosen] / 16).astype(dtype)[:500], labels[chosen][:500]


def probabilities(classifier: logistic.Classifier, X: NDArray[np.floating]):
    return softmax(classifier.scores(X), axis=1)


@C
@CLASSES
def test_the_probabilities_are_those_of_scikit_learn(classes: int, C: float):
    X, y = digits(classes, np.float64)
    solver = LogisticRegression(C=C, solver="newton-cg", tol=1e-12, max_iter=1000)
    ours = logistic.Classifier(C=C, tol=1e-9).fit(X, y)
    theirs = solver.fit(X, y).predict_proba(X)
    np.testing.assert_allclose(probabilities(ours, X), theirs, atol=1e-5)


@C
@CLASSES
def test_the_margins_are_those_of_liblinear(classes: int, C: float):
    X, y = digits(classes, np.float64)
    theirs = LinearSVC(C=C, dual=False, tol=1e-10, max_iter=10_000).fit(X, y).decision_function(X)
    if classes == 2:
        theirs = np.stack([-theirs, theirs], axis=1)
    ours = linear_svm.Classifier(C=C, tol=1e-9).fit(X, y)
    np.testing.assert_allclose(ours.scores(X), theirs, atol=1e-5 * max(1, C))


@CLASSES
def test_by_default_the_optimum_is_reached_to_three_digits(classes: int):
    X, y = digits(classes)
    exact = logistic.Classifier(tol=1e-9).fit(*digits(classes, np.float64))
    usual = logistic.Classifier().fit(X, y)
    np.testing.assert_allclose(probabilities(usual, X), probabilities(exact, X), atol=5e-4)


@BOTH
def test_one_class_is_refused(module: ModuleType):
    with pytest.raises(ValueError, match="at least 2 classes are needed, found 7 only"):
        module.Classifier().fit(np.eye(3), [7, 7, 7])


@BOTH
@pytest.mark.parametrize(
    ("inputs", "classes", "parameters", "macs"),
    [
        (784, 10, 7_850, 7_840),
        (256, 10, 2_570, 2_560),
        (3072, 10, 30_730, 30_720),
        (64, 10, 650, 640),
        (64, 2, 65, 64),  # one hyperplane tells two classes apart
    ],
)
def test_counts_by_hand(module: ModuleType, inputs: int, classes: int, parameters: int, macs: int):
    X = np.random.default_rng(0).random((2 * classes, inputs), dtype=np.float32)
    classifier = module.Classifier().fit(X, np.arange(2 * classes) % classes)
    assert (classifier.parameters, classifier.macs) == (parameters, macs)


@BOTH
def test_what_is_learned_is_float32(module: ModuleType):
    classifier = module.Classifier().fit(*digits(3))
    assert classifier.coef_.dtype == classifier.intercept_.dtype == np.float32


@BOTH
def test_the_penalty_matters(module: ModuleType):
    X, y = digits(10)
    weak, strong = (module.Classifier(C=C).fit(X, y) for C in (10.0, 0.001))
    assert np.linalg.norm(strong.coef_) < np.linalg.norm(weak.coef_) / 2


@BOTH
def test_the_tolerance_matters(module: ModuleType):
    X, y = digits(10)
    rough, fine = (module.Classifier(tol=tol).fit(X, y) for tol in (0.1, 1e-4))
    assert not np.allclose(rough.coef_, fine.coef_)


@BOTH
@pytest.mark.parametrize(
    ("name", "value"), [("C", 0), ("C", -1.0), ("C", "1"), ("max_iter", -1), ("tol", -1e-4)]
)
def test_parameters_out_of_range(module: ModuleType, name: str, value: object):
    with pytest.raises(ValueError, match=rf"'{name}' parameter .* Got {value!r} instead"):
        module.Classifier(**{name: value}).fit(*digits(3))


@BOTH
def test_other_warnings_still_reach_the_user(module: ModuleType):
    X, y = digits(3)
    with pytest.warns(Warning, match="column-vector y"):
        module.Classifier().fit(X, y[:, None])
