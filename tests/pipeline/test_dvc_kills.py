"""A few kills of the campaign: `python -m tests.faults.kill` has a hundred."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

import pytest

from tests.faults.kill import Blow, Round, play
from tests.faults.scratch import snapshot

if TYPE_CHECKING:
    from tests.pipeline.conftest import Project

# Clocks differ from run to run, and so does what shows them.
TIMED = re.compile(r"^(artifacts/timings/|dvc\.lock|results/.*(throughput|report\.html))")
BLOWS = {
    "prepare@digits": Blow(signal.SIGKILL, "dvc"),
    "illustrate@digits": Blow(signal.SIGKILL, "group"),
    "report": Blow(signal.SIGINT, "group"),
}


@pytest.mark.parametrize("stage", BLOWS)
def test_the_next_run_mends_what_a_killed_one_left(project: Project, stage: str):
    expected = snapshot(project.root)
    one = Round(BLOWS[stage], "/bin/sh", [stage], since="stage", seconds=0.1)
    outcome = play(project, expected, one)
    assert outcome is not None
    assert outcome.hit == stage.split("@")[0]
    assert [fault for fault in outcome.faults if not TIMED.match(fault)] == []
