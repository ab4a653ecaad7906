"""Saving a run, and finding it again."""

from __future__ import annotations

from pathlib import Path

import jax.numpy as jnp
import numpy as np

from models.training.checkpoints import Checkpoints


def state(value: float):
    return {"a": jnp.full((2, 3), value), "b": (np.int32(value), np.array(value, np.float64))}


def test_the_newest_is_restored_and_older_ones_go(tmp_path: Path):
    checkpoints = Checkpoints(tmp_path / "run")
    for step in (9, 10):
        checkpoints.save(step, state(step + 0.5))
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["10"]
    step, found = Checkpoints(tmp_path / "run").restore(state(0))
    assert step == 10
    np.testing.assert_array_equal(found["a"], np.full((2, 3), 10.5, np.float32))
    assert found["a"].dtype == np.float32
    assert found["b"][0].dtype == np.int32
    assert found["b"] == (10, 10.5)


def test_what_a_killed_save_left_is_not_restored(tmp_path: Path):
    Checkpoints(tmp_path).save(3, state(3))
    (tmp_path / "4.orbax-checkpoint-tmp").mkdir()
    assert Checkpoints(tmp_path).restore(state(0))[0] == 3


def test_without_a_checkpoint_a_run_starts_from_its_beginning(tmp_path: Path):
    start = state(0)
    assert Checkpoints(tmp_path / "none").restore(start) == (0, start)


def test_without_a_folder_nothing_is_saved(tmp_path: Path):
    checkpoints = Checkpoints(None)
    checkpoints.save(1, state(1))
    assert not checkpoints.due(-1)
    assert checkpoints.restore(start := state(0)) == (0, start)


def test_a_save_is_due_after_some_time(tmp_path: Path):
    checkpoints = Checkpoints(tmp_path)
    assert checkpoints.due(-1)
    assert not checkpoints.due(1000)
