"""Run everything in surroundings that differ, and compare all files byte by byte.

Part of `make faults`: `python -m tests.faults.determinism`. The methods of params.yaml run from
nothing: nothing is compiled, cached or downloaded. Every file of the project is compared, with each
second and each rate set to 1 in both. A last run has the instructions of an older processor, where
float32 sums come in another order: there it is listed how far the numbers are from the first run's.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.stage.files import read_array
from tests.faults.results import record
from tests.faults.scratch import differences, snapshot, untimed
from tests.pipeline.conftest import ROOT, Project

SCORES = "artifacts/scores"
TABLE = "results/tables/digits/accuracy.csv"
OLDER = {
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX",
    "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
}


class Surroundings(NamedTuple):
    """What a run must not depend on."""

    folder: str
    environment: Mapping[str, str]
    umask: int
    cores: int | None = None

    def __str__(self) -> str:
        words = [f"{name}={value}" for name, value in self.environment.items()]
        cores = "all cores" if self.cores is None else f"{self.cores} core"
        return f"`{self.folder}/`, umask {self.umask:03o}, {cores}, {', '.join(words)}"


USUAL = Surroundings("usual", {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"}, 0o022)
OTHER = Surroundings(
    "Other place, größer 図",
    {"PYTHONHASHSEED": "4242", "LC_ALL": "C", "LANG": "tr_TR", "TZ": "Pacific/Kiritimati"},
    0o077,
    cores=1,
)
OLD = Surroundings("older processor", USUAL.environment | OLDER, USUAL.umask)


def run(folder: Path, where: Surroundings) -> Project:
    """Run the whole project in new surroundings."""
    folder = folder / where.folder
    folder.mkdir()
    project = untimed(folder)
    project.write("params.yaml", (ROOT / "params.yaml").read_text(encoding="utf-8"))
    project.environment.update(where.environment)
    umask, cores = os.umask(where.umask), os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(cores)[: where.cores])
    try:
        project.repro()
    finally:
        os.umask(umask)
        os.sched_setaffinity(0, cores)
    return project


def largest_differences(one: Path, other: Path) -> Iterator[tuple[str, float, float]]:
    """Yield each method, how far its scores are apart in their standard deviation, and accuracies.

    Accuracies in percentage points, of all seeds' mean.
    """
    tables = [pd.read_csv(root / TABLE, index_col="method")["accuracy"] for root in (one, other)]
    accuracies = (100 * (tables[0] - tables[1])).abs()
    for file in sorted(one.glob(f"{SCORES}/*/*/scores.npy")):
        scores = [read_array(root / file.relative_to(one)) for root in (one, other)]
        apart = np.abs(scores[0] - scores[1]).max() / scores[0].std()
        method = file.parent.name
        yield method, float(apart), float(accuracies[method])


def table(faults: list[str], compared: int, apart: pd.DataFrame) -> str:
    """Write down what was compared, what differed, and by how much on the older processor."""
    lines = [__doc__.split("\n\n", 1)[1], f"First run: {USUAL}.", ""]
    lines += ["| other run | files | that differ |", "|---|---:|---:|"]
    lines += [f"| {OTHER} | {compared} | {len(faults)} |", ""]
    lines += [*(f"- {fault}" for fault in faults), ""]
    same = (apart["scores"] == 0).sum()
    lines += [
        f"{OLD}: {same} of {len(apart)} methods have the same scores. The largest differences of",
        "the others, of one score in standard deviations of all, and of the accuracy:",
        "",
        "| method | score | points of accuracy |",
        "|---|---:|---:|",
    ]
    lines += [
        f"| {one.Index} | {one.scores:.1g} | {one.accuracy:.2f} |"
        for one in apart[apart["scores"] > 0].itertuples()
    ]
    return "\n".join(lines)


def main() -> None:
    """Run, compare and record."""
    with tempfile.TemporaryDirectory() as name:
        first = run(Path(name), USUAL)
        expected = snapshot(first.root)
        faults = list(differences(snapshot(run(Path(name), OTHER).root), expected))
        apart = pd.DataFrame(
            largest_differences(first.root, run(Path(name), OLD).root),
            columns=["method", "scores", "accuracy"],
        ).set_index("method")
    text = table(faults, len(expected), apart)
    record("Determinism", text)
    print(text)
    raise SystemExit(bool(faults))


if __name__ == "__main__":
    main()
