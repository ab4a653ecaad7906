"""Kill `dvc repro` at random moments, and see that one more `dvc repro` mends everything.

Part of `make faults`: `python -m tests.faults.kill ROUNDS SEED MINUTES`. Each round makes some
stages of a small project stale, starts `dvc repro`, sends a signal, and then runs the two commands
of `make repro` once. That must leave the bytes of a run that nothing disturbed, and no process, no
held lock, no temporary file and no damaged object of dvc's cache.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.faults.results import record
from tests.faults.scratch import make_stale, mend, processes, undisturbed, wait_until_gone

if TYPE_CHECKING:
    from tests.pipeline.conftest import Project

STARTING = 2.0  # seconds, of dvc itself
DEFAULTS = ("100", "0", "240")
SHELLS = ("/bin/bash", "/bin/dash")
SAVED = "train@digits-lenet5"  # takes long enough to leave some
WRITTEN_LAST = "artifacts/timings/digits/train-lenet5.json"  # then its checkpoints are deleted
DELETING = 0.02  # seconds, that takes
MENDED = """
Mended on the way, the first two by `python -m pipeline.unlock`, with which `make repro` begins:

- Half a list of readers and writers, which every later dvc refused to read, is deleted.
- Half a dvc.lock, after 2 of an earlier 100 kills, loses the stage in which it breaks off.
- Half a checkpoint, after 1 of an earlier 100 kills, ended the next training with a traceback: a
  training deletes its checkpoints at its end. What lacks a part is left out, in one line.
