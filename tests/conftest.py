"""Tests compute on the CPU unless JAX_PLATFORMS says otherwise, in programs that run only once."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

# Before anything imports JAX.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")  # compiles 4 times faster


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for downloads of the test's own, not made yet, and no mirror but the test's."""
    monkeypatch.setenv("HINDSIGHT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HINDSIGHT_MIRROR", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def two_hosts() -> Callable[[], list[dict[str, str]]]:
    """The environment that SLURM gives to the two processes of a job; every call is a new job."""

    def job() -> list[dict[str, str]]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        job = {"SLURM_JOB_ID": "1", "SLURM_STEP_NODELIST": "127.0.0.1", "SLURM_NTASKS": "2"}
        job |= {"JAX_COORDINATOR_PORT": port, "HINDSIGHT_DISTRIBUTED": "1"}
        return [job | {"SLURM_PROCID": str(host), "SLURM_LOCALID": "0"} for host in range(2)]

    return job
