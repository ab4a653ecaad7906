"""The tables of all datasets, read as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import report
from pipeline.stage import paths


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
