"""The benchmarks and the page that lists them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from benchmarks.parts import turns
from pipeline.stage import machine

FOLDER = Path(__file__).parents[1] / "benchmarks"
PROGRAMS = sorted(FOLDER.glob("[a-z]*.py"))
SIDE_BY_SIDE = (
    *("case", "device", "ours", "peer", "theirs", "ratio", "ratio_low", "ratio_high"),
    *("unit", "machine"),
)


@pytest.mark.parametrize("program", [file.stem for file in PROGRAMS])
def test_every_program_is_listed_with_its_result(program: str):
    page = (FOLDER / "README.md").read_text("utf-8")
    assert f"| `{program}.py" in page
    assert any(f"`{program}.{ending}`" in page for ending in ("csv", "md"))


def test_rows_of_other_cases_and_machines_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(turns, "RESULTS", tmp_path)
    columns = ("case", "value", "machine")
    before = [["a", "1", "old"], ["b", "1", "old"], ["b", "2", "new"], ["b", "3", "new"]]
    turns.put("some", before, columns)
    turns.put("some", [["b", "4", "new"]], columns)
    assert turns.read("some") == [*before[:2], ["b", "4", "new"]]
    assert turns.read("none") == []


def test_rows_of_other_devices_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(turns, "RESULTS", tmp_path)
    here = str(machine.description()["machine"])
    fast, slow, fresh = (
        ["a, b", *cells, *"12345", "s", here]
        for cells in (("fast", "1"), ("slow", "1"), ("slow", "2"))
    )
    turns.put("some", [fast, slow])
    turns.put("some", [fresh])
    assert turns.read("some") == [fast, fresh]
    assert turns.cases("some", "slow") == {"a, b"}
    assert turns.cases("some", "another") == set()


@pytest.mark.parametrize("file", sorted(FOLDER.glob("results/*.csv")), ids=lambda file: file.stem)
def test_every_result_says_where_it_was_measured(file: Path):
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert all(row["machine"] for row in rows)
    if "ratio" in rows[0]:
        assert tuple(rows[0]) == SIDE_BY_SIDE
        assert all(float(row["ratio_low"]) <= float(row["ratio_high"]) for row in rows)
