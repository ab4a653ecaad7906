"""A folder in which a test may start stages of its own, and a params.yaml of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.stage import params, validation
from tests.pipeline.stage.parameters import GOOD, Load

Start = Callable[..., subprocess.Popen[str]]

ROOT = Path(__file__).parents[3]


@pytest.fixture
def start(tmp_path: Path):
    """Start a stage whose `main` has the given body; kill what still runs at the end."""
    running: list[subprocess.Popen[str]] = []

    def start_stage(
        body: str,
        *words: str,
        stage: str = "work",
        arguments: str = "",
        timing: bool = False,
        umask: int = -1,
    ) -> subprocess.Popen[str]:
        file = tmp_path / f"{stage}.py"
        file.write_text(
            "import sys, time\nfrom pathlib import Path\nfrom pipeline.stage import entry, errors\n"
            f"def main({arguments}):\n{textwrap.indent(textwrap.dedent(body), '    ')}\n"
            f"if __name__ == '__main__':\n    entry.run(main, timing={timing})\n",
            "utf-8",
        )
        running.append(
            subprocess.Popen(
                [sys.executable, file, *words],
                cwd=tmp_path,
                # Locks of the test's own: it neither waits for a real run nor holds one up.
                env=os.environ
                | {"PYTHONPATH": str(ROOT), "HINDSIGHT_LOCK": str(tmp_path / "machine.lock")},
                umask=umask,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return running[-1]

    yield start_stage
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)


@pytest.fixture
def load(tmp_path: Path, root: None) -> Load:
    """Write params.yaml, from a text or with other sections than the good ones, and load it."""

    def write_and_load(text: str | None = None, **sections: str):
        lines = [f"{section}: {entries}" for section, entries in (GOOD | sections).items()]
        (tmp_path / "params.yaml").write_text("\n".join(lines) if text is None else text, "utf-8")
        found = params.load(tmp_path / "params.yaml")
        validation.check(found)
        return found

    return write_and_load
