"""How long the pipeline takes, in a copy of the project: `python -m benchmarks.pipeline_speed`.

Writes benchmarks/results/pipeline_speed.csv. The MNIST cases need the files or the network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from ruamel.yaml import YAML

from benchmarks.parts import turns
from pipeline.stage import machine

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = ("case", "seconds", "peak_memory_mib", "limit_seconds", "machine")
# The limit of 100 s is for these ten methods; the whole default set has 300 s.
TEN_METHODS = {
    "features": ("raw", "sobel", "canny", "hog"),
    "classifiers": ("logistic", "linear_svm"),
    "networks": ("mlp", "lenet5"),
    "studies": (),
}


def run(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a command; return its seconds and the peak memory (MiB) of its largest process."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    if status:
        raise SystemExit(f"{' '.join(command)}: failed")
    return seconds, usage.ru_maxrss / 1024


def project_copy(folder: Path) -> None:
    """Copy what git knows of the project, as a repository of its own and without any cache."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)


def only(file: Path, wanted: dict[str, tuple[str, ...]]) -> None:
    """Leave only some methods in params.yaml."""
    round_trip = YAML()
    content = round_trip.load(file)
    for section, names in wanted.items():
        content[section] = {name: content[section][name] for name in names}
    round_trip.dump(content, file)


def cases(folder: Path) -> list[tuple[str, float, int, str]]:
    """Return (case, seconds, peak MiB, limit in seconds) of every case."""
    rows: list[tuple[str, float, int, str]] = []

    def measure(case: str, command: list[str], limit: str, repeats: int = 1) -> None:
        runs = [run(command, folder) for _ in range(repeats)]
        seconds, memory = median(one[0] for one in runs), max(one[1] for one in runs)
        rows.append((case, round(seconds, 2), round(memory), limit))
        print(*rows[-1], flush=True)

    stage = [sys.executable, "-m"]
    params = folder / "params.yaml"
    default = params.read_text("utf-8")
    only(params, TEN_METHODS)
    measure("dvc repro from nothing, ten methods", ["dvc", "repro"], "100")
    measure("dvc repro of them, nothing changed", ["dvc", "repro"], "2", repeats=5)
    shutil.rmtree(folder / ".dvc/cache")
    shutil.rmtree(folder / "artifacts")
    params.write_text(default, "utf-8")
    measure("dvc repro from nothing", ["dvc", "repro"], "300")
    measure("dvc repro, nothing changed", ["dvc", "repro"], "2", repeats=5)
    measure("stage check", [*stage, "pipeline.check"], "1.5", repeats=5)
    measure("stage report", [*stage, "pipeline.report"], "1.5", repeats=5)
    params.write_text(default.replace("  # mnist:", "  mnist:"), "utf-8")
    measure("prepare@mnist", [*stage, "pipeline.prepare", "mnist"], "5", repeats=3)
    measure("extract@mnist-hog", [*stage, "pipeline.extract", "mnist", "hog"], "15", repeats=3)
    return rows


def main() -> None:
    """Measure all cases and write them down."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project_copy(folder)
        rows = cases(folder)
    where = str(machine.description()["machine"])
    turns.put("pipeline_speed", [[*map(str, row), where] for row in rows], COLUMNS)


if __name__ == "__main__":
    main()
