"""A small project that has been run once, and whether a fault has left anything in it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import yaml

from pipeline.verify import damaged_objects
from tests.pipeline.conftest import Project, cheap_project

# What is more than in the ordinary tests' project: settings to choose from, seeds, a long training.
MORE = {
    "datasets": {"digits": {"reader": "digits", "size": 16, "epochs": 2}},
    "classifiers": {"logistic": {"C": [0.1, 1.0]}, "linear_svm": {"C": 1.0}},
    "networks": {"lenet5": {"epochs": 30, "learning_rate": 0.05, "seeds": 2}},
}
# So that a training of a few seconds leaves checkpoints to go on from.
OFTEN = ("SECONDS_BETWEEN_SAVES = 15.0", "SECONDS_BETWEEN_SAVES = 0.3")
# Every second and every rate becomes 1.0, so that whole runs can be compared by their bytes.
UNTIMED = (
    "        file.write(text.encode())",
    """\
        import re

        if "timings" in path.parts:
            text = re.sub(r'(?<=": )\\d[\\d.e+-]*[.e][\\d.e+-]+', "1.0", text)
        file.write(text.encode())""",
)
# The fastest batch is another one from run to run.
ONE_BATCH = ("BATCH_SIZES = (1, 16)", "BATCH_SIZES = (1,)")
SECONDS_TO_DIE = 10.0
# Of no result: git's and dvc's own, and locks, which are there to stay.
OWN = re.compile(r"\.git/|\.dvc/(cache|tmp)/|artifacts/locks/|__pycache__/")
TEMPORARY = re.compile(r"\.part$|\.partial-|\.tmp|-tmp|^tmp")
CACHED = re.compile(
    # After a SIGTERM the list of a folder was also seen where dvc 2 kept it, without files/md5.
    r"\.dvc/cache/(CACHEDIR\.TAG|(files/md5/)?../[0-9a-f]{30}(\.dir)?"
    r"|runs/../[0-9a-f]{64}/[0-9a-f]{64})$"
)


def untimed(folder: Path) -> Project:
    """Copy the project so that no clock reaches a file; nothing is run."""
    temporary = folder / "tmp"
    temporary.mkdir()
    project = cheap_project(folder, temporary)
    project.edit("pipeline/stage/files.py", *UNTIMED)
    project.edit("pipeline/evaluation/clock.py", *ONE_BATCH)
    project.commit()
    return project


def undisturbed(folder: Path) -> tuple[Project, dict[str, str], float]:
    """Run a small project as a whole; return it, its bytes, and how many seconds it took."""
    project = untimed(folder)
    project.set(**MORE)
    project.edit("models/training/loop.py", *OFTEN)
    project.commit()
    begin = time.monotonic()
    project.repro()
    seconds = time.monotonic() - begin
    project.commit()
    expected = snapshot(project.root)
    return project, expected, seconds


def processes(project: Project) -> dict[int, str]:
    """Find the processes that work in a project, by their number."""
    found = {}
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(project.root) and process.status() != "zombie":
                found[process.pid] = " ".join(process.cmdline())
        except psutil.Error:  # it has ended, or is another user's
            continue
    return found


def wait_until_gone(project: Project) -> list[str]:
    """Give the processes time to end; return the command lines of those that do not."""
    end = time.monotonic() + SECONDS_TO_DIE
    while (left := processes(project)) and time.monotonic() < end:
        time.sleep(0.1)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return [f"process outlives dvc: {command}" for command in left.values()]


def snapshot(root: Path) -> dict[str, str]:
    """Hash every file of a project."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and not OWN.search(name):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def leftovers(project: Project) -> Iterator[str]:
    """Name what a killed run must not leave: processes, held locks, temporary files."""
    for pid, command in processes(project).items():
        yield f"process {pid} still runs: {command}"
    temporary = Path(project.environment["TMPDIR"])
    for path in [*project.root.glob("artifacts/locks/*"), *temporary.glob("*.lock")]:
        with path.open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield f"{path} is still held"
    for path in temporary.iterdir():
        if path.suffix != ".lock":
            yield f"{path} is left"
    for path in project.root.rglob("*"):
        name = path.relative_to(project.root).as_posix()
        in_cache = name.startswith(".dvc/cache/") and path.is_file()
        if (in_cache and not CACHED.match(name)) or (
            not OWN.search(f"{name}/") and TEMPORARY.search(path.name)
        ):
            yield f"{name} is left"


def differences(found: dict[str, str], expected: dict[str, str]) -> Iterator[str]:
    """Say which files are not what they were."""
    for name in sorted(found.keys() | expected.keys()):
        if name not in expected:
            yield f"{name} is new"
        elif name not in found:
            yield f"{name} is missing"
        elif found[name] != expected[name]:
            yield f"{name} differs"


def make_stale(project: Project, stages: list[str]) -> None:
    """Delete the outputs of some stages, and all from which dvc would bring them back."""
    cache = project.root / ".dvc/cache"
    shutil.rmtree(cache / "runs", ignore_errors=True)
    lock = yaml.safe_load(project.read("dvc.lock"))["stages"]
    for stage in stages:
        for out in lock[stage]["outs"]:
            path = project.root / out["path"]
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            (cache / "files/md5" / out["md5"][:2] / out["md5"][2:]).unlink(missing_ok=True)


def mend(project: Project, expected: dict[str, str], **more: str) -> tuple[bool, list[str]]:
    """Run what `make repro` runs and compare with the undisturbed bytes.

    Returns whether one of dvc's own files was half written, and what is wrong.
    """
    halved = project.run(sys.executable, "-m", "pipeline.unlock").stderr
    repro = subprocess.run(
        ["dvc", "repro"],
        cwd=project.root,
        env=project.environment | more,
        capture_output=True,
        text=True,
        check=False,
    )
    faults = []
    if repro.returncode or "Traceback" in repro.stderr:
        said = [line for line in repro.stderr.splitlines() if line and not line.startswith("ERROR")]
        reason = "".join(said[-1:]).replace(f"{project.root}/", "")
        faults = [f"dvc repro ends with {repro.returncode}: {reason}"]
    faults += [*leftovers(project), *differences(snapshot(project.root), expected)]
    return bool(halved), [*faults, *damaged_objects(project.root / ".dvc/cache")]
