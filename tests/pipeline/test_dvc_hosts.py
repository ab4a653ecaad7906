"""Several hosts run the stage `train` together, started as SLURM starts them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tests.pipeline.conftest import Project

TRAIN = ("python", "-m", "pipeline.train", "digits", "mlp")
SCORES = "artifacts/scores/digits/mlp/scores.npy"


def test_two_hosts_write_what_one_writes(
    project: Project, two_hosts: Callable[[], list[dict[str, str]]]
):
    alone = np.load(project.root / SCORES)  # as `dvc repro` has written them
    (project.root / SCORES).unlink()
    hosts = [
        subprocess.Popen(
            TRAIN,
            cwd=project.root,
            env=project.environment | host,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for host in two_hosts()
    ]
    errors = [host.communicate(timeout=120)[1] for host in hosts]
    assert [host.returncode for host in hosts] == [0, 0], errors
    np.testing.assert_allclose(np.load(project.root / SCORES), alone, rtol=1e-3, atol=1e-3)


def test_a_host_that_nobody_has_started_is_told(project: Project):
    result = project.run(*TRAIN, fails=True, HINDSIGHT_DISTRIBUTED="1")
    assert result.stderr.startswith(
        "train@digits-mlp: train: HINDSIGHT_DISTRIBUTED: found 1, expected a process that SLURM"
    )
