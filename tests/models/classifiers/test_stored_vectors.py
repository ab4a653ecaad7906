"""k-NN and the support vector machine with a Gaussian kernel, by hand and against scikit-learn."""

from __future__ import annotations

import time

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from models.classifiers import knn, rbf_svm
from models.classifiers.ops import stored_vectors


def digits(classes: int):
    images, labels = load_digits(return_X_y=True)
    chosen = labels < classes
    return (images[chosen] / 16).astype(np.float32)[:900], labels[chosen][:900]


def on_a_line(*places: float):
    return np.array(places, dtype=np.float32)[:, None]


def test_votes_by_hand():
    classifier = knn.Classifier(neighbours=3).fit(
        on_a_line(0, 1, 2, 10, 11, 12), [4, 4, 7, 7, 7, 4]
    )
    # Nearest to 1.8: 2 (7), 1 (4), 0 (4). Rank 0 adds 3/4, rank 1 adds 2/4.
    assert classifier.scores(on_a_line(1.8)).tolist() == [[2.5, 1.75]]
    assert classifier.predict(on_a_line(1.8, 10.9)).tolist() == [4, 7]


def test_between_equal_votes_the_nearest_image_decides():
    classifier = knn.Classifier(neighbours=4).fit(on_a_line(0, 3, 4, 9), [0, 1, 1, 0])
    assert classifier.predict(on_a_line(1.4, 1.6)).tolist() == [0, 1]


def test_of_images_at_equal_distance_the_first_is_nearer():
    for labels in ([0, 1], [1, 0]):
        classifier = knn.Classifier(neighbours=1).fit(on_a_line(-1, 1), labels)
        assert classifier.predict(on_a_line(0)).tolist() == labels[:1]


@pytest.mark.parametrize("neighbours", [1, 2, 3, 8])
def test_neighbours_as_in_scikit_learn(neighbours: int):
    X, y = digits(10)
    X += np.random.default_rng(0).random(X.shape, dtype=np.float32) / 100  # no equal distances
    theirs = KNeighborsClassifier(neighbours, algorithm="brute").fit(X[:700], y[:700])
    ours = knn.Classifier(neighbours=neighbours).fit(X[:700], y[:700])
    scores = ours.scores(X[700:])
    np.testing.assert_array_equal(np.floor(scores), neighbours * theirs.predict_proba(X[700:]))
    fractions = scores - np.floor(scores)
    assert fractions.max() == pytest.approx(neighbours / (neighbours + 1))


def test_knn_counts_by_hand():
    classifier = knn.Classifier().fit(np.eye(20, 784, dtype=np.float32), np.arange(20) % 10)
    assert (classifier.parameters, classifier.macs) == (20 * 784 + 20, 20 * 784)


def test_the_number_of_neighbours_is_restored():
    X, y = digits(3)
    arrays = knn.Classifier(neighbours=7).fit(X, y).to_arrays()
    assert knn.Classifier.from_arrays(arrays).neighbours == 7


@pytest.mark.parametrize("neighbours", [0, -1, 2.5, True, "3", 901])
def test_neighbours_out_of_range(neighbours: int):
    message = rf"^knn: neighbours must be a whole number from 1 to the 900 .* got {neighbours!r}$"
    with pytest.raises(ValueError, match=message):
        knn.Classifier(neighbours=neighbours).fit(*digits(10))


@pytest.mark.parametrize(("C", "gamma"), [(1.0, 1.0), (10.0, 2.0)])
def test_scores_are_those_of_libsvm(C: float, gamma: float):
    X, y = digits(10)
    width = gamma / (64 * X[:700].var(dtype=np.float64))
    theirs = SVC(C=C, gamma=width, tol=1e-5, break_ties=True).fit(X[:700], y[:700])
    ours = rbf_svm.Classifier(C=C, gamma=gamma, tol=1e-5).fit(X[:700], y[:700])
    np.testing.assert_allclose(ours.scores(X), theirs.decision_function(X), atol=1e-3)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_array_equal(
        np.unique(ours.vectors_, axis=0), np.unique(X[:700][theirs.support_], axis=0)
    )
    weights = np.count_nonzero(ours.coef_)
    assert ours.parameters == ours.vectors_.size + weights + 45
    assert ours.macs == ours.vectors_.size + weights


