"""Projects with half of the rows, beside a run that has the other half."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline import prepare
from pipeline.stage.files import read_json
from tests.pipeline.merging.halves import COMMITTED, ROOT, SHARED, age, keep, text


@pytest.fixture(scope="package")
def halves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Take the committed tables of digits apart: results/ and other/ in a project with the data."""
    folder = tmp_path_factory.mktemp("halves")
    names = [*text(COMMITTED / "accuracy.csv")["method"]]
    names += [f"study {file.stem}" for file in sorted((COMMITTED / "studies").glob("*.csv"))]
    names += sorted(read_json(COMMITTED / "pictures/captions.json"))
    first = {*names[::2], SHARED}
    keep(folder / "results", lambda name: name in first)
    age(folder / "results")
    keep(folder / "other", lambda name: name not in first or name == SHARED)
    shutil.copy(ROOT / "params.yaml", folder)
    shutil.copy(ROOT / "results/published.csv", folder / "results")
    for code in ("pipeline", "features", "models"):
        (folder / code).symlink_to(ROOT / code)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        prepare.main("digits")
    return folder


@pytest.fixture
def other(halves: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a project of half the rows; return the path of the other half."""
    shutil.copytree(halves, tmp_path / "project", symlinks=True)
    monkeypatch.chdir(tmp_path / "project")
    return Path("other")
