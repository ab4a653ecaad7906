"""The project in which every stage has run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline import provenance
from tests.pipeline.stages.project import ROOT, draw_images, quick_clock, run_all, set_params


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory):
    """A copy of the project in which every stage has run."""
    folder = tmp_path_factory.mktemp("project")
    for package in provenance.PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("*.pyc"))
    (folder / "results").mkdir()
    (folder / "results/published.csv").write_text(
        "dataset,method,published,protocol,published_source\n"
        "squares,mlp,0.9,near,them\nmnist,mlp,0.953,near,LeCun et al. 1998\n"
    )
    draw_images(folder / "images")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        quick_clock(patch)
        provenance.code.cache_clear()
        set_params()
        run_all()
        provenance.code.cache_clear()
    return folder


@pytest.fixture
def finished(first_run: Path, monkeypatch: pytest.MonkeyPatch):
    """The same, to look at."""
    monkeypatch.chdir(first_run)
    return first_run


@pytest.fixture
def project(first_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A copy of it, to change."""
    shutil.copytree(first_run, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("HINDSIGHT_LOCK", str(tmp_path / "machine.lock"))
    quick_clock(monkeypatch)
    provenance.code.cache_clear()
    yield tmp_path / "project"
    provenance.code.cache_clear()
