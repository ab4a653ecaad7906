"""The tables of all datasets, read as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import report
from pipeline.stage import params, paths
from pipeline.stage.errors import UserError


def test_a_table_without_rows_leaves_the_types_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(paths, "TABLES", tmp_path)
    for dataset, rows in (("digits", "lenet5,1.5\n"), ("mnist", "")):
        (tmp_path / dataset).mkdir()
        text = f"method,images_per_second\n{rows}"
        (tmp_path / dataset / "throughput.csv").write_text(text)
    table = report.read_tables("throughput")
    assert table["images_per_second"].nlargest(1).tolist() == [1.5]
    assert table["dataset"].tolist() == ["digits"]


def test_a_table_that_no_study_wrote_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(paths, "TABLES", tmp_path)
    (tmp_path / "digits/studies").mkdir(parents=True)
    (tmp_path / "digits/recipes.json").write_text('{"rows": {}}')
    (tmp_path / "digits/studies/mine.csv").write_text("a\n1\n")
    with pytest.raises(UserError, match=r"mine\.csv: found no such study in recipes\.json"):
        report.read_studies(params.load())
