"""The training loop: every image once an epoch, the same bytes however often it is interrupted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import log_loss

from models.training import loop, program
from models.training.blueprint import Blueprint
from models.training.data import shuffled
from models.training.loop import Trained, train
from models.training.recipe import Recipe

Images = tuple[NDArray[np.uint8], NDArray[np.int64]]

RECIPE = Recipe(epochs=3, batch_size=8, learning_rate=0.05, seeds=2)  # 3 steps an epoch


def learned_bytes(trained: Trained):
    arrays = [*jax.tree.leaves(trained.learned), trained.curve]
    return b"".join(np.asarray(array).tobytes() for array in arrays)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch):
    """Collect the numbers of the steps that are made."""
    made: list[int] = []
    advance = program.advance

    def noted(*arguments: Any):
        made.extend(arguments[-1].steps)
        return advance(*arguments)

    monkeypatch.setattr(program, "advance", noted)
    return made


@pytest.mark.parametrize("n", [1, 7, 8, 9, 22])
def test_every_image_counts_once_an_epoch(n: int):
    rows = 3 * np.arange(n) + 1
    batches = shuffled([0, 5], rows, RECIPE, epoch=2)
    steps = -(-n // 8)
    assert batches.indices.shape == (2, steps, 8)
    assert batches.weights.shape == (steps, 8)
    np.testing.assert_array_equal(batches.steps, 2 * steps + np.arange(steps))
    for order in batches.indices:
        assert sorted(order[batches.weights == 1]) == rows.tolist()
        assert set(order.ravel()) <= set(rows)
    assert set(batches.weights.ravel()) <= {0, 1}


def test_seeds_and_epochs_have_orders_of_their_own():
    rows = np.arange(22)
    orders = [
        tuple(shuffled(seeds, rows, RECIPE, epoch).indices[-1].ravel())
        for seeds, epoch in (([0], 0), ([1], 0), ([0], 1), ([1, 0], 0))
    ]
    assert len(set(orders)) == 3
    assert orders[0] == orders[3]  # whatever the seeds beside it


def test_the_curve_is_the_mean_over_all_images(linear: Blueprint, data: Images):
    images, labels = data
    trained = train(linear, images, labels, replace(RECIPE, learning_rate=1e-12))
    for scores, curve in zip(trained.scores(images), trained.curve, strict=True):
        probabilities = np.exp(scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True))
        loss, accuracy = log_loss(labels, probabilities), (scores.argmax(-1) == labels).mean()
        np.testing.assert_allclose(curve, [[loss, accuracy]] * 3, rtol=1e-5)


def test_steps_are_a_tenth_from_half_of_the_run_on(linear: Blueprint, data: Images):
    recipe = replace(RECIPE, epochs=4)
    same, falling = (
        train(linear, *data, replace(recipe, schedule=schedule)).curve
        for schedule in ("constant", "steps")
    )
    np.testing.assert_array_equal(falling[:, :2], same[:, :2])
    assert (falling[:, 2:, 0] != same[:, 2:, 0]).all()


def test_it_learns(blueprint: Blueprint, data: Images):
    trained = train(blueprint, *data, replace(RECIPE, epochs=20))
    assert trained.curve.shape == (2, 20, 2)
    assert not trained.diverged
    assert trained.seconds > 0
    assert (trained.scores(data[0]).argmax(-1) == data[1]).mean() > 0.9


def test_only_the_rows_asked_for_are_seen(deep: Blueprint, data: Images):
    rows = np.arange(0, 22, 2)
    images, labels = (array.copy() for array in data)
    images[1::2], labels[1::2] = 255, 0
    expected = train(deep, *data, RECIPE, rows=rows)
    assert learned_bytes(train(deep, images, labels, RECIPE, rows=rows)) == learned_bytes(expected)


def test_same_seed_same_bytes(deep: Blueprint, data: Images):
    first, again = (train(deep, *data, RECIPE) for _ in range(2))
    assert learned_bytes(first) == learned_bytes(again)
    assert first.scores(data[0]).tobytes() == again.scores(data[0]).tobytes()


def test_seeds_differ_and_do_not_depend_on_their_company(deep: Blueprint, data: Images):
    both, second = train(deep, *data, RECIPE), train(deep, *data, RECIPE, seeds=[1])
    assert both.curve[1].tobytes() == second.curve[0].tobytes()
    assert not np.allclose(*both.curve)
    for together, alone in zip(
        jax.tree.leaves(both.learned), jax.tree.leaves(second.learned), strict=True
    ):
        np.testing.assert_array_equal(together[1], alone[0])


def test_an_accelerator_ends_where_the_cpu_ends(
    deep: Blueprint, data: Images, steps: list[int], monkeypatch: pytest.MonkeyPatch
):
    expected = train(deep, *data, RECIPE)
    assert steps == 2 * [*range(9)]
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    found = train(deep, *data, RECIPE)
    assert steps[18:] == [*range(9)]  # both seeds at once
    np.testing.assert_allclose(found.curve, expected.curve, rtol=1e-5, atol=1e-5)
    pairs = zip(jax.tree.leaves(found.learned), jax.tree.leaves(expected.learned), strict=True)
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def test_another_pace_needs_no_new_program(linear: Blueprint, data: Images):
    train(linear, *data, RECIPE)
    before = program.many_steps._cache_size()
    train(linear, *data, replace(RECIPE, learning_rate=0.2, epochs=1, seeds=1))
    assert program.many_steps._cache_size() == before
    train(linear, *data, replace(RECIPE, batch_size=4))
    assert program.many_steps._cache_size() == before + 1


@pytest.mark.parametrize("n", [1, 7, 8, 9, 22])
def test_every_image_is_scored(
    n: int, deep: Blueprint, data: Images, monkeypatch: pytest.MonkeyPatch
):
    trained = train(deep, *data, RECIPE, seeds=[0, 1, 2])
    whole = np.asarray(
        program.predict(trained.program, trained.learned, trained.normalisation, data[0])
    )
    monkeypatch.setattr(loop, "PREDICTION_BATCH", 8)
    scores = trained.scores(data[0][:n])
    assert scores.shape == (3, n, 3)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, whole[:, :n], rtol=1e-5, atol=1e-5)


DIVERGING = Recipe(epochs=20, batch_size=8, learning_rate=1e6, loss="squared_error", seeds=1)


def test_a_diverged_run_says_so(linear: Blueprint, data: Images):
    trained = train(linear, *data, DIVERGING)
    assert trained.diverged
    assert trained.curve.shape == (1, 20, 2)


def test_a_diverged_run_does_not_go_on(linear: Blueprint, data: Images, steps: list[int]):
    trained = train(linear, *data, DIVERGING)
    assert len(steps) < 20 * 3
    assert np.isnan(trained.curve[0, -1]).all()


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch):
    """Save before every step, and after the last."""
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_SAVES", -1)
    monkeypatch.setattr(loop, "SECONDS_WORTH_KEEPING", -1)
    monkeypatch.setattr(program, "STEPS_PER_CALL", 1)


def killed_after(done: int, advance: Callable[..., Any]):
    calls = iter(range(done))

    def killed(*arguments: Any):
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return advance(*arguments)

    return killed


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("done", [1, 5, 12], ids="killed in step {}".format)
def test_an_interrupted_run_ends_with_the_same_bytes(
    done: int, deep: Blueprint, data: Images, tmp_path: Path, steps: list[int]
):
    # Two seeds of nine steps each: the last case is killed in the second seed.
    expected = train(deep, *data, RECIPE)
    steps.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "advance", killed_after(done, program.advance))
        with pytest.raises(KeyboardInterrupt):
            train(deep, *data, RECIPE, checkpoints=tmp_path)
    resumed = train(deep, *data, RECIPE, checkpoints=tmp_path)
    assert steps == 2 * [*range(9)]  # none twice, none left out
    assert learned_bytes(resumed) == learned_bytes(expected)


@pytest.mark.usefixtures("often")
def test_a_finished_run_is_not_made_again(
    deep: Blueprint, data: Images, tmp_path: Path, steps: list[int]
):
    once = train(deep, *data, RECIPE, checkpoints=tmp_path)
    steps.clear()
    again = train(deep, *data, RECIPE, checkpoints=tmp_path)
    assert steps == []
    assert learned_bytes(again) == learned_bytes(once)
