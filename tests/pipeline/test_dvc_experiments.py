"""Experiments: other parameters from the command line, several at once, and back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from tests.pipeline.conftest import Project


LEARNING_RATE = "networks.mlp.learning_rate={}"


def workers(project: Project) -> list[psutil.Process]:
    """List the processes that work off the project's queue of experiments."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if "queue-worker" in command and process.cwd() == str(project.root):
            found.append(process)
    return found


@pytest.fixture
def queue(project: Project) -> Iterator[Project]:
    """A project whose queue is left without workers."""
    yield project
    _, alive = psutil.wait_procs(workers(project), timeout=30)
    for process in alive:
        process.kill()


def experiments(project: Project) -> set[str]:
    """Return the names of the finished experiments."""
    references = project.git("for-each-ref", "--format=%(refname:lstrip=4)", "refs/exps").split()
    return {name.rpartition("/")[2] for name in references}


def test_an_experiment_runs_only_what_its_parameter_changes(project: Project):
    before = project.rows("accuracy")
    result = project.dvc("exp", "run", "--name", "fast", "--set-param", LEARNING_RATE.format(0.05))
    for stage in ("train@digits-mlp", "throughput_network@digits-mlp", "tabulate@digits"):
        assert f"Running stage '{stage}'" in result.stdout
    for stage in ("train@digits-lenet5", "extract@digits-hog", "prepare@digits"):
        assert f"Stage '{stage}' didn't change, skipping" in result.stdout
    assert "learning_rate: 0.05, seeds: 1}  # from the paper" in project.read("params.yaml")
    after = project.rows("accuracy")
    assert {name for name in before if before[name] != after[name]} >= {"mlp"}
    project.dvc("status", "--quiet")
    assert "fast" in project.dvc("exp", "show", "--csv", "--only-changed").stdout


def test_queued_experiments_run_side_by_side_and_apply(queue: Project):
    stage = "train@digits-mlp"  # enough of the pipeline: the queue is dvc's
    rates = {"slow": 0.02, "fast": 0.04}
    for name, rate in rates.items():
        queue.dvc("exp", "run", "--queue", "-n", name, "-S", LEARNING_RATE.format(rate), stage)
    assert queue.changed() == set()
    queue.dvc("queue", "start", "--jobs", "2")
    end = time.monotonic() + 180
    while experiments(queue) != set(rates) and time.monotonic() < end:
        time.sleep(0.2)
    assert experiments(queue) == set(rates)
    queue.dvc("exp", "apply", "fast")
    assert "learning_rate: 0.04, seeds: 1}  # from the paper" in queue.read("params.yaml")
    queue.dvc("status", "--quiet", stage)
