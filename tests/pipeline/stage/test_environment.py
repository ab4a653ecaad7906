"""The process of a stage: its packages are there and its threads pinned before NumPy loads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.stage import environment
from pipeline.stage.errors import UserError

ROOT = Path(__file__).parents[3]
PINNED = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NPROC": "2"}
# Tells at which thread counts NumPy was loaded.
WATCH = f"""
import os, sys
def watch(event, details):
    if event == "import" and details[0] == "numpy":
        raise SystemExit(repr([os.environ.get(name) for name in {list(PINNED)}]))
sys.addaudithook(watch)
"""


def python(code: str, *options: str, **variables: str):
    """Run code from the project's root, in which no thread count is set."""
    unset = {*PINNED, "HINDSIGHT_THREADS"}
    inherited = {name: value for name, value in os.environ.items() if name not in unset}
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=ROOT,
        env=inherited | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_linear_algebra_gets_one_thread_and_xla_all():
    said = python(f"{WATCH}\nimport pipeline.stage, numpy").stderr
    assert said == f"{list(PINNED.values())}\n"
    said = python(f"{WATCH}\nimport pipeline.stage, numpy", HINDSIGHT_THREADS="5").stderr
    assert said == f"{['1', '1', '1', '5']}\n"


@pytest.mark.parametrize(
    "stage", sorted(file.stem for file in (ROOT / "pipeline").glob("[!_]*.py"))
)
def test_no_stage_loads_numpy_with_other_threads(stage: str):
    code = f"{WATCH}\nimport pipeline.{stage}, numpy"
    assert python(code).stderr == f"{list(PINNED.values())}\n"


@pytest.mark.parametrize(("mib", "refused"), [(2047, True), (2048, False)])
def test_too_small_an_address_space_is_refused_in_one_line(mib: int, refused: bool):
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({mib} * 2**20,) * 2)"
    process = python(f"{limit}\nimport pipeline.stage")
    line = f"out of memory: the address space is limited to {mib} MiB (`ulimit -v`), "
    expected = (1, line + "expected at least 2048\n") if refused else (0, "")
    assert (process.returncode, process.stderr) == expected


def test_a_python_without_the_packages_is_named_in_one_line():
    process = python("import pipeline.stage", "-S")
    assert (process.returncode, process.stdout, process.stderr) == (
        1,
        "",
        f"{sys.executable} has no package 'numpy'; expected the project's environment: "
        "run `source .venv/bin/activate` first, or `make repro`\n",
    )


def test_a_refused_number_of_threads_is_one_line():
    process = python("import pipeline.stage", HINDSIGHT_THREADS="none")
    assert (process.returncode, process.stderr) == (
        1,
        "HINDSIGHT_THREADS: found 'none', expected a whole number of at least 1\n",
    )


@pytest.mark.parametrize(("value", "expected"), [(None, 2), ("1", 1), ("16", 16)])
def test_threads(monkeypatch: pytest.MonkeyPatch, value: str | None, expected: int):
    monkeypatch.delenv("HINDSIGHT_THREADS", raising=False)
    if value is not None:
        monkeypatch.setenv("HINDSIGHT_THREADS", value)
    assert environment.threads() == expected


@pytest.mark.parametrize(("value", "expected"), [(None, False), ("0", False), ("1", True)])
def test_several_hosts(monkeypatch: pytest.MonkeyPatch, value: str | None, expected: bool):
    monkeypatch.delenv("HINDSIGHT_DISTRIBUTED", raising=False)
    if value is not None:
        monkeypatch.setenv("HINDSIGHT_DISTRIBUTED", value)
    assert environment.several_hosts() is expected


@pytest.mark.parametrize("value", ["true", "yes", "", "2"])
def test_several_hosts_are_0_or_1(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("HINDSIGHT_DISTRIBUTED", value)
    with pytest.raises(
        UserError, match=f"^HINDSIGHT_DISTRIBUTED: found '{value}', expected 0 or 1$"
    ):
        environment.several_hosts()


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "two", "", " 2", "\N{SUPERSCRIPT TWO}"])
def test_other_numbers_of_threads_are_refused(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("HINDSIGHT_THREADS", value)
    with pytest.raises(UserError, match=r"^HINDSIGHT_THREADS: found '.*', expected a whole number"):
        environment.threads()
