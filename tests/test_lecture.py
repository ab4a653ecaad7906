"""The notebook runs from its first cell to its last, and shows what its text promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
CELLS = json.loads((ROOT / "lecture.ipynb").read_text(encoding="utf-8"))["cells"]


def test_every_cell_runs(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    for cell in CELLS:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)  # noqa: S102  (the project's own)
    assert names["accuracy"](names["on_hog"], names["test"]) > 0.98
    assert names["right"].mean() > 0.95


def test_it_is_kept_with_its_pictures():
    results = [cell["outputs"] for cell in CELLS if cell["cell_type"] == "code"]
    assert all(results)
    kinds = [set(result["data"]) for cell in results for result in cell if "data" in result]
    assert sum("image/png" in kind for kind in kinds) >= 6
    assert not any("text/html" in kind for kind in kinds)  # it would ask another host for a script
