"""Pictures of what methods learned, on a few small images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from features import autoencoder
from models.training.blueprint import Blueprint
from models.training.data import Normalisation
from models.training.program import program, start
from models.training.recipe import Recipe
from models.weights import to_arrays
from pipeline.drawing import autoencoding, dictionaries, feature_maps
from pipeline.drawing.picture import Run
from pipeline.stage import paths, plugins
from pipeline.stage.files import write_array, write_json

SIDE, CLASSES = 12, 3


@pytest.fixture
def run(tmp_path: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(paths, "ARTIFACTS", tmp_path)
    random = np.random.default_rng(0)
    labels = np.arange(30) % CLASSES
    images = random.integers(0, 80, (30, SIDE, SIDE, 1)).astype(np.uint8)
    images += (60 * labels[:, None, None, None]).astype(np.uint8)
    for split in ("train", "test"):
        write_array(paths.data("tiny") / f"{split}_images.npy", images)
        write_array(paths.data("tiny") / f"{split}_labels.npy", labels)
    info = {"image_shape": [SIDE, SIDE, 1], "class_names": ["dark", "grey", "light"]}
    write_json(paths.data("tiny") / "dataset.json", info)
    return Run("tiny", info, pd.DataFrame())


def test_arrays_that_hold_images_are_known_by_their_shape():
    image, patch = (8, 8, 1), (3, 3, 1)
    arrays = {
        "dictionary": np.zeros((5, 4, 4)),
        "words": np.zeros((7, 9)),
        "templates": np.zeros((2, 64)),
        "descriptors": np.zeros((7, 128)),
        "whitener": np.zeros((9, 9)),
        "mean": np.zeros(9),
        "code.kernel": np.zeros((2, 64)),
    }
    found = {name: one.shape for name, one in dictionaries.dictionaries(arrays, (image, patch))}
    assert found == {"dictionary": (5, 4, 4, 1), "words": (7, 3, 3, 1), "templates": (2, 8, 8, 1)}


@pytest.fixture
def lenet5(run: Run):
    blueprint = Blueprint(plugins.load("networks", "lenet5").Network, run.image_shape, CLASSES)
    learned = start(program(blueprint, Recipe(learning_rate=0.1, epochs=1)), np.array([0])).learned
    one = np.ones(1, np.float32)
    return blueprint, to_arrays(learned, Normalisation(0 * one, one))


def test_maps_are_what_a_kernel_answers_at_each_place(run: Run, lenet5: Any):
    blueprint, arrays = lenet5
    image = run.one_of_each()[:1]
    found = feature_maps.outputs(blueprint, arrays, image)
    assert {"c1", "c3", "c5", "f6", "output"} <= set(found)
    field = np.pad(image[0, ..., 0].astype(float), 10)  # 12 pixels in the middle of 32
    row, column, kernel = 9, 11, 4
    under = field[row : row + 5, column : column + 5]
    expected = (under * arrays["c1.kernel"][:, :, 0, kernel]).sum() + arrays["c1.bias"][kernel]
    assert found["c1"][0, row, column, kernel] == pytest.approx(expected, rel=1e-5)


def test_only_convolutions_have_maps_the_largest_first(run: Run, lenet5: Any):
    blueprint, arrays = lenet5
    found = feature_maps.outputs(blueprint, arrays, run.one_of_each()[:1])
    chosen = feature_maps.convolutions(found, arrays)
    assert {layer: maps.shape for layer, maps in chosen.items()} == {
        "c1": (1, 28, 28, 6),
        "c3": (1, 10, 10, 16),
    }
    assert list(chosen) == ["c1", "c3"]


@pytest.mark.parametrize("code", [1, 2, 3])
def test_an_autoencoder_is_drawn(run: Run, code: int, monkeypatch: pytest.MonkeyPatch):
    feature = autoencoder.Feature(code=code, hidden=8, epochs=1).fit(run.array("train_images"))
    shown = ("Autoencoder", feature, feature.to_arrays())
    monkeypatch.setattr(Run, "features", lambda _: iter([shown]))
    drawn = {picture.name.partition("-")[0]: picture for picture in autoencoding.draw(run)}
    assert list(drawn) == ["filters", "reconstructed", "filled", "random", "plane"]
    wide = CLASSES * (SIDE + 1) - 1
    assert drawn["reconstructed"].pixels.shape == (2 * SIDE + 1, wide, 1)
    # Known pixels are as they were; the gap is grey above and filled below.
    above, below = drawn["filled"].pixels[:SIDE], drawn["filled"].pixels[SIDE + 1 :]
    np.testing.assert_array_equal(above[:4], below[:4])
    assert (above[4:8, 4:8] == 128).all()
    assert (below[4:8, 4:8] != 128).any()
    assert all(picture.caption and picture.alt for picture in drawn.values())
    points = drawn["plane"].points
    assert list(points) == ["z1", "z2", "class"]
    assert points["class"][:3].tolist() == ["dark", "grey", "light"]
    planar = autoencoding.in_two_numbers(run, feature)
    assert (planar is feature) == (code == 2)
    np.testing.assert_allclose(points[["z1", "z2"]], planar.transform(run.array("test_images")))


@pytest.mark.parametrize(("most", "places"), [(3, [0, 14, 29]), (99, [*range(30)])])
def test_images_are_chosen_from_all_over(run: Run, most: int, places: list[int]):
    assert run.spread(most).tolist() == places


def test_a_feature_without_a_decoder_has_no_plane(run: Run, monkeypatch: pytest.MonkeyPatch):
    raw = plugins.load("features", "raw").Feature()
    monkeypatch.setattr(Run, "features", lambda _: iter([("Raw", raw, {})]))
    assert list(autoencoding.draw(run)) == []
