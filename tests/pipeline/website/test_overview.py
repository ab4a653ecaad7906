"""The picture of the README: drawn from any tables, with the holders of the record named."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pandas as pd
import pytest

from pipeline import report
from pipeline.website import charts, overview

ROOT = Path(__file__).resolve().parents[3]


def row(
    dataset: str, title: str, year: int, kind: str, accuracy: float | None
) -> dict[str, object]:
    return {
        "dataset": dataset,
        "method": title.lower(),
        "title": title,
        "year": year,
        "kind": kind,
        "n_test": 100,
        "accuracy": accuracy,
        "accuracy_low": accuracy and accuracy - 0.01,
        "accuracy_high": accuracy and accuracy + 0.01,
        "published": None,
        "protocol": None,
        "parameters": 1,
        "macs": 1,
    }


HISTORY = pd.DataFrame(
    [
        row("small", "Edges", 1968, "classical", 0.80),
        row("small", "Worse", 2004, "classical", 0.70),
        row("small", "Second of its year", 2005, "classical", 0.85),
        row("small", "HOG <b>&", 2005, "classical", 0.90),
        row("small", "As good, later", 2011, "classical", 0.90),
        row("small", "Net", 1998, "network", 0.60),
        row("small", "Skipped", 2012, "network", None),
        row("other", "Edges", 1968, "classical", 1.0),
    ]
).astype({"published": float})


def words(svg: str) -> list[str]:
    return [html.unescape(word) for word in re.findall("<text[^>]*>([^<]*)</text>", svg)]


def test_a_record_is_fewer_errors_than_all_earlier_ones_of_its_kind_made():
    held = charts.unbeaten(charts.points(HISTORY), "year", ["dataset", "kind"])
    found = sorted(zip(held["dataset"], held["title"], strict=True))
    expected = [("other", "Edges"), ("small", "Edges"), ("small", "HOG <b>&"), ("small", "Net")]
    assert found == expected


def test_the_best_of_each_kind_is_named_over_its_panel():
    drawn = words(overview.svg(HISTORY))
    assert {"small", "other", "HOG <b>&  10.0", "Net  40.0", "Edges  0.0"} <= set(drawn)
    assert not {"Edges  20.0", "Worse  30.0"} & set(drawn)


def test_a_method_of_years_to_come_lies_in_its_panel():
    later = HISTORY[:1].assign(title="Later", year=2040, accuracy=0.99)
    spec = overview.chart(pd.concat([HISTORY, later], ignore_index=True)).to_dict()
    domains = re.findall(r"'domain': \[1957, (\d+)\]", str(spec))
    assert domains
    assert set(domains) == {"2041"}
    (rows,) = spec["datasets"].values()
    ends = {row["year"] for row in rows if row["dataset"] == "small" and row["part"] == "record"}
    assert max(ends) == 2041


def test_every_committed_data_set_has_a_panel_the_surest_first(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(ROOT)
    accuracy = report.read_tables("accuracy")
    drawn = words(overview.svg(accuracy))
    number = accuracy.groupby("dataset")["n_test"].first()
    panels = [word for word in drawn if word in number.index]
    assert sorted(panels) == sorted(number.index)
    assert list(number[panels]) == sorted(number, reverse=True)
