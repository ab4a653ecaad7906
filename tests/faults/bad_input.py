"""Give every input of the corpus to a real process and measure it: `make faults`.

Writes the section "Bad input" of RESULTS.md and exits with 1 where one of them does harm. With
`--forked` the processes need not load the libraries, which takes most of their time.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from tests.faults.corpus.case import Case
from tests.faults.processes import PATIENCE, Start, forked, fresh, measured
from tests.faults.results import record

ROOT = Path(__file__).resolve().parents[2]
KINDS = sorted(
    path.stem for path in Path(__file__).parent.glob("corpus/*.py") if path.stem != "case"
)
MOST_SECONDS, MOST_MEBIBYTES = 10, 1024
SUMMARY = (
    "{refused} of {broken} broken inputs were refused as they should be: exit code 1, one line "
    "that names the input, at most 10 s of processor time and 1 GiB of memory, no file changed. "
    "{accepted} of {sound} odd but sound ones were accepted without a word. Each was given to a "
    "process of its own{how}: `python -m pipeline.check`, `pipeline.prepare`, or (IDX, CIFAR, "
    "USPS) the parser alone. Of a download there is a line for each source that failed; the last "
    "sums up."
)
MENDED = """
Mended on the way:

- Tar files with a map of holes: 190 kB of gzip took 97 s and 0.8 GB. Sparse members are refused.
- Tar files that unpack without end, and a million headers (0.5 GB): both are bounded.
- Gzip files of nothing but empty members: 60 MB took 14 s. Larger than its content is refused.
- USPS text of 64 MiB took 1.3 GB; a word of 10 MB stood in the message in full.
- Names of thousands of letters in params.yaml made lines of that length.
"""
ODDITIES = re.compile(r"\s+")


class Outcome(NamedTuple):
    """What a process did.

    Attributes
    ----------
    code : int
        Its exit code.
    lines : list of str
        What it wrote to stderr.
    wall, processor : float
        Seconds, the latter of all cores and less disturbed by what else runs.
    mebibytes : float
        Most memory held at a time.
    before, after : dict of str to pair of int
        Size and time of the last change of the project's files.
    """

    code: int
    lines: list[str]
    wall: float
    processor: float
    mebibytes: float
    before: dict[str, tuple[int, int]]
    after: dict[str, tuple[int, int]]


def corpus(kind: str) -> ModuleType:
    """Return the module of a kind of input."""
    return importlib.import_module(f"tests.faults.corpus.{kind}")


class Scratch:
    """A copy of the project in which the stages run, each started in one way."""

    def __init__(self, folder: Path, start: Start) -> None:
        self.folder, self.start = folder, start
        for package in ("pipeline", "features", "models", "tests/faults"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / package, folder / "project" / package, ignore=ignored)

    def run(self, kind: str, name: str) -> Outcome:
        """Write an input, run the stage that reads it, and take the input away."""
        project, place = self.folder / "project", self.folder / "place"
        place.mkdir()
        (self.folder / "tmp").mkdir(exist_ok=True)
        try:
            command, more = prepared(kind, corpus(kind).CASES[name], project, place)
            before = files(project)
            temporary = self.folder / "tmp"
            own = {"TMPDIR": str(temporary), "HINDSIGHT_LOCK": str(temporary / "machine.lock")}
            environment = os.environ | own | more
            return Outcome(
                *measured(self.start, command, project, environment), before, files(project)
            )
        finally:
            shutil.rmtree(place)
            remove(project / "params.yaml")
            remove(project / "input")


def prepared(kind: str, case: Case, project: Path, place: Path) -> tuple[list[str], dict[str, str]]:
    """Write an input; return the words of the command that reads it and its variables."""
    own = {"HINDSIGHT_CACHE": str(place / "cache"), "HINDSIGHT_MIRROR": ""}
    if kind == "params":
        in_child(case, project / "params.yaml")
        return ["pipeline.check"], own
    if kind in ("idx", "cifar", "usps"):
        in_child(case, project / "input")
        return ["tests.faults.parse", kind], own
    source = in_child(case, place / "input")
    if kind == "downloads":
        module = corpus(kind)
        entry = {"reader": module.dataset(Path(source)), "size": 8, "epochs": 1}
        own = module.environment(Path(source))
    else:
        entry = {"reader": "folder", "source": source, "size": 8, "epochs": 1}
    sections = {"features": {}, "classifiers": {}, "networks": {}, "studies": {}}
    (project / "params.yaml").write_text(json.dumps({"datasets": {"own": entry}, **sections}))
    return ["pipeline.prepare", "own"], own


def in_child(case: Case, path: Path) -> str:
    """Write an input in another process, whose memory would else count as the stage's."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, os.fsencode(case.write(path)))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        source = os.fsdecode(pipe.read())
    if os.waitpid(child, 0)[1]:
        raise SystemExit(f"{path}: could not be written")
    return source


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of the last change of a project's files, but locks and bytecode."""
    found = {}
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("__pycache__", "locks")]
        for name in names:
            status = (Path(place) / name).lstat()
            found[f"{place}/{name}"] = (status.st_size, status.st_mtime_ns)
    return found


