"""Threads of this process, or the workers of a Dask cluster: the same bytes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dask.distributed import Client

from pipeline.stage.errors import UserError
from pipeline.stage.workers import MEMORY, tasks_at_once, workers

ROOT = Path(__file__).parents[3]
DASK = [sys.executable, "-W", "ignore", "-m", "dask"]
PARAMS = {
    "datasets": {"digits": {"reader": "digits", "size": 16, "epochs": 1}},
    "features": {"kmeans_patches": {"words": 8, "epsilon": 1.0}},
    "classifiers": {"linear_svm": {"C": [0.01, 0.1, 1.0]}},
    "networks": {},
    "studies": {},
}
PREPARE = (("check",), ("prepare", "digits"))
CLASSICAL = (
    ("extract", "digits", "kmeans_patches"),
    ("fit", "digits", "kmeans_patches", "linear_svm"),
)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """The address of a scheduler with two workers, three processes that run in the project."""
    found = tmp_path / "scheduler.json"
    quiet = os.environ | {"DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "error"}
    start = ["--scheduler-file", str(found), "--no-dashboard"]
    one_thread = ["--nworkers", "1", "--nthreads", "1", "--no-nanny"]
    commands = [
        [*DASK, "scheduler", "--host", "127.0.0.1", "--port", "0", *start],
        *[[*DASK, "worker", *start, *one_thread] for _ in range(2)],
    ]
    processes = [subprocess.Popen(command, cwd=ROOT, env=quiet) for command in commands]
    try:
        while not found.exists():
            assert processes[0].poll() is None
            time.sleep(0.05)
        yield json.loads(found.read_text("utf-8"))["address"]
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the code, with prepared digits."""
    folder = tmp_path / "here"
    for package in ("pipeline", "features", "models"):
        shutil.copytree(ROOT / package, folder / package)
    (folder / "params.yaml").write_text(json.dumps(PARAMS), "utf-8")
    run(folder, PREPARE)
    return folder


def run(folder: Path, stages: tuple[tuple[str, ...], ...], **environment: str) -> None:
    for stage, *names in stages:
        command = [sys.executable, "-m", f"pipeline.{stage}", *names]
        subprocess.run(command, cwd=folder, env=os.environ | environment, check=True)


def written(folder: Path) -> tuple[dict[Path, bytes], list[str]]:
    """Return all files but the timings, and the machines that these name."""
    artifacts = folder / "artifacts"
    files = {
        file.relative_to(artifacts): file.read_bytes()
        for file in artifacts.rglob("*")
        if file.is_file()
    }
    timings = {place for place in files if place.parts[0] == "timings"}
    machines = [json.loads(files[place])["machine"] for place in sorted(timings)]
    return {place: files[place] for place in files.keys() - timings}, machines


def test_a_cluster_computes_the_same_bytes(project: Path, tmp_path: Path, cluster: str):
    shutil.copytree(project, tmp_path / "there")
    run(project, CLASSICAL)
    run(tmp_path / "there", CLASSICAL, HINDSIGHT_DASK=cluster)
    files, machines = written(project)
    assert len(files) > 10
    assert written(tmp_path / "there") == (
        files,
        [f"{machine}, with a Dask cluster" for machine in machines],
    )
    with Client(cluster) as client:
        executed = client.run(lambda dask_worker: dask_worker.state.executed_count)
    assert len(executed) == 2
    assert min(executed.values()) > 0


def test_a_cluster_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pipeline.stage.workers.SECONDS_TO_ANSWER", 0.5)
    monkeypatch.setenv("HINDSIGHT_DASK", "tcp://127.0.0.1:1")
    with pytest.raises(UserError, match="where no Dask scheduler"), workers():
        pass


def test_tasks_share_the_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HINDSIGHT_THREADS", "4")
    assert [tasks_at_once(MEMORY // n) for n in (1, 2, 3, 8)] == [1, 2, 3, 4]
    assert tasks_at_once(2 * MEMORY) == 1
    assert tasks_at_once(0) == 4
    monkeypatch.setenv("HINDSIGHT_DASK", "tcp://127.0.0.1:1")
    assert tasks_at_once(2 * MEMORY) == -1
