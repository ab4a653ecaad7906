"""A folder of result tables to compare another with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.comparison.tables import predictions, write_tables


@pytest.fixture
def old(tmp_path: Path):
    folder = tmp_path / "old"
    write_tables(folder / "digits", {"hog-logistic": predictions(0, 1), "lenet5": predictions(2)})
    return folder
