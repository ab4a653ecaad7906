"""What every network promises, run on each file in ``models/networks/``: a new one at once.

Shapes and counts are checked by abstract evaluation, whatever the size. What needs real arithmetic
is checked on the paper's configuration of networks with fewer than 20 million multiply-accumulates.
"""

from __future__ import annotations

import ast
import importlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from models import counting, weights
from models.training import loop, program
from models.training.blueprint import Blueprint
from models.training.data import Data, Normalisation, shuffled
from models.training.program import Pace
from models.training.recipe import Recipe

FOLDER = Path(importlib.import_module("models.networks").__file__).parent
FILES = {file.stem: file for file in sorted(FOLDER.glob("[!_]*.py"))}
MODULES = {key: importlib.import_module(f"models.networks.{key}") for key in FILES}
SMALL = [key for key, module in MODULES.items() if module.MACS < 20e6]
CONSTANTS = {
    "TITLE": str,
    "YEAR": int,
    "CITATION": str,
    "DEVIATIONS": tuple,
    "IMAGE_SHAPE": tuple,
    "CLASSES": int,
    "PARAMETERS": int,
    "MACS": int,
}
OVERFIT = Recipe(
    epochs=60, batch_size=20, optimizer="adam", learning_rate=0.003, schedule="constant", seeds=1
)


def paper(module: ModuleType) -> Blueprint:
    return Blueprint(module.Network, module.IMAGE_SHAPE, module.CLASSES)


# Of three classes: two units are enough to learn them.
FEW = np.flatnonzero(load_digits().target < 3)[:20]
LABELS = load_digits().target[FEW]


def digits(shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Handwritten digits, uint8 [20, *shape]."""
    rows, columns = (np.arange(side) * 8 // side for side in shape[:2])
    grey = load_digits().images[FEW] * 255 // 16
    enlarged = grey[:, rows[:, None], columns, None]
    return np.repeat(enlarged, shape[2], axis=-1).astype(np.uint8)


def scores_shape(plan: Blueprint, n: int) -> tuple[int, ...]:
    """Trace initialisation and prediction of one seed; nothing is allocated or computed."""
    prepared = program.program(plan, OVERFIT)
    seeds = jax.ShapeDtypeStruct((1,), np.uint32)
    learned = jax.eval_shape(partial(program.initial, prepared), seeds).learned
    images = jax.ShapeDtypeStruct((n, *plan.image_shape), np.uint8)
    one = np.ones(plan.image_shape[2], np.float32)
    scores = jax.eval_shape(
        lambda learned, images: program.predict(prepared, learned, Normalisation(one, one), images),
        learned,
        images,
    )
    assert scores.dtype == np.float32
    return scores.shape[1:]


@pytest.fixture(params=MODULES)
def module(request: pytest.FixtureRequest):
    return MODULES[request.param]


@pytest.fixture(scope="module", params=SMALL)
def small(request: pytest.FixtureRequest):
    return MODULES[request.param]


@pytest.fixture(scope="module")
def trained(small: ModuleType):
    """The paper's configuration after 60 steps on one batch of 20 digits; small ones after 200."""
    recipe = replace(OVERFIT, epochs=60 if small.MACS > 1e6 else 200)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "PREDICTION_BATCH", 20)
        yield loop.train(paper(small), digits(small.IMAGE_SHAPE), LABELS, recipe)


def test_all_networks_are_found():
    assert {"mlp", "lenet5"} <= set(SMALL) <= set(FILES)


@pytest.mark.parametrize("key", FILES)
def test_its_history_is_literal(key: str):
    # Read as the pipeline does, without importing the module.
    history: dict[str, Any] = {}
    for node in ast.parse(FILES[key].read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in CONSTANTS:
            history[ast.unparse(node.targets[0])] = ast.literal_eval(node.value)
    assert {name: type(value) for name, value in history.items()} == CONSTANTS
    assert history["TITLE"]
    assert 1950 < history["YEAR"] < 2030
    assert str(history["YEAR"]) in history["CITATION"]
    assert all(isinstance(deviation, str) for deviation in history["DEVIATIONS"])


def test_it_counts_what_the_paper_says(module: ModuleType):
    assert counting.parameters(paper(module)) == module.PARAMETERS
    assert counting.macs(paper(module)) == module.MACS


@pytest.mark.parametrize(("n", "classes", "channels"), [(1, 2, 1), (3, 10, 3), (2, 13, 1)])
def test_one_score_an_image_and_class(module: ModuleType, n: int, classes: int, channels: int):
    plan = Blueprint(module.Network, (*module.IMAGE_SHAPE[:2], channels), classes)
    assert scores_shape(plan, n) == (n, classes)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (5, 5), (8, 8), (16, 16), (31, 31), (8, 64)])
