"""Streamed images: the same run as from memory, little memory, and no process left behind."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import joblib
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from models.training import loop, program, source
from models.training.blueprint import Blueprint
from models.training.data import Normalisation, Order
from models.training.loop import Trained, train
from models.training.recipe import Recipe
from pipeline.ingest.records import Records
from pipeline.stage.errors import UserError

Images = tuple[NDArray[np.uint8], NDArray[np.int64]]
Recorded = tuple[Records, NDArray[np.int64]]

SCRIPT = Path(__file__).parent / "train_on_stream.py"
RECIPE = Recipe(epochs=3, batch_size=8, learning_rate=0.05, seeds=2)  # 3 steps an epoch
ROWS = np.arange(0, 22, 2)


@pytest.fixture(autouse=True)
def one_worker(monkeypatch: pytest.MonkeyPatch):
    """Start one worker: that takes two seconds of a core."""
    monkeypatch.setattr(joblib, "cpu_count", lambda: 1)


def learned_bytes(trained: Trained):
    arrays = [*jax.tree.leaves(trained.learned), trained.curve, *trained.normalisation]
    return b"".join(np.asarray(array).tobytes() for array in arrays)


def killed_after(done: int, advance: Callable[..., Any]):
    calls = iter(range(done))

    def killed(*arguments: Any):
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return advance(*arguments)

    return killed


@pytest.mark.parametrize("workers", [1, 3])
def test_a_streamed_run_is_the_run_from_memory(
    workers: int,
    deep: Blueprint,
    data: Images,
    recorded: Recorded,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")  # both seeds at once
    monkeypatch.setattr(program, "STEPS_PER_CALL", 2)
    monkeypatch.setattr(joblib, "cpu_count", lambda: workers)
    expected = train(deep, *data, RECIPE, rows=ROWS)
    streamed = train(deep, *recorded, RECIPE, rows=ROWS)
    assert learned_bytes(streamed) == learned_bytes(expected)
    monkeypatch.setattr(loop, "PREDICTION_BATCH", 4)
    scores = expected.scores(data[0], ROWS)
    np.testing.assert_array_equal(streamed.scores(recorded[0], ROWS), scores)
    assert not multiprocessing.active_children()


def test_little_room_means_fewer_steps_a_call(
    linear: Blueprint, data: Images, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(source, "CALL_BYTES", 2 * 8 * 16 + 1)  # two batches of one seed
    one_seed = replace(RECIPE, seeds=1)
    lengths = []
    advance = program.advance

    def noted(*arguments: Any):
        lengths.append((arguments[0].steps_per_call, len(arguments[-1].steps)))
        return advance(*arguments)

    monkeypatch.setattr(program, "advance", noted)
    streamed = train(linear, *recorded, one_seed)
    assert lengths == 3 * [(2, 2), (2, 1)]
    expected = train(linear, *data, one_seed)
    np.testing.assert_allclose(streamed.curve, expected.curve, rtol=1e-5)


def test_a_run_killed_in_mid_epoch_goes_on_there(
    deep: Blueprint,
    data: Images,
    recorded: Recorded,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_SAVES", -1)
    monkeypatch.setattr(program, "STEPS_PER_CALL", 1)
    one_seed = replace(RECIPE, seeds=1)
    expected = train(deep, *data, one_seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "advance", killed_after(5, program.advance))
        with pytest.raises(KeyboardInterrupt):
            train(deep, *recorded, one_seed, checkpoints=tmp_path / "run")
    assert not multiprocessing.active_children()
    resumed = train(deep, *recorded, one_seed, checkpoints=tmp_path / "run")
    assert learned_bytes(resumed) == learned_bytes(expected)


@pytest.mark.parametrize("start", [0, 4, 9])
def test_a_stream_starts_at_any_step(start: int, data: Images, recorded: Recorded):
    order = Order([0, 5], ROWS, RECIPE)
    assert len(order) == 6
    with closing(source.stream(recorded[0], order, min(start, 6))) as decoded:
        found = list(decoded)
    expected = [data[0][order[step]] for step in range(start, 6)]
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("rows", [ROWS, np.arange(22)])
def test_normalisation_is_that_of_the_pixels(
    rows: NDArray[np.int64], data: Images, recorded: Recorded
):
    expected = Normalisation.of(data[0][rows])
    found = Normalisation.of_sums(*recorded[0].sums(rows))
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.tobytes() == theirs.tobytes()
    pixels = data[0][rows].astype(np.float64)
    np.testing.assert_allclose(found.mean, pixels.mean((0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(found.std, pixels.std((0, 1, 2)), rtol=1e-6)


def test_a_damaged_record_is_named(linear: Blueprint, recorded: Recorded):
    images, labels = recorded
    content = bytearray(images.file.read_bytes())
    content[-20] ^= 1
    images.file.write_bytes(content)
    with pytest.raises(
        UserError, match=r"train_images\.bin: record 21 has the checksum "
    ) as caught:
        train(linear, images, labels, RECIPE)
    assert "\n" not in str(caught.value)
    assert not multiprocessing.active_children()


def test_a_worker_that_dies_is_told(recorded: Recorded):
    order = Order([0], np.arange(22), replace(RECIPE, epochs=10_000))
    with closing(source.stream(recorded[0], order)) as decoded:
        next(decoded)
        for child in multiprocessing.active_children():
            os.kill(child.pid or 0, signal.SIGKILL)
        with pytest.raises(ChildProcessError, match="a process that decodes it died") as caught:
            for _ in decoded:
                pass
    assert caught.value.filename == str(recorded[0])


def ended(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=10)
    return not alive


def test_no_worker_outlives_a_killed_run(record: Callable[..., object], tmp_path: Path):
    record(file := tmp_path / "train_images.bin", np.zeros((8, 8, 8, 1), np.uint8))
    run = subprocess.Popen([sys.executable, SCRIPT, file, "1000000"])
    children: list[psutil.Process] = []
    while len(children) < 2:  # Python's tracker of shared memory, and a worker
        assert run.poll() is None
        time.sleep(0.1)
        children = psutil.Process(run.pid).children(recursive=True)
    time.sleep(2)  # until the worker has been imported and waits
    run.kill()
    run.wait()
    assert ended(children)


def test_ten_times_the_images_need_no_more_memory(record: Callable[..., object], tmp_path: Path):
    images = np.random.default_rng(0).integers(0, 256, (100, 8, 8, 1), dtype=np.uint8)
    record(file := tmp_path / "train_images.bin", images)
    before = {*source.SHARED_MEMORY.glob("psm_*")}
    runs = [
        subprocess.run(
            [sys.executable, SCRIPT, file, n], capture_output=True, text=True, check=True
        )
        for n in ("10000", "100000")
    ]
    # On a busy machine Python itself may clean up the last batch: all that may stand on stderr.
    cleaned = r"(.* There appear to be 1 leaked shared_memory objects .*\n  warnings\.warn\(.*\n)?"
    assert all(re.fullmatch(cleaned, run.stderr) for run in runs)
    assert not {*source.SHARED_MEMORY.glob("psm_*")} - before
    few, many = (float(run.stdout) for run in runs)
    assert abs(many - few) < 0.1 * few
