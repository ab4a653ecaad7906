"""One run per stage, and nothing timed while something else runs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Start = Callable[..., "subprocess.Popen[str]"]

pytest.importorskip("fcntl", reason="this system has no flock")

UNTIL_TOLD = "print('in', flush=True)\nsys.stdin.readline()\nprint('out', flush=True)"


def start_inside(start: Start, *words: str, **options: str | bool):
    """Start a stage and wait until it holds its locks; it ends when it is told to."""
    stage = start(UNTIL_TOLD, *words, **options)
    assert stage.stdout.readline() == "in\n"
    return stage


@pytest.mark.parametrize(
    ("first", "second", "waiting"),
    [
        ({}, {}, "work: waiting for an earlier run to end\n"),
        ({}, {"stage": "clock", "timing": True}, "waiting until nothing else runs\n"),
        ({"timing": True}, {"stage": "other"}, "waiting until a timing is done\n"),
        ({"timing": True}, {"stage": "clock", "timing": True}, "waiting until nothing else runs\n"),
    ],
    ids=["one run a stage", "a timing waits", "all wait for a timing", "one timing at a time"],
)
def test_what_waits_for_what(
    start: Start, first: dict[str, bool], second: dict[str, str | bool], waiting: str
):
    earlier = start_inside(start, **first)
    later = start("print('in')", **second)
    assert later.stderr.readline() == waiting
    assert later.poll() is None
    earlier.communicate("end\n")
    assert later.communicate()[0] == "in\n"
    assert later.returncode == 0


def test_different_stages_run_side_by_side(start: Start):
    earlier = start_inside(start)
    later = start("print('in')", stage="other")
    assert later.communicate() == ("in\n", "")
    assert earlier.poll() is None


def test_a_stage_may_run_on_two_datasets_at_once(start: Start):
    earlier = start_inside(start, "digits", arguments="dataset")
    later = start("print('in')", "mnist", arguments="dataset")
    assert later.communicate() == ("in\n", "")
    assert earlier.poll() is None


def test_a_killed_run_holds_no_lock(start: Start):
    killed = start_inside(start)
    killed.kill()
    killed.communicate()
    assert start("print('in')").communicate() == ("in\n", "")


def test_a_lock_is_none_of_the_outputs(start: Start, tmp_path: Path):
    start("pass").communicate()
    locks = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.lock")}
    assert locks == {"artifacts/locks/work.lock", "machine.lock"}


def test_everybody_may_open_the_machines_lock(start: Start, tmp_path: Path):
    start("pass", umask=0o077).communicate()
    assert (tmp_path / "machine.lock").stat().st_mode & 0o777 == 0o666
