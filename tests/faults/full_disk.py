"""Take disk and memory from every stage, and see that nothing is lost.

Part of `make faults`: `python -m tests.faults.full_disk`. Every kind of stage is run again under
each limit, where its results stand already. It must succeed, or end with exit code 1 and one line;
either way all files are afterwards what they were, but for checkpoints of a training that is not
done, and without the limit the stage succeeds and leaves none.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.faults.results import record
from tests.faults.scratch import differences, snapshot, undisturbed

if TYPE_CHECKING:
    from tests.pipeline.conftest import Project

STAGES = (
    "check",
    "prepare digits",
    "extract digits hog",
    "fit digits hog logistic",
    "train digits lenet5",
    "throughput_classical digits hog logistic",
    "throughput_network digits lenet5",
    "tabulate digits",
    "illustrate digits",
    "report",
    "page",
)
MODULE = "tests.faults.full_disk"
KB, MB = 2**10, 2**20
CHECKPOINTS = "artifacts/checkpoints/"
MENDED = """
Mended on the way:

- A disk that filled up under a checkpoint was called too little memory, and threads of TensorStore
  added tracebacks of their own.
- With too small an address space (`ulimit -v`) XLA ended the process without a word: below 2 GiB
  every stage refuses.
- Pictures that could not be written were missing afterwards.
"""


class Limit(NamedTuple):
    """What a stage has to do with."""

    name: str
    free: int | None = None  # bytes on the project's disk
    file: int | None = None  # bytes in a file
    memory: int | None = None  # bytes of address space
    results: bool = True  # whether the results can be written

    def __str__(self) -> str:
        return self.name


LIMITS = (
    Limit("full disk", free=0),
    Limit("4 kB on the disk", free=4 * KB),
    Limit("64 kB on the disk", free=64 * KB),
    Limit("1 kB a file", file=KB),
    Limit("16 kB a file", file=16 * KB),
    Limit("256 kB a file", file=256 * KB),
    Limit("100 MB of memory", memory=100 * MB),
    Limit("600 MB of memory", memory=600 * MB),
    Limit("2100 MB of memory", memory=2100 * MB),
    Limit("read-only results", results=False),
)


class Case(NamedTuple):
    """A stage under a limit: how it ended, what it said, and what was wrong."""

    limit: Limit
    stage: str
    exit_code: int
    said: str
    faults: list[str]


def mount(*words: str | Path) -> None:
    subprocess.run(["mount", *words], check=True)


@contextmanager
def applied(limit: Limit, root: Path) -> Iterator[None]:
    """Fill the disk, or write-protect the results, for a while."""
    ballast, results = root / ".git/ballast", root / "results"
    if limit.free is not None:
        status = os.statvfs(root)
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, status.f_bavail * status.f_frsize - limit.free)
    if not limit.results:
        mount("--bind", results, results)
        mount("-o", "remount,bind,ro", results)
    try:
        yield
    finally:
        ballast.unlink(missing_ok=True)
        if not limit.results:
            subprocess.run(["umount", results], check=True)


def run(project: Project, stage: str, limit: Limit) -> subprocess.CompletedProcess[str]:
    def restrict() -> None:
        if limit.file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit.file, limit.file))
        if limit.memory is not None:
            resource.setrlimit(resource.RLIMIT_AS, (limit.memory, limit.memory))

    return subprocess.run(
        [sys.executable, "-m", *f"pipeline.{stage}".split()],
        cwd=project.root,
        env=project.environment,
        capture_output=True,
        text=True,
        preexec_fn=restrict,
        check=False,
    )


def attempt(project: Project, expected: dict[str, str], stage: str, limit: Limit) -> Case:
    """Run a stage under a limit and without it; compare all files after both."""
    with applied(limit, project.root):
        limited = run(project, stage, limit)
    lines = limited.stderr.strip().splitlines()
    changed = differences(snapshot(project.root), expected)
    faults = [one for one in changed if not one.startswith(CHECKPOINTS)]
    if limited.returncode and len(lines) != 1:
        faults.append(f"{len(lines)} lines")
    if limited.returncode not in (0, 1):
        faults.append(f"exit code {limited.returncode}")
    free = run(project, stage, Limit("none"))
    if free.returncode:
        faults.append(f"fails without the limit: {free.stderr}")
    faults += [f"then {fault}" for fault in differences(snapshot(project.root), expected)]
    return Case(limit, stage, limited.returncode, lines[-1] if lines else "", faults)


def table(cases: list[Case]) -> str:
    """Write down how often each limit was survived or refused, and what was wrong."""
    lines = [__doc__.split("\n\n", 1)[1], "| limit | done | refused in one line | faults |"]
    lines += ["|---|---:|---:|---:|"]
    for limit in LIMITS:
        own = [case for case in cases if case.limit == limit]
        ends = Counter("wrong" if case.faults else case.exit_code for case in own)
        lines.append(f"| {limit} | {ends[0]} | {ends[1]} | {ends['wrong']} |")
    lines.append("")
    lines += [
        f"- {case.limit}, `{case.stage}`: {', '.join(case.faults)} ({case.said})"
        for case in cases
        if case.faults
    ]
    return "\n".join([*lines, MENDED])


def main() -> None:
    """Try every stage under every limit in a file system of its own; record what came of it."""
    if "inside" not in sys.argv:  # mounts take a name space of their own, which any user may have
        own = ["unshare", "--mount", "--map-root-user", sys.executable, "-m", MODULE]
        raise SystemExit(subprocess.run([*own, "inside"], check=False).returncode)
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "hindsight"
        root.mkdir()
        mount("-t", "tmpfs", "-o", "size=1g", "none", root)
        try:
            project, expected, _ = undisturbed(Path(folder))
            for limit in LIMITS:
                for stage in STAGES:
                    cases.append(attempt(project, expected, stage, limit))
                    print(*cases[-1], sep="; ", flush=True)
        finally:
            subprocess.run(["umount", root], check=True)
    record("Disk and memory", table(cases))
    raise SystemExit(any(case.faults for case in cases))


if __name__ == "__main__":
    main()