"""


class Blow(NamedTuple):
    """What is sent to whom: to `dvc` alone, to the `stage` that it runs, or to the `group`."""

    signal: signal.Signals
    target: str

    def __str__(self) -> str:
        return f"{self.signal.name} to {self.target}"


BLOWS = (
    Blow(signal.SIGKILL, "dvc"),
    Blow(signal.SIGKILL, "stage"),
    Blow(signal.SIGKILL, "group"),
    Blow(signal.SIGTERM, "dvc"),
    Blow(signal.SIGTERM, "stage"),
    Blow(signal.SIGTERM, "group"),
    Blow(signal.SIGINT, "group"),  # Ctrl-C
)


class Round(NamedTuple):
    """One run that is disturbed."""

    blow: Blow
    shell: str
    stale: list[str]
    since: str  # the start of `dvc`, of a `stage`, the first `checkpoint`, its `results`
    seconds: float  # after which the blow falls
    two: bool = False  # another `dvc repro` is started beside it

    def __str__(self) -> str:
        beside = " beside another dvc repro" if self.two else ""
        after = f"{self.seconds:.2f} s after the first {self.since}{beside}"
        return f"{self.blow} {after}, {self.shell}, {', '.join(self.stale)}"


class Outcome(NamedTuple):
    """What a blow hit, and what was wrong in the end."""

    hit: str  # the stage that ran
    resumed: bool  # a training left a checkpoint
    halved: bool  # one of dvc's own files was half written
    faults: list[str]


def running_stage(project: Project) -> tuple[int, str] | None:
    """Return the number and the name of the stage that runs."""
    for pid, command in processes(project).items():
        if found := re.search(r" -m pipeline\.(\w+)", command):
            return pid, found[1]
    return None


def saved(project: Project) -> bool:
    """Say whether a training has left a whole checkpoint."""
    steps = project.root.glob("artifacts/checkpoints/*/*/*/*")
    return any(step.name.isdecimal() for step in steps)


def has_begun(project: Project, since: str, before: float) -> bool:
    """Say whether the time runs from which a blow is counted; `before` it nothing was started."""
    match since:
        case "stage":
            return running_stage(project) is not None
        case "checkpoint":
            return saved(project)
        case "results":
            file = project.root / WRITTEN_LAST
            return file.exists() and file.stat().st_mtime > before
    return True


def start(project: Project, shell: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["dvc", "repro"],
        cwd=project.root,
        env=project.environment | {"SHELL": shell},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def strike(project: Project, blow: Blow, dvc: subprocess.Popen[bytes]) -> str | None:
    """Send the signal; return the stage that ran, "" for none, or None where dvc had ended."""
    stage = running_stage(project)
    if dvc.poll() is not None or (blow.target == "stage" and stage is None):
        return None
    if blow.target == "group":
        os.killpg(dvc.pid, blow.signal)
    else:
        os.kill(stage[0] if stage and blow.target == "stage" else dvc.pid, blow.signal)
    return stage[1] if stage else ""


def play(project: Project, expected: dict[str, str], one: Round) -> Outcome | None:
    """Disturb one run, mend it with another one and compare; None where there was none to hit."""
    make_stale(project, one.stale)
    before = time.time()
    dvcs = [start(project, one.shell)]
    if one.two:
        time.sleep(one.seconds / 4)
        dvcs.append(start(project, one.shell))
    while dvcs[0].poll() is None and not has_begun(project, one.since, before):
        time.sleep(0.001 if one.since == "results" else 0.1)
    time.sleep(one.seconds)
    hit = strike(project, one.blow, dvcs[0])
    for dvc in dvcs:
        dvc.wait(300)
    faults = wait_until_gone(project)
    left = saved(project)
    halved, wrong = mend(project, expected, SHELL=one.shell)
    faults += wrong
    if hit is None and not faults:
        return None
    return Outcome(hit or "", left, halved, faults)


def choose(random_: random.Random, number: int, stages: list[str], seconds: float) -> Round:
    """Draw a round; every kind of stage, shell and blow gets its turn.

    `seconds` is how long a stage takes on average.
    """
    kinds = sorted({stage.split("@")[0] for stage in stages})
    kind = kinds[number % len(kinds)]
    first = random_.choice([stage for stage in stages if stage.split("@")[0] == kind])
    stale = {first, *random_.sample(stages, random_.randrange(3))}
    since = "stage" if random_.random() < 0.7 else "dvc"
    if first == SAVED and random_.random() < 0.7:
        since = random_.choice(["checkpoint", "results"])
    longest = {"dvc": STARTING + seconds * len(stale), "results": DELETING}
    return Round(
        blow=BLOWS[number % len(BLOWS)],
        shell=SHELLS[number % len(SHELLS)],
        stale=sorted(stale),
        since=since,
        seconds=random_.uniform(0, longest.get(since, 1.5 * seconds)),
        two=number % 8 == 7,
    )


def campaign(rounds: int, seed: int, minutes: int, folder: Path) -> tuple[Counter[str], list[str]]:
    """Play so many rounds; return what was hit how often, and what was wrong."""
    project, expected, seconds = undisturbed(folder)
    pristine = project.copy(folder / "pristine")
    stages = sorted(project.stages())
    print(f"{len(stages)} stages in {seconds:.0f} s", flush=True)
    random_ = random.Random(seed)
    counts: Counter[str] = Counter()
    faults: list[str] = []
    number = 0
    end = time.monotonic() + 60 * minutes
    while counts["kills"] < rounds and time.monotonic() < end:
        one = choose(random_, number, stages, seconds / len(stages))
        number += 1
        outcome = play(project, expected, one)
        if outcome is None:
            counts["too late"] += 1
            continue
        counts.update(["kills", str(one.blow), one.shell, f"stage {outcome.hit or 'none'}"])
        counts[f"since the first {one.since}"] += 1
        counts["two at once"] += one.two
        counts["checkpoints left"] += outcome.resumed
        counts["dvc's own files half written"] += outcome.halved
        faults += [f"{one}: {fault}" for fault in outcome.faults]
        told = "; ".join(outcome.faults) or "as undisturbed"
        print(f"{counts['kills']} {one}, in {outcome.hit or 'none'}: {told}", flush=True)
        if outcome.faults:
            shutil.rmtree(project.root)
            pristine.copy(project.root)
    return counts, faults


def table(counts: Counter[str], faults: list[str]) -> str:
    """Write down what was hit how often, and what was wrong in the end."""
    lines = ["| what was hit | times |", "|---|---:|"]
    lines += [f"| {what} | {count} |" for what, count in sorted(counts.items())]
    lines += ["", f"{len(faults)} faults.", *(f"- {fault}" for fault in faults), MENDED]
    return "\n".join([__doc__.split("\n\n", 1)[1], *lines])


def main() -> None:
    """Play as many rounds as the command line says, and record what came of it."""
    rounds, seed, minutes = (int(word) for word in (*sys.argv[1:], *DEFAULTS[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as folder:
        counts, faults = campaign(rounds, seed, minutes, Path(folder))
    record("Kill", table(counts, faults))
    print(table(counts, faults))
    raise SystemExit(bool(faults))


if __name__ == "__main__":
    main()
