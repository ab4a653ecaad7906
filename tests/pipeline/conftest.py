"""A cheap copy of the whole project under DVC, to rerun, break and change as a user would."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PARAMS = """\
# What runs.
datasets:
  digits: {reader: digits, size: 16, epochs: 1}

features:
  raw: {}
  hog: {orientations: 9, pixels_per_cell: 4, cells_per_block: 2, votes: bilinear}

classifiers:
  logistic: {C: 1.0}

networks:
  mlp: {hidden: 20, learning_rate: 0.01, seeds: 1}  # from the paper
  lenet5: {learning_rate: 0.05, seeds: 1}

studies: {}
"""
# What the throughput stages need on top would teach nothing here.
FASTER = {
    "BATCH_SIZES = (1, 64, 1024)": "BATCH_SIZES = (1, 16)",
    "FEWEST_REPEATS = 7": "FEWEST_REPEATS = 1",
    "SECONDS = 0.2": "SECONDS = 0.0",
}
RUNNING = re.compile(r"^Running stage '(.+)':$", re.MULTILINE)
CACHED = re.compile(r"^Stage '(.+)' is cached - skipping run", re.MULTILINE)


@dataclass
class Project:
    """A git repository with the project in it; every command runs in its root."""

    root: Path
    environment: dict[str, str]
    restored: set[str] = field(default_factory=set)

    def run(self, *command: str, fails: bool = False, **more: str):
        """Run a command, which succeeds (or fails) and leaves no traceback."""
        result = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment | more,
            capture_output=True,
            text=True,
            check=False,
        )
        said = f"{' '.join(command)}: exit code {result.returncode}\n{result.stdout}{result.stderr}"
        assert (result.returncode != 0) == fails, said
        assert "Traceback" not in said
        return result

    def dvc(self, *words: str, fails: bool = False, **more: str):
        return self.run("dvc", *words, fails=fails, **more)

    def git(self, *words: str) -> str:
        return self.run("git", *words).stdout

    def repro(self, *words: str, fails: bool = False, **more: str) -> set[str]:
        """Run `dvc repro`; return the stages that ran, and note those from the run cache."""
        result = self.dvc("repro", *words, fails=fails, **more)
        self.restored = set(CACHED.findall(result.stdout))
        return self.ran(result)

    def ran(self, result: subprocess.CompletedProcess[str]) -> set[str]:
        """Return the stages that a `dvc repro` ran."""
        return set(RUNNING.findall(result.stdout))

    def out_of_date(self) -> set[str]:
        """Return the stages whose own parameters, code, inputs or outputs have changed.

        Not from `dvc repro --dry`, which wants to see the outputs that a new stage would write.
        """
        return set(json.loads(self.dvc("status", "--json").stdout))

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "state")

    def changed(self) -> set[str]:
        """Return the files that git sees as changed, added or removed."""
        lines = self.git("status", "--porcelain", "--untracked-files=all").splitlines()
        return {line[3:] for line in lines}

    def read(self, file: str) -> str:
        return (self.root / file).read_text(encoding="utf-8")

    def write(self, file: str, text: str) -> None:
        (self.root / file).parent.mkdir(parents=True, exist_ok=True)
        (self.root / file).write_text(text, encoding="utf-8")

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace what stands in a file exactly once."""
        text = self.read(file)
        assert text.count(old) == 1, f"{file}: {text.count(old)} times {old!r}"
        self.write(file, text.replace(old, new))

    def set(self, **sections: dict[str, Any]) -> None:
        """Add entries to params.yaml; None removes one."""
        content = yaml.safe_load(self.read("params.yaml"))
        for section, entries in sections.items():
            content[section] |= entries
            for name in [name for name, entry in entries.items() if entry is None]:
                del content[section][name]
        self.write("params.yaml", yaml.safe_dump(content, sort_keys=False))

    def stages(self) -> set[str]:
        return set(self.dvc("stage", "list", "--name-only").stdout.split())

    def rows(self, table: str) -> dict[str, dict[str, str]]:
        """Read a table of the digits: its rows by method."""
        lines = self.read(f"results/tables/digits/{table}.csv").splitlines()
        return {row["method"]: row for row in csv.DictReader(lines)}

    def bytes_of(self, folder: str) -> dict[str, bytes]:
        """Return the content of every file below a folder."""
        paths = (self.root / folder).rglob("*")
        return {
            str(path.relative_to(self.root)): path.read_bytes() for path in paths if path.is_file()
        }

    def clone(self, root: Path) -> Project:
        """Clone the repository: what git has, and nothing of DVC's data."""
        self.git("clone", "--quiet", str(self.root), str(root))
        return Project(root, self.environment)

    def copy(self, root: Path) -> Project:
        shutil.copytree(self.root, root, symlinks=True)
        return Project(root, self.environment)


def without_dvc_state(names: Iterable[str]) -> list[str]:
    """Drop what a run has written: the copy starts from nothing."""
    return [name for name in names if name != "dvc.lock" and not name.startswith("results/tables/")]


def cheap_project(folder: Path, temporary: Path) -> Project:
    """Copy the project with cheap parameters into a folder and commit it; nothing is run."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment = inherited | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(temporary),
        "HINDSIGHT_LOCK": str(temporary / "machine.lock"),
        # The same few networks are compiled again and again.
        "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "HINDSIGHT_CACHE": str(folder / "cache"),
        "DVC_SITE_CACHE_DIR": str(folder / "site"),
        "DVC_GLOBAL_CONFIG_DIR": str(folder / "none"),
        "DVC_SYSTEM_CONFIG_DIR": str(folder / "none"),
        "DVC_NO_ANALYTICS": "1",
        "CI": "1",  # dvc asks for no news of itself
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    project = Project(folder / "hindsight", environment)
    for name in without_dvc_state(filter(None, listed.stdout.split("\0"))):
        if (ROOT / name).is_file():  # a deleted file is listed until it is committed
            (project.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, project.root / name)
    project.write("params.yaml", PARAMS)
    for slow, fast in FASTER.items():
        project.edit("pipeline/evaluation/clock.py", f"\n{slow}", f"\n{fast}")
    project.git("init", "--quiet", "--initial-branch=main")
    project.git("config", "user.name", "A user")
    project.git("config", "user.email", "user@example.org")
    project.commit()
    return project


@pytest.fixture(scope="session")
def measured_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with cheap parameters after `dvc repro` and a commit."""
    project = cheap_project(tmp_path_factory.mktemp("measured"), tmp_path_factory.mktemp("tmp"))
    assert project.repro() == project.stages()
    project.commit()
    return project


@pytest.fixture
def project(measured_project: Project, tmp_path: Path) -> Project:
    """A copy of the measured project, with a DVC cache of its own."""
    return measured_project.copy(tmp_path / "hindsight")
