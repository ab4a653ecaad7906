"""Studies: on images of two classes that every method can tell apart, and by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from models.classifiers import linear_svm
from models.networks import lenet5
from models.training.recipe import Recipe
from pipeline.evaluation import study_tables
from pipeline.evaluation.trials import Data, difference, summary
from pipeline.stage import plugins
from pipeline.studies import ablation, attribution, invariance, learning_curve


@pytest.fixture(scope="module")
def ladder(data: Data):
    return ablation.run(data, epochs=1, seeds=1)


def test_the_ladder_has_a_row_a_rung_and_ends_with_everything(ladder: pd.DataFrame):
    assert ladder["rung"].tolist() == [rung for rung, _ in ablation.RUNGS]
    assert ladder["gain"].isna().tolist() == [True, *[False] * 5]
    np.testing.assert_allclose(ladder["gain"][1:], np.diff(ladder["accuracy"]), atol=1e-12)
    assert (ladder["gain_low"][1:] <= ladder["gain"][1:]).all()
    # Two classes in place of ten: 8 x 85 weights and biases fewer; 22 biases become 44 numbers.
    assert ladder["parameters"].tolist() == [lenet5.PARAMETERS - 680] * 3 + [61_728 - 680] * 3
    assert ladder["p"][1:].between(0, 1).all()


def test_the_learning_curve_draws_nested_shares_of_the_classes(data: Data):
    labels = np.repeat([0, 0, 1], 40)
    rows = learning_curve.subset(labels, 30, seed=0)
    assert np.bincount(labels[rows]).tolist() == [20, 10]
    assert len(set(rows)) == 30
    assert not np.array_equal(rows, learning_curve.subset(labels, 30, seed=1))
    np.testing.assert_array_equal(learning_curve.subset(labels, 120, seed=0), np.arange(120))

    table = learning_curve.run(data, sizes=[8, 48, 1000], seeds=2, steps=6)
    methods = ["raw-logistic", "hog-linear_svm", "lenet5", "lenet5_modern"]
    assert table["method"].tolist() == methods * 2
    assert table["n_train"].tolist() == [8] * 4 + [48] * 4
    hog = table[table["method"] == "hog-linear_svm"]
    assert hog["train_accuracy"].tolist() == [1, 1]
    assert hog["accuracy"].iloc[-1] > 0.9


def test_attribution_has_every_cell_and_its_effects_are_their_differences(data: Data):
    table = attribution.run(data, epochs=1, seeds=1, share=0.5, copies=1)
    cells = table[table["kind"] == "cell"].set_index("name")["accuracy"]
    effects = table[table["kind"] == "effect"].set_index("name")["effect"]
    assert len(cells) == 16
    mean = {
        model: cells[cells.index.str.startswith(f"{model}, all")].mean() / 2
        + cells[cells.index.str.startswith(f"{model}, a share")].mean() / 2
        for model in ("hog-linear_svm", "lenet5")
    }
    learned = effects["learned features in place of HOG (LeNet-5)"]
    assert learned == pytest.approx(mean["lenet5"] - mean["hog-linear_svm"])
    data_effect = effects["all training images in place of a share"]
    every = cells.index.str.contains(", all images")
    assert data_effect == pytest.approx(cells[every].mean() - cells[~every].mean())


def test_interaction_of_features_and_data():
    # HOG is right on half of the images whatever the data, LeNet-5 on all with all images only, and
    # where they are distorted on half of them too.
    right = {
        (model, all_data, augmented): np.tile(
            [True, model == "lenet5" and all_data and not augmented], (1, 8)
        )
        for model in attribution.MODELS
        for all_data in (False, True)
        for augmented in (False, True)
    }
    effects = {row["name"]: row["effect"] for row in attribution.effects(right)}
    assert effects["learned features gain more from data than HOG"] == pytest.approx(0.25)
    assert effects["learned features in place of HOG (LeNet-5)"] == pytest.approx(0.125)
    assert effects["distorted training images"] == pytest.approx(-0.0625)


def test_distorted_copies_follow_the_images(data: Data):
    images = data.train_images[:6]
    more = attribution.distorted(images, "planar", 2)
    assert (more.dtype, more.shape) == (np.uint8, (18, 16, 16, 1))
    np.testing.assert_array_equal(more[:6], images)
    assert not np.array_equal(more[6:12], more[12:])


def test_what_distortions_bring_in_from_outside_is_the_mean():
    images = np.full((5, 16, 16, 3), (200, 20, 90), np.uint8)
    np.testing.assert_array_equal(
        attribution.distorted(images, "crop_flip", 1), np.tile(images, (2, 1, 1, 1))
    )


def test_invariance_asks_every_method_about_every_change(data: Data):
    table = invariance.run(data, epochs=1)
    changes = sum(len(amounts) for *_, amounts in invariance.CHANGES)
    assert len(table) == 5 * (1 + changes)
    none = table[table["change"] == "none"].set_index("method")["accuracy"]
    for row in table[table["change"] != "none"].itertuples():
        assert row.loss == pytest.approx(none[row.method] - row.accuracy)


def moved(images: NDArray[np.uint8], right: int, down: int):
    return np.roll(images, (down, right), axis=(1, 2))


def test_changes_by_hand():
    images = np.full((2, 9, 9, 1), 100, np.uint8)
    images[:, 4, 4] = 200
    shifts = list(invariance.shifted(images, 2))
    for shifted, (right, down) in zip(shifts, ((2, 0), (-2, 0), (0, 2), (0, -2)), strict=True):
        np.testing.assert_array_equal(shifted, moved(images, right, down))
    for turned in invariance.turned(images, 30):
        assert turned[0, 4, 4, 0] == 200
        assert turned.shape == images.shape
    (fainter,) = invariance.fainter(images, 0.5)
    assert fainter[0, 4, 4, 0] == round(127.5 + 72.5 / 2)
    (covered,) = invariance.covered(images, 0.5)
    assert ((covered == 128).sum((1, 2, 3)) == 16).all()
    (noisy,) = invariance.noisy(np.full((9, 32, 32, 1), 128, np.uint8), 16)
    assert noisy.astype(float).std() == pytest.approx(16, rel=0.05)


def test_a_turn_goes_round_the_middle():
    image = np.zeros((1, 9, 9, 1), np.uint8)
    image[0, 4, 6] = 255
    right_angle, _ = invariance.turned(image, 90)
    np.testing.assert_array_equal(right_angle[0, 2, 4], 255)


def test_summary_and_difference_by_hand():
    right = np.array([[True, True, False, False], [True, False, False, False]])
    other = np.zeros((1, 4), bool)
    found = summary(right)
    assert found["accuracy"] == 0.375
    assert found["accuracy_std"] == pytest.approx(np.std([0.5, 0.25], ddof=1))
    mean, low, high = difference(right, other)
    half = 1.959964 * np.std([1, 0.5, 0, 0], ddof=1) / 2
    assert (mean, low, high) == pytest.approx((0.375, 0.375 - half, 0.375 + half))


def test_a_table_for_people(ladder: pd.DataFrame):
    rows = study_tables.rows(ladder)
    assert "gain_low" not in rows[0]
    assert rows[0]["gain, points"] == "-"
    assert rows[1]["gain, points"][0] in "+-"
    assert rows[0]["parameters"] == "61,026"


def test_no_p_value_is_written_as_nothing():
    table = pd.DataFrame({"rung": ["a", "b", "c"], "p": [None, 4e-7, 0.0661]})
    assert [row["p"] for row in study_tables.rows(table)] == ["-", "< 0.001", "0.066"]


def test_a_study_says_what_was_set_for_it_and_what_its_file_says():
    said = plugins.card("studies", "ablation").notes
    assert said
    first, *others = study_tables.notes(said, {"epochs": 4, "sizes": [1, 2]})
    assert first == "Set in params.yaml: epochs 4, sizes [1, 2]."
    assert others == study_tables.notes(said, {}) == [*said]


def test_a_figure_without_an_interval_stands_alone():
    table = pd.DataFrame({"accuracy": [0.5], "gain": [0.125]})
    assert study_tables.rows(table) == [{"accuracy %": "50.00", "gain, points": "12.50"}]


def test_the_penalty_is_chosen_for_the_images_at_hand(data: Data, monkeypatch: pytest.MonkeyPatch):
    asked: list[tuple[float, int]] = []

    def right_with_one(_: object, classifier: Any, __: Data, *, rows: NDArray[np.int64]):
        asked.append((classifier.C, len(rows)))
        return lambda images: np.full((1, len(images)), 0 if classifier.C == 0.3 else 1)

    monkeypatch.setattr(learning_curve, "classical", right_with_one)
    zeros = data._replace(train_labels=np.zeros_like(data.train_labels))
    learning_curve.tuned("raw", SimpleNamespace, zeros, np.arange(30), (0.1, 0.3, 1.0))
    assert asked == [(0.1, 25), (0.3, 25), (1.0, 25), (0.3, 30)]


def test_every_study_is_a_plugin():
    files = {file.stem for file in Path("pipeline/studies").glob("[!_]*.py")}
    assert files == set(plugins.names("studies"))


def nothing_learned(images: NDArray[np.uint8]):
    return np.zeros((1, len(images)), np.int64)


@pytest.fixture
def epochs_asked(monkeypatch: pytest.MonkeyPatch):
    """Collect the number of images and of epochs that networks would learn with."""
    asked: set[tuple[int, int]] = set()

    def noted(_: type, __: Data, recipe: Recipe, *, rows: NDArray[np.int64], **___: Any):
        asked.add((len(rows), recipe.epochs))
        return nothing_learned

    for study in (attribution, learning_curve):
        monkeypatch.setattr(study, "network", noted)
    monkeypatch.setattr(attribution, "_hog", lambda *_: nothing_learned)
    monkeypatch.setattr(learning_curve, "tuned", lambda *_: nothing_learned)
    return asked


def test_a_share_is_learned_in_as_many_steps_as_all(data: Data, epochs_asked: set[tuple[int, int]]):
    attribution.run(data, epochs=3, share=0.25)
    assert epochs_asked == {(48, 3), (12, 12)}


def test_few_images_are_learned_in_as_many_steps(data: Data, epochs_asked: set[tuple[int, int]]):
    learning_curve.run(data, sizes=[8, 48], seeds=1, steps=6)
    assert epochs_asked == {(8, 24), (48, 4)}


def test_an_image_and_its_copies_weigh_as_much_as_the_image(
    data: Data, monkeypatch: pytest.MonkeyPatch
):
    asked: list[tuple[int, float]] = []

    def noted(_: object, classifier: linear_svm.Classifier, learned_from: Data):
        asked.append((len(learned_from.train_labels), classifier.C))
        return nothing_learned

    monkeypatch.setattr(attribution, "classical", noted)
    monkeypatch.setattr(attribution, "distorted", lambda images, _, n: np.repeat(images, n + 1, 0))
    for kind in ("none", "planar"):
        attribution._hog(data, np.arange(48), kind, 2, (0.3,))
    assert asked == [(48, 0.3), (144, pytest.approx(0.1))]
