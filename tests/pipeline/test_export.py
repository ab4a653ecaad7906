"""Tables and citations for a paper, from the committed results."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from pipeline import export
from pipeline.stage import plugins

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _inside(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((0.9898, 0.9876, 0.9916), ["98.98", "98.76", "99.16"]),
        ((0.9759, 0.9544, 0.9864), ["97.6", "95.4", "98.6"]),
        ((0.5, 0.3, 0.7), ["50", "30", "70"]),
        ((0.99999, 0.99998, 1.0), ["99.9990", "99.9980", "100.0000"]),
    ],
)
def test_digits_follow_the_interval(interval: tuple[float, float, float], expected: list[str]):
    assert export.rounded(*interval) == expected


def test_latex_is_a_booktabs_table(capsys: pytest.CaptureFixture[str]):
    assert export.main(["latex", "digits"]) == 0
    text = capsys.readouterr().out
    body = text[text.index(r"\midrule") : text.index(r"\bottomrule")].splitlines()[1:]
    measured = pd.read_csv("results/tables/digits/accuracy.csv")["accuracy"].notna().sum()
    assert len(body) == measured
    assert all(re.fullmatch(r"(?:[^&]*(?<!\\)&){7}[^&]*\\\\", line) for line in body)
    assert r"\textbf{" in text
    assert not re.search(r"(?<!\\)[%_#$]", text)


def test_markdown_and_csv_hold_the_same(capsys: pytest.CaptureFixture[str]):
    assert export.main(["csv", "digits"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert export.main(["markdown", "digits"]) == 0
    lines = capsys.readouterr().out.replace("**", "").splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells == [list(row.values()) for row in rows]


def test_every_plugin_has_one_citation(capsys: pytest.CaptureFixture[str]):
    assert export.main(["bibtex"]) == 0
    text = capsys.readouterr().out
    names = [f"{kind}-{name}" for kind in export.WITH_CITATION for name in plugins.names(kind)]
    assert re.findall(r"^@misc\{(.+),$", text, re.MULTILINE) == names
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")


def test_a_plugin_without_a_citation_has_no_note(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    card = plugins.card
    monkeypatch.setattr(plugins, "names", lambda kind: ["hog"] if kind == "features" else [])
    monkeypatch.setattr(
        plugins,
        "card",
        lambda *name: replace(card(*name), constants={"TITLE": "x^2 ~ y", "YEAR": 2005}),
    )
    assert export.main(["bibtex"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "@misc{features-hog,",
        r"  title = {{x\textasciicircum{}2 \textasciitilde{} y}},",
        "  year = {2005}",
        "}",
    ]


def test_an_unknown_dataset_is_told(capsys: pytest.CaptureFixture[str]):
    assert export.main(["latex", "letters"]) == 1
    line = capsys.readouterr().err
    assert "letters/accuracy.csv: not found; expected one of " in line
    assert "digits" in line


def test_parquet_needs_pyarrow(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    def missing(*_: object, **__: object):
        raise ImportError("no pyarrow")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", missing)
    assert export.main(["parquet", "digits"]) == 1
    assert capsys.readouterr().err == (
        "export: parquet needs pyarrow; expected pip install 'pyarrow>=18'\n"
    )


def test_parquet_holds_the_numbers_themselves(capfdbinary: pytest.CaptureFixture[bytes]):
    pytest.importorskip("pyarrow")
    assert export.main(["parquet", "digits"]) == 0
    frame = pd.read_parquet(io.BytesIO(capfdbinary.readouterr().out))
    table = pd.read_csv("results/tables/digits/accuracy.csv").dropna(subset="accuracy")
    for name in frame.columns.drop("best"):
        assert frame[name].tolist() == table[name].tolist()
    bold = str(export.table("markdown", "digits")).splitlines()[2:]
    assert frame["best"].tolist() == ["**" in line for line in bold]