def test_gamma_of_one_is_the_scale_of_scikit_learn():
    X, y = digits(2)
    theirs = SVC(C=10.0, gamma="scale").fit(X, y).decision_function(X)
    scores = rbf_svm.Classifier(C=10.0, gamma=1.0).fit(X, y).scores(X)
    margins = np.where(theirs > 0, 1, 0) + theirs / (3 * (np.abs(theirs) + 1))
    np.testing.assert_allclose(scores[:, 1], margins, atol=1e-3)


def test_pairs_are_counted_and_margins_only_break_ties():
    # Class 0 beats 1, 1 beats 2, 2 beats 0: one each, so the sums of margins decide.
    scores = rbf_svm.votes(np.array([[3.0, -1.0, 2.0]], dtype=np.float32), 3)
    sums = np.array([3 - 1, 2 - 3, 1 - 2])
    np.testing.assert_allclose(scores[0], 1 + sums / (3 * (np.abs(sums) + 1)), rtol=1e-6)


def test_equal_features_have_no_kernel_width():
    with pytest.raises(ValueError, match=r"^rbf_svm: all features are equal"):
        rbf_svm.Classifier().fit(np.ones((4, 3), dtype=np.float32), [0, 1, 0, 1])


@pytest.mark.parametrize("gamma", [0, -1.0, "scale", float("inf")])
def test_gamma_out_of_range(gamma: float):
    with pytest.raises(ValueError, match=rf"^rbf_svm: gamma must be .* got {gamma!r}$"):
        rbf_svm.Classifier(gamma=gamma).fit(*digits(3))


@pytest.mark.parametrize(("name", "value"), [("C", 0), ("C", "1"), ("max_iter", -2), ("tol", 0)])
def test_the_solvers_parameters_out_of_range(name: str, value: object):
    with pytest.raises(ValueError, match=rf"'{name}' parameter .* Got {value!r} instead"):
        rbf_svm.Classifier(**{name: value}).fit(*digits(3))


@pytest.mark.parametrize("module", [knn, rbf_svm], ids=["knn", "rbf_svm"])
def test_blocks_and_workers_change_nothing(module: object, monkeypatch: pytest.MonkeyPatch):
    X, y = digits(10)
    together = module.Classifier().fit(X, y).scores(X)
    monkeypatch.setattr(stored_vectors, "VALUES_PER_BLOCK", 50 * len(X))
    with joblib.parallel_config(backend="threading", n_jobs=2):
        in_blocks = module.Classifier().fit(X, y).scores(X)
    np.testing.assert_allclose(in_blocks, together, atol=1e-5)


@pytest.mark.parametrize("at_once", [1, 2])
def test_no_more_kernels_at_once_than_fit(at_once: int, monkeypatch: pytest.MonkeyPatch):
    X, y = digits(6)
    there, most = [], []
    machine = rbf_svm.Classifier._machine

    def watched(self: rbf_svm.Classifier, *args: object) -> object:
        there.append(args)
        most.append(len(there))
        time.sleep(0.02)
        found = machine(self, *args)
        there.pop()
        return found

    monkeypatch.setattr(rbf_svm.Classifier, "_machine", watched)
    counts = np.sort(np.bincount(y))
    room = 4 * (counts**2).sum() + at_once * 8 * counts[-2:].sum() ** 2
    monkeypatch.setattr(rbf_svm, "KERNELS", room)
    with joblib.parallel_config(backend="threading", n_jobs=4):
        rbf_svm.Classifier().fit(X, y)
    assert len(most) == 15
    assert max(most) == at_once


@pytest.mark.parametrize("module", [knn, rbf_svm], ids=["knn", "rbf_svm"])
@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_features_must_be_finite(module: object, broken: float):
    X, y = digits(3)
    X[5, 7] = broken
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        module.Classifier().fit(X, y)
