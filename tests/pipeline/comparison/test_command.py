"""The command: what it prints, what it exits with, what it says of a mistake."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from pipeline import compare
from pipeline.comparison import differences
from tests.pipeline.comparison.tables import predictions, write_tables


@pytest.mark.parametrize(("points", "code"), [("6", compare.SAME), ("4", compare.DIFFERENT)])
def test_only_a_loss_of_so_many_points_fails(points: str, code: int, old: Path, tmp_path: Path):
    new = tmp_path / "new"
    methods = {"hog-logistic": predictions(0, 1, 3, 4), "lenet5": predictions()}  # 5 points less
    write_tables(new / "digits", methods, C=2.0)
    assert compare.main([str(old), str(new)]) == compare.DIFFERENT
    assert compare.main([str(old), str(new), "--fail-on-regression", points]) == code


@pytest.mark.parametrize("points", ["nan", "inf", "-1", "few"])
def test_what_nothing_could_fail_is_refused(points: str, old: Path):
    with pytest.raises(SystemExit) as refused:
        compare.main([str(old), str(old), "--fail-on-regression", points])
    assert refused.value.code == compare.ERROR


def test_a_loss_of_just_so_many_points_does_not_fail():
    lost = pd.DataFrame(
        {"change": "changed", "accuracy_before": 0.975, "accuracy_after": 0.97}
        | {"difference": [0.97 - 0.975]}
    )
    assert compare.exit_code(lost, 0.5) == compare.SAME
    assert compare.exit_code(lost, 0.49) == compare.DIFFERENT


def test_a_narrow_terminal_folds_names_and_keeps_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("COLUMNS", "80")
    name = "kmeans_patches-linear_svm"
    write_tables(tmp_path / "old/digits", {name: predictions(0, 1)})
    write_tables(tmp_path / "new/digits", {name: predictions(*range(9))}, C=2.0, speed=120.0)
    compare.main([str(tmp_path / "old"), str(tmp_path / "new")])
    printed = capsys.readouterr().out
    assert "…" not in printed
    for figure in ("95.00", "77.50", "-17.50", "0.016", "x1.20"):
        assert figure in printed


def test_formats(old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    new = tmp_path / "new"
    methods = {"hog-logistic": predictions(), "lenet5": predictions(2)}
    write_tables(new / "digits", methods, C=2.0)
    printed = {}
    for name in ("terminal", "markdown", "csv", "json"):
        assert compare.main([str(old), str(new), "--format", name]) == compare.DIFFERENT
        printed[name] = capsys.readouterr().out
    assert "95.00 -> 100.00" in printed["markdown"]
    assert "+5.00" in printed["terminal"]
    rows = list(csv.DictReader(io.StringIO(printed["csv"])))
    parsed = json.loads(printed["json"])
    assert [list(row) for row in rows] == [list(row) for row in parsed]
    assert list(rows[0]) == list(differences.COLUMNS)
    assert float(rows[0]["difference"]) == pytest.approx(parsed[0]["difference"])
    assert parsed[0]["std_before"] is None


def test_a_reason_of_all_is_said_once(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    new = tmp_path / "new"
    methods = {"hog-logistic": predictions(), "lenet5": predictions(2)}
    write_tables(new / "digits", methods, hog="other", C=2.0)
    compare.main([str(old), str(new), "--format", "markdown"])
    assert capsys.readouterr().out.count("- all: code: features/hog.py") == 1


def test_a_single_seed_does_not_inherit_the_deviation_of_three(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    write_tables(tmp_path / "old/digits", {"lenet5": predictions(0)}, std=0.004)
    write_tables(tmp_path / "new/digits", {"lenet5": predictions(1)}, C=2.0)
    compare.main([str(tmp_path / "old"), str(tmp_path / "new"), "--format", "markdown"])
    assert "| 0.40 -> - |" in " ".join(capsys.readouterr().out.split())


def git(*words: str, folder: Path):
    author = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *author, *words], cwd=folder, check=True, capture_output=True)


def test_commits_and_the_work_tree(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    project = tmp_path / "project"
    shutil.copytree(old, project / "results/tables")
    git("init", "-q", folder=project)
    git("add", ".", folder=project)
    git("commit", "-qm", "first", folder=project)
    monkeypatch.chdir(project)
    assert compare.main([]) == compare.SAME
    shutil.rmtree(project / "results/tables/digits")
    methods = {"hog-logistic": predictions(), "lenet5": predictions(2)}
    write_tables(project / "results/tables/digits", methods, speed=100.0)
    assert compare.main(["--format", "csv"]) == compare.DIFFERENT
    git("commit", "-qam", "second", folder=project)
    assert compare.main([]) == compare.SAME
    assert compare.main(["HEAD~1", "HEAD"]) == compare.DIFFERENT
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("place", ["no-such-commit", "--upload-pack=x", "empty"])
def test_errors_are_one_line(
    place: str,
    old: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)  # no repository
    (tmp_path / "empty").mkdir()
    assert compare.main(["--", place, str(old)]) == compare.ERROR
    error = capsys.readouterr().err
    assert error.startswith("compare: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("recipes.json", "{", "old/digits/recipes.json: "),
        ("predictions.npz", "PK", "old/digits/predictions.npz: "),
        ("accuracy.csv", "method,acc\nlenet5,1\n", "a table has no column accuracy"),
        ("throughput.csv", "method,phase\nlenet5,infer\n", "a table has no column machine"),
        ("accuracy.csv", "method,accuracy\nlenet5,1\nlenet5,1\n", "has lenet5 twice"),
        ("accuracy.csv", "", "old/digits/accuracy.csv: expected a table"),
    ],
)
def test_a_broken_table_is_named(
    file: str, content: str, message: str, old: Path, capsys: pytest.CaptureFixture[str]
):
    (old / "digits" / file).write_text(content)
    assert compare.main([str(old), str(old)]) == compare.ERROR
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
