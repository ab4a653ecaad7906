"""On many devices and hosts a run learns what it learns on one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np
import pytest

from models.training import devices

SCRIPT = Path(__file__).parent / "train_on_devices.py"


def start(out: Path, checkpoints: Path, *records: Path, devices: int = 1, **slurm: str):
    flags = f"--xla_force_host_platform_device_count={devices}"
    environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu", **slurm}
    return subprocess.Popen(
        [sys.executable, SCRIPT, out, checkpoints, *records],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def result(out: Path, *processes: subprocess.Popen[str]):
    for process in processes:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
    with np.load(out) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def on_one(tmp_path_factory: pytest.TempPathFactory):
    out = tmp_path_factory.mktemp("one") / "one.npz"
    return result(out, start(out, out.with_name("checkpoints")))


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]):
    # The curve is that of batch normalisation over the whole batch, in both epochs.
    np.testing.assert_allclose(found["curve"], expected["curve"], rtol=1e-4)
    np.testing.assert_allclose(found["scores"], expected["scores"], rtol=1e-3, atol=1e-3)


def test_eight_devices_learn_what_one_learns(on_one: dict[str, np.ndarray], tmp_path: Path):
    out = tmp_path / "eight.npz"
    eight = result(out, start(out, tmp_path / "checkpoints", devices=8))
    assert (on_one["devices"], eight["devices"]) == (1, 8)
    assert_same(eight, on_one)


def test_two_hosts_learn_what_one_learns(
    on_one: dict[str, np.ndarray], two_hosts: Callable[[], list[dict[str, str]]], tmp_path: Path
):
    def trained(out: Path):
        started = [start(out, tmp_path / "checkpoints", **host) for host in two_hosts()]
        return result(out, *started)

    two = trained(tmp_path / "two.npz")
    assert two["devices"] == 2
    assert_same(two, on_one)
    # Both go on from the checkpoint that the first has written: there is nothing left to learn.
    again = trained(tmp_path / "again.npz")
    np.testing.assert_array_equal(again["scores"], two["scores"])


def test_two_hosts_of_two_devices_stream_what_one_has_in_memory(
    on_one: dict[str, np.ndarray],
    two_hosts: Callable[[], list[dict[str, str]]],
    record: Callable[..., object],
    tmp_path: Path,
):
    images = np.random.default_rng(0).integers(0, 256, (84, 20, 20, 1), dtype=np.uint8)
    record(file := tmp_path / "train_images.bin", images)
    out = tmp_path / "two.npz"
    started = [start(out, tmp_path / "none", file, devices=2, **host) for host in two_hosts()]
    two = result(out, *started)
    assert two["devices"] == 4
    assert_same(two, on_one)


def test_hosts_that_nobody_has_started_are_told(tmp_path: Path):
    process = start(tmp_path / "x.npz", tmp_path, SLURM_JOB_ID="1")
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "ValueError: HINDSIGHT_DISTRIBUTED: found 1, expected a process that SLURM" in errors


@pytest.mark.parametrize(("batch_size", "used"), [(16, 8), (12, 6), (9, 3), (7, 7), (1, 1)])
def test_as_many_devices_as_divide_the_batch(
    batch_size: int, used: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(jax, "devices", lambda: [*range(8)])
    assert devices.mesh(batch_size).size == used


def test_several_hosts_leave_no_device_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jax, "devices", lambda: [*range(8)])
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    with pytest.raises(ValueError, match=r"^batch_size: found 12, expected a multiple of 8, the "):
        devices.mesh(12)
