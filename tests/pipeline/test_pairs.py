from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.evaluation.predictions import LABELS
from pipeline.pairs import main, pairs


@pytest.fixture(autouse=True)
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Ten test images of class 1, of which the methods take some for class 0."""
    folder = tmp_path / "results/tables/digits"
    folder.mkdir(parents=True)
    classes = {
        LABELS: np.ones(10, np.uint8),
        "all": np.ones(10, np.uint8),
        "none": np.zeros(10, np.uint8),
        "most": np.array([0] + [1] * 9, np.uint8),
    }
    np.savez(folder / "predictions.npz", **classes)
    monkeypatch.chdir(tmp_path)


def test_every_pair_is_tested_and_adjusted():
    found = pairs("digits", ["all", "most", "none"])
    assert found[["method", "other"]].to_numpy().tolist() == [
        ["all", "most"],
        ["all", "none"],
        ["most", "none"],
    ]
    assert found["only method"].tolist() == [1, 10, 9]
    assert found["only other"].tolist() == [0, 0, 0]
    np.testing.assert_allclose(found["p"], [1, 2 / 2**10, 2 / 2**9])
    np.testing.assert_allclose(found["p, Holm"], [1, 3 * 2 / 2**10, 2 * 2 / 2**9])


def test_it_prints_a_table(capsys: pytest.CaptureFixture[str]):
    assert main(["digits", "most", "none"]) == 0
    heading, _, row = capsys.readouterr().out.splitlines()
    assert heading.split("|")[1].strip() == "method"
    assert [cell.strip() for cell in row.split("|")[1:6]] == ["most", "none", "9", "0", "0.0039"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["mnist", "all", "most"],
            "mnist/predictions.npz: not found; expected one of the datasets",
        ),
        (["digits", "all", "hog"], "has no hog; expected one of all, none, most"),
        (["digits", "all", "all"], "found all, all, expected at least two different methods"),
        (["digits", "all"], "found all, expected at least two different methods"),
    ],
)
def test_what_is_not_there_is_named(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    assert main(words) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("pairs: ")
    assert message in line