def remove(path: Path) -> None:
    """Remove a file, a folder or nothing."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def faults_of(case: Case, outcome: Outcome, kind: str) -> list[str]:
    """Return what a process did that it must not do."""
    faults = []
    if outcome.processor > MOST_SECONDS:
        faults.append(f"{outcome.processor:.1f} s")
    if outcome.wall > PATIENCE:
        faults.append(f"not ended after {PATIENCE} s")
    if outcome.mebibytes > MOST_MEBIBYTES:
        faults.append(f"{outcome.mebibytes:.0f} MiB")
    return faults + (
        faults_of_sound(outcome) if case.message is None else faults_of_broken(case, outcome, kind)
    )


def faults_of_sound(outcome: Outcome) -> list[str]:
    """Return what is wrong with the reading of a sound input."""
    faults = [] if outcome.code == 0 else [f"exit code {outcome.code}"]
    return faults + outcome.lines


def faults_of_broken(case: Case, outcome: Outcome, kind: str) -> list[str]:
    """Return what is wrong with the refusal of a broken input."""
    last = outcome.lines[-1] if outcome.lines else ""
    faults = [] if outcome.code == 1 else [f"exit code {outcome.code}"]
    if len(outcome.lines) != 1 and kind != "downloads":  # which tell of each source
        faults.append(f"{len(outcome.lines)} lines: {' | '.join(outcome.lines)}")
    if case.message is not None and case.message not in last:
        faults.append(f"{last!r} in place of {case.message!r}")
    if any("Traceback" in line for line in outcome.lines):
        faults.append("a traceback")
    if outcome.before != outcome.after:
        faults.append(f"files changed: {set(outcome.before.items()) ^ set(outcome.after.items())}")
    return faults


def campaign(kind: str, scratch: Scratch) -> tuple[Counter[str], str, list[str]]:
    """Run a kind's processes; return how many went right, a row of the table and the harm done."""
    count: Counter[str] = Counter()
    seconds, memory, harm = 0.0, 0.0, []
    for name, case in corpus(kind).CASES.items():
        outcome = scratch.run(kind, name)
        faults = faults_of(case, outcome, kind)
        harm += [f"- {kind}, {name}: {fault}" for fault in faults]
        group = "sound" if case.message is None else "broken"
        count += Counter({group: 1, f"{group} right": int(not faults)})
        seconds, memory = max(seconds, outcome.processor), max(memory, outcome.mebibytes)
    row = (
        f"| {kind} | {count['broken']} | {count['broken right']} | {count['sound']} "
        f"| {count['sound right']} | {seconds:.1f} | {memory:.0f} |"
    )
    return count, row, harm


def main() -> None:
    """Run all processes one after the other and write the table."""
    table = [
        "| kind | broken | refused | odd but sound | accepted | most s of processor | most MiB |",
        "|---|---|---|---|---|---|---|",
    ]
    start, how, harm = fresh, "", []
    if sys.argv[1:] == ["--forked"]:
        start, how = forked, ", a fork of one with the libraries loaded"
        for module in ("cv2", "PIL.Image", "sklearn.datasets", "sklearn.model_selection"):
            importlib.import_module(module)
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Scratch(Path(temporary), start)
        for kind in KINDS:
            count, row, found = campaign(kind, scratch)
            print(row, *found, sep="\n", flush=True)
            table.append(row)
            total += count
            harm += found
    summary = SUMMARY.format(
        how=how,
        refused=total["broken right"],
        broken=total["broken"],
        accepted=total["sound right"],
        sound=total["sound"],
    )
    record("Bad input", "\n".join([summary, "", *table, "", *harm, MENDED]))
    print(summary)
    raise SystemExit(bool(harm))


if __name__ == "__main__":
    main()
