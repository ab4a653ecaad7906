"""On many devices and hosts a run learns what it learns on one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from models.training import devices

SCRIPT = Path(__file__).parent / "train_on_devices.py"


def start(out: Path, *arguments: str, devices: int = 1):
    flags = f"--xla_force_host_platform_device_count={devices}"
    environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    return subprocess.Popen(
        [sys.executable, SCRIPT, out, *arguments],
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
    return result(out, start(out))


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]):
    # The curve is that of batch normalisation over the whole batch, in both epochs.
    np.testing.assert_allclose(found["curve"], expected["curve"], rtol=1e-4)
    np.testing.assert_allclose(found["scores"], expected["scores"], rtol=1e-3, atol=1e-3)


def test_eight_devices_learn_what_one_learns(on_one: dict[str, np.ndarray], tmp_path: Path):
    out = tmp_path / "eight.npz"
    eight = result(out, start(out, devices=8))
    assert (on_one["devices"], eight["devices"]) == (1, 8)
    assert_same(eight, on_one)


def test_two_hosts_learn_what_one_learns(on_one: dict[str, np.ndarray], tmp_path: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{free.getsockname()[1]}"
    out = tmp_path / "two.npz"
    hosts = [start(out, coordinator, "2", str(host), devices=2) for host in range(2)]
    two = result(out, *hosts)
    assert two["devices"] == 4
    assert_same(two, on_one)


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
