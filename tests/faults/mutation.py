"""Change the code in small ways, one at a time, and count the changes that the tests notice.

`make mutation`, which installs Cosmic Ray: `python -m tests.faults.mutation PLACES SEED`. Of each
part PLACES places are drawn, and at each place one of the changes that Cosmic Ray makes there:
another operator, number, comparison or loop, a decorator less. Bitwise operators are left out, as
putting one between floats is an error by itself. A change counts as noticed when one of the tests
of its own folder fails, or takes ten times as long. Exits with 1 where less than 85 % are noticed.
"""

from __future__ import annotations

import os
import queue
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from pipeline.evaluation.intervals import wilson
from tests.faults.results import record

ROOT = Path(__file__).resolve().parents[2]
DEFAULTS = ("100", "0")
ENOUGH = 0.85
BITWISE = re.compile("BitOr|BitAnd|BitXor|Shift")


MENDED = """
Of those that seeds 7 and 8 missed, seven have a test since: the detector's threshold, the second
moments, the deviation of a dim channel, the loop over steps of a GPU, the schedule's place in the
run, blocks by stages, and padding of partial windows. The others change no result: sizes of the
matrices whose product is timed, queues, what is printed, an error that is raised either way.
"""


class Part(NamedTuple):
    """A part of the code, and the tests that are its own.

    `chosen` is pytest's -k for a file that lies in the folder itself.
    """

    folder: str
    tests: tuple[str, ...]
    chosen: str = ""


PARTS = (
    Part("features", ("tests/features",), "{name}"),
    Part("models/classifiers", ("tests/models/classifiers",)),
    Part("models/layers", ("tests/models/test_counting.py", "tests/models/layers")),
    Part(
        "models/networks",
        ("tests/models/test_counting.py", "tests/models/networks"),
        "{name} or counting",
    ),
    Part("models/training", ("tests/models/training",), "not two_hosts and not ten_times"),
    Part(
        "pipeline/evaluation",
        (
            "tests/pipeline/evaluation",
            "tests/pipeline/studies",
            "tests/pipeline/comparison",
            "tests/pipeline/stages",
        ),
    ),
)


class Change(NamedTuple):
    """One change to a file: the `occurrence`-th place at which an `operator` can make it."""

    file: str
    line: int
    operator: str
    occurrence: int

    def tests(self, part: Part) -> list[str]:
        """Return the arguments of pytest; the tests that bear the file's name come first."""
        name, parent = Path(self.file).stem, Path(self.file).parent
        named = [
            str(path.relative_to(ROOT))
            for folder in part.tests
            for path in sorted((ROOT / folder).rglob(f"test_*{name}*.py"))
        ]
        chosen = part.chosen.format(name=name) if parent == Path(part.folder) else ""
        return [*named, *part.tests, *(["-k", chosen] if chosen else [])]


def changes(folder: str) -> dict[tuple[str, Any], list[Change]]:
    """Find all changes to the code of a folder, by their place."""
    from cosmic_ray.commands import init
    from cosmic_ray.work_db import WorkDB, use_db

    files = [path for path in sorted(Path(folder).rglob("*.py")) if path.name != "__init__.py"]
    found: dict[tuple[str, Any], list[Change]] = {}
    with tempfile.TemporaryDirectory() as name, use_db(Path(name, "db"), WorkDB.Mode.create) as db:
        init(files, db, {})
        for item in db.work_items:
            (one,) = item.mutations
            if not BITWISE.search(one.operator_name):
                change = Change(
                    str(one.module_path), one.start_pos[0], one.operator_name, one.occurrence
                )
                found.setdefault((change.file, one.start_pos), []).append(change)
    return found


def pytest(change: Change, part: Part) -> list[str]:
    """Return the command that looks for a change."""
    quick = ["-x", "-q", "-p", "no:cacheprovider"]
    return [sys.executable, "-m", "pytest", *quick, *change.tests(part)]


def noticed(change: Change, part: Part, copy: Path, limit: float) -> tuple[bool, str]:
    """Make a change in a copy of the project; say whether a test fails, and show the new line."""
    from cosmic_ray.mutating import use_mutation
    from cosmic_ray.plugins import get_operator

    operator = get_operator(change.operator)()
    with use_mutation(copy / change.file, operator, change.occurrence) as (old, new):
        shown = "; ".join(
            line.strip() for line in new.splitlines() if line not in set(old.splitlines())
        )
        try:
            ended = subprocess.run(
                pytest(change, part),
                cwd=copy,
                env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return True, shown
    return ended.returncode != 0, shown


def project_copy(folder: Path) -> Path:
    """Copy what git knows of the project."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder


def campaign(
    part: Part, places: int, random_: random.Random, copies: list[Path]
) -> Iterator[tuple[Change, bool, str]]:
    """Yield each change that was drawn, whether it was noticed, and how its line reads."""
    found = changes(part.folder)
    drawn = random_.sample(sorted(found), min(places, len(found)))
    one_each = [random_.choice(found[place]) for place in drawn]
    begin = time.monotonic()
    subprocess.run(pytest(one_each[0], part), cwd=copies[0], check=True, capture_output=True)
    limit = 60 + 10 * (time.monotonic() - begin)
    free: queue.Queue[Path] = queue.Queue()
    for copy in copies:
        free.put(copy)

    def look(change: Change) -> tuple[Change, bool, str]:
        copy = free.get()
        try:
            return change, *noticed(change, part, copy, limit)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(copies)) as pool:
        yield from tqdm(pool.map(look, one_each), total=len(one_each), desc=part.folder)


def table(rows: list[tuple[str, int, int]], missed: list[str]) -> str:
    """Write down how many changes were noticed, and each that was not."""
    lines = [__doc__.split("\n\n", 1)[1], "| part | changes | noticed | % | 95 % interval |"]
    lines += ["|---|---:|---:|---:|---|"]
    total = ("all", sum(row[1] for row in rows), sum(row[2] for row in rows))
    for name, made, seen in [*rows, total]:
        low, high = (round(100 * end) for end in wilson(seen / made, made))
        lines.append(f"| {name} | {made} | {seen} | {100 * seen / made:.0f} | {low} to {high} |")
    return "\n".join([*lines, "", "Not noticed:", "", *missed, MENDED])


def main() -> None:
    """Change, test and record."""
    places, seed = (int(word) for word in (*sys.argv[1:], *DEFAULTS[len(sys.argv) - 1 :]))
    random_ = random.Random(seed)
    os.chdir(ROOT)
    rows, missed = [], []
    with tempfile.TemporaryDirectory() as name:
        cores = len(os.sched_getaffinity(0))
        copies = [project_copy(Path(name, str(number))) for number in range(cores)]
        for part in PARTS:
            made = list(campaign(part, places, random_, copies))
            rows.append((part.folder, len(made), sum(seen for _, seen, _ in made)))
            for change, seen, shown in made:
                if not seen:
                    missed.append(f"- {change.file}:{change.line}: `{shown or 'deleted'}`")
                    print(missed[-1], flush=True)
    text = table(rows, missed)
    record("Mutation", text)
    print(text)
    raise SystemExit(sum(seen for _, _, seen in rows) < ENOUGH * sum(made for _, made, _ in rows))


if __name__ == "__main__":
    main()