def test_small_images_work_or_are_refused_when_the_network_is_made(
    module: ModuleType, shape: tuple[int, int]
):
    plan = Blueprint(module.Network, (*shape, 3), 10)
    try:
        plan.abstract()
    except ValueError as error:
        assert str(error)  # noqa: PT017 - any other type of error fails the test
    else:
        assert scores_shape(plan, 2) == (2, 10)


def test_larger_images_work_or_are_refused_when_the_network_is_made(module: ModuleType):
    height, width, channels = module.IMAGE_SHAPE
    plan = Blueprint(module.Network, (height + 3, width + 10, channels), 10)
    try:
        plan.abstract()
    except ValueError as error:
        assert str(error)  # noqa: PT017
    else:
        assert scores_shape(plan, 2) == (2, 10)


def test_every_parameter_has_a_gradient(small: ModuleType):
    # Adam's first step moves whatever has a gradient, however small.
    images, labels = digits(small.IMAGE_SHAPE), LABELS
    prepared = program.program(paper(small), OVERFIT)
    data = Data(jax.numpy.asarray(images), jax.numpy.asarray(labels), Normalisation.of(images))
    pace = Pace(OVERFIT.learning_rate, OVERFIT.epochs, np.zeros(1, np.uint32))
    start = program.start(prepared, pace.seeds)
    before = jax.tree_util.tree_map(np.array, start.learned.params)
    batch = shuffled([0], np.arange(20), OVERFIT, epoch=0)
    after = program.advance(prepared, data, pace, start, batch)
    assert np.isfinite(after.loss)
    moved = jax.tree_util.tree_map(lambda old, new: new - old, before, after.learned.params)
    leaves = jax.tree_util.tree_leaves_with_path(moved)
    assert sum(leaf.size for _, leaf in leaves) == small.PARAMETERS
    for name, leaf in leaves:
        assert np.isfinite(leaf).all(), name
        assert np.any(leaf), name


def test_a_training_step_in_half_precision_keeps_every_type(module: ModuleType):
    prepared = program.program(paper(module), replace(OVERFIT, dtype="bfloat16"))
    pace = Pace(OVERFIT.learning_rate, OVERFIT.epochs, np.zeros(1, np.uint32))
    start = jax.eval_shape(partial(program.initial, prepared), pace.seeds)
    few = np.zeros((20, *module.IMAGE_SHAPE), np.uint8)
    data = Data(jax.numpy.asarray(few), jax.numpy.zeros(20, np.int32), Normalisation.of(few))
    batch = shuffled([0], np.arange(20), OVERFIT, epoch=0)
    after = jax.eval_shape(partial(program.one_step, prepared), data, pace, start, batch)
    assert {leaf.dtype for leaf in jax.tree.leaves(start.learned.params)} == {np.dtype("f4")}
    assert jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), start) == jax.tree.map(
        lambda leaf: (leaf.shape, leaf.dtype), after
    )


def test_a_seed_decides_the_first_weights(small: ModuleType):
    prepared = program.program(paper(small), OVERFIT)
    first, again, other = (
        b"".join(np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(started.learned))
        for started in (program.start(prepared, np.array([seed], np.uint32)) for seed in (0, 0, 1))
    )
    assert first == again
    assert first != other


def test_it_learns_one_batch_by_heart(trained: loop.Trained):
    loss, accuracy = trained.curve[0].T
    assert loss[-1] < loss[0] / 2  # a squashed output keeps it from 0
    scores = trained.scores(digits(trained.program.blueprint.image_shape))[0]
    assert np.isfinite(scores).all()
    assert (scores.argmax(-1) == LABELS).mean() == 1
    assert accuracy[-1] > 0.8  # while dropout, where there is any, leaves units out


def test_a_prediction_does_not_depend_on_its_batch(trained: loop.Trained):
    images = digits(trained.program.blueprint.image_shape)
    alone = np.zeros_like(images)
    alone[0] = images[0]
    in_company = trained.scores(images)[0, 0]
    np.testing.assert_allclose(trained.scores(alone)[0, 0], in_company, rtol=1e-4, atol=1e-5)


def test_weights_survive_a_file(trained: loop.Trained, small: ModuleType, tmp_path: Path):
    arrays = weights.to_arrays(trained.learned, trained.normalisation)
    np.savez(tmp_path / "weights.npz", allow_pickle=False, **arrays)
    with np.load(tmp_path / "weights.npz", allow_pickle=False) as archive:
        learned, normalisation = weights.from_arrays(paper(small), dict(archive))
    restored = trained._replace(learned=learned, normalisation=normalisation)
    images = digits(small.IMAGE_SHAPE)
    assert restored.scores(images).tobytes() == trained.scores(images).tobytes()
