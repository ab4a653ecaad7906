"""Half a checkpoint is left out; a whole one stays."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from models.training.checkpoints import Checkpoints
from pipeline.stage.checkpoints import discard_unreadable

OF_MLP = Path("artifacts/checkpoints/digits-mlp-0123456789abcdef")
STATE = {
    "pixels": np.random.default_rng(0).integers(0, 256, (300, 300), np.uint8),
    "weights": np.ones((3, 4), np.float32),
    "step": np.int32(7),
}


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Save a checkpoint after 7 steps, in an empty project."""
    project = tmp_path / "50% größer"
    project.mkdir()
    monkeypatch.chdir(project)
    Checkpoints(OF_MLP / "final/0").save(7, STATE)
    return OF_MLP / "final/0/7"


def test_a_whole_checkpoint_stays(whole: Path, capfd: pytest.CaptureFixture[str]):
    discard_unreadable("digits-mlp")
    assert Checkpoints(whole.parent).restore(STATE)[0] == 7
    assert capfd.readouterr().err == ""


def test_without_any_parts_it_is_left_out_or_the_same(
    whole: Path, capfd: pytest.CaptureFixture[str]
):
    files = [file.relative_to(whole) for file in whole.rglob("*") if file.is_file()]
    choose = random.Random(0)
    several = [choose.sample(files, choose.randint(2, len(files) - 1)) for _ in range(20)]
    saved = shutil.copytree(whole, "saved")
    left_out = []
    for missing in [*([file] for file in files), *several]:
        shutil.copytree(saved, whole, dirs_exist_ok=True)
        for file in missing:
            (whole / file).unlink()
        discard_unreadable("digits-mlp")
        left_out.append(not whole.exists())
        step, state = Checkpoints(whole.parent).restore(STATE)
        assert step == (0 if left_out[-1] else 7)
        np.testing.assert_array_equal(state["weights"], STATE["weights"])
        np.testing.assert_array_equal(state["pixels"], STATE["pixels"])
    assert 0 < sum(left_out[: len(files)]) < len(files)
    line = f"{whole}: half deleted by a killed run, left out\n"
    assert capfd.readouterr().err == sum(left_out) * line


def test_an_empty_folder_is_left_out_and_named(whole: Path, capfd: pytest.CaptureFixture[str]):
    shutil.rmtree(whole)
    whole.mkdir()
    discard_unreadable("digits-mlp")
    assert not whole.exists()
    assert capfd.readouterr().err == f"{whole}: half deleted by a killed run, left out\n"


@pytest.mark.parametrize("stage_names", ["digits", "digits-lenet5", ""])
def test_another_trainings_are_not_looked_at(whole: Path, stage_names: str):
    (whole / "_METADATA").unlink()
    discard_unreadable(stage_names)
    assert whole.exists()


def test_too_little_memory_is_no_damage(whole: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise ValueError("RESOURCE_EXHAUSTED: 9G")

    monkeypatch.setattr("tensorstore.open", fail)
    with pytest.raises(ValueError, match="RESOURCE_EXHAUSTED"):
        discard_unreadable("digits-mlp")
    assert whole.exists()


def test_one_of_several_hosts_reads_nothing_yet(whole: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HINDSIGHT_DISTRIBUTED", "1")
    (whole / "_METADATA").unlink()
    discard_unreadable("digits-mlp")
    assert whole.exists()
