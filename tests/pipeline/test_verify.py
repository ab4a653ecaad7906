"""Checksums of dvc's cache and outputs, against what dvc itself writes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import verify

STAGE = """
stages:
  make:
    cmd: mkdir -p out/inner && echo 1 > out/a && echo 2 > out/inner/b && echo 3 > c
    outs:
      - out
      - c:
          cache: false
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("project")
    (folder / "dvc.yaml").write_text(STAGE)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for words in (["init", "--no-scm", "--quiet"], ["repro", "--quiet"]):
        dvc = [sys.executable, "-m", "dvc", *words]
        subprocess.run(dvc, cwd=folder, env={**os.environ, "PATH": path}, check=True)
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.copytree(made, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def spoil(file: Path):
    """Change a byte; size, permissions and date stay as they were."""
    status = file.stat()
    file.chmod(0o644)
    file.write_bytes(b"x" + file.read_bytes()[1:])
    file.chmod(status.st_mode)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.usefixtures("project")
def test_what_dvc_wrote_is_sound(capsys: pytest.CaptureFixture[str]):
    assert verify.main() == 0
    said = capsys.readouterr().out
    assert said.startswith("3 objects in ")
    assert said.endswith("what is here of dvc.lock: all as it was written\n")
    assert said.count("\n") == 1


def test_every_damaged_object_is_named(project: Path, capsys: pytest.CaptureFixture[str]):
    objects = sorted(project.glob(".dvc/cache/files/md5/??/*"))
    assert len(objects) == 3  # the folder's list and two files
    for file in objects:
        spoil(file)
    assert verify.main() == 1
    out = capsys.readouterr().out
    assert all(f"{file}: checksum " in out for file in objects)


@pytest.mark.parametrize("file", ["out/inner/b", "c"])
def test_an_altered_output_is_named(file: str, project: Path, capsys: pytest.CaptureFixture[str]):
    spoil(project / file)
    assert verify.main() == 1
    wrong, summary = capsys.readouterr().out.splitlines()
    assert wrong.startswith(f"{file.split('/')[0]}: checksum ")
    assert wrong.endswith("of make")
    assert summary.endswith(": 1 damaged")


def test_a_missing_output_is_no_damage(project: Path):
    (project / "c").unlink()
    assert verify.main() == 0


@pytest.mark.parametrize("text", ["", "schema: '2.0'", "stages:\n  a: {outs: [", "<<<<<<< HEAD"])
def test_a_damaged_lock_file_is_told_in_one_line(
    text: str, project: Path, capsys: pytest.CaptureFixture[str]
):
    (project / "dvc.lock").write_text(text, "utf-8")
    assert verify.main() == 2
    assert "dvc.lock: not as dvc wrote it; run python -m pipeline.unlock: " in (
        said := capsys.readouterr().err
    )
    assert said.count("\n") == 1


def test_without_a_lock_file(project: Path, capsys: pytest.CaptureFixture[str]):
    (project / "dvc.lock").unlink()
    assert verify.main() == 2
    assert capsys.readouterr().err.count("\n") == 1
