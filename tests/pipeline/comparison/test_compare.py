"""Comparing two folders of result tables, made by hand with known differences."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from pipeline import compare
from pipeline.comparison import differences, results
from pipeline.evaluation.predictions import LABELS as LABELS_KEY
from pipeline.stage.files import write_arrays, write_json

N = 40
LABELS = np.arange(N, dtype=np.uint8) % 10
HERE = "EPYC, 2 cores"


def predictions(*wrong: int):
    """Classify all test images rightly but these."""
    made = LABELS.copy()
    made[list(wrong)] = 10
    return made


def write_tables(
    folder: Path, methods: dict[str, np.ndarray], machine: str = HERE, **changes: object
):
    """Write the tables of one dataset; `changes` go into every row and recipe."""
    folder.mkdir(parents=True)
    rows = {"parameters": 100, "macs": 90, "status": "ok", "recipe": "a"}
    rows["accuracy_std"] = changes.get("std", np.nan)
    table = pd.DataFrame(dict.fromkeys(methods, rows)).T
    table["accuracy"] = [(made == LABELS).mean() for made in methods.values()]
    table["setting"] = [json.dumps({"C": changes.get("C", 1.0)})] * len(methods)
    table["recipe"] = str(sorted(changes))
    table.rename_axis("method").to_csv(folder / "accuracy.csv")
    timed = {"phase": "infer", "machine": machine, "threads": 2, "device": "cpu"}
    speed = changes.get("speed", 100.0)
    pd.DataFrame(
        [
            {"method": name, "batch_size": size, "images_per_second": speed * size, **timed}
            for name in methods
            for size in (1, 64)
        ]
    ).to_csv(folder / "throughput.csv", index=False)
    recipe = {
        "made_of": {"feature": "hog", "classifier": "logistic"},
        "parameters": {"dataset": {"reader": "digits"}, "classifier": {"C": changes.get("C", 1.0)}},
        "data": changes.get("data", "d"),
        "code": changes.get("hog", "h"),
    }
    files = {
        "features/hog.py": changes.get("hog", "h"),
        "features/canny.py": changes.get("hog", "h"),
    }
    write_json(folder / "recipes.json", {"rows": dict.fromkeys(methods, recipe), "files": files})
    write_arrays(folder / "predictions.npz", {LABELS_KEY: LABELS, **methods})


@pytest.fixture
def old(tmp_path: Path):
    folder = tmp_path / "old"
    write_tables(folder / "digits", {"hog-logistic": predictions(0, 1), "lenet5": predictions(2)})
    return folder


def compared(old: Path, new: Path):
    return differences.compare(results.read(old), results.read(new)).set_index("method")


def test_nothing_differs(old: Path, capsys: pytest.CaptureFixture[str]):
    assert compare.main([str(old), str(old)]) == compare.SAME
    assert capsys.readouterr().out == "No method differs.\n"


def test_a_change_with_its_test(old: Path, tmp_path: Path):
    new = tmp_path / "new"
    methods = {"hog-logistic": predictions(1, *range(10, 18)), "lenet5": predictions(2)}
    write_tables(new / "digits", methods, C=10.0, speed=150.0)
    row = compared(old, new).loc["hog-logistic"]
    assert row["change"] == "changed"
    assert row["difference"] == pytest.approx(-7 / N)
    assert row["difference_seed0"] == pytest.approx(-7 / N)
    assert row["difference_low"] < -7 / N < row["difference_high"] < 0
    # 8 images only the old one has right, 1 only the new one; lenet5 predicts what it did.
    assert row["p"] == pytest.approx(binomtest(1, 9).pvalue)
    assert row["throughput_ratio"] == pytest.approx(1.5)
    assert 'chosen {"C": 1.0} -> {"C": 10.0}; classifier.C: 1.0 -> 10.0' in row["why"]
    assert "code" not in row["why"]


@pytest.mark.parametrize(("wrong", "tested"), [((0, 1), 1), ((0, 3), 2)])
def test_holm_counts_the_methods_whose_predictions_differ(
    wrong: tuple[int, ...], tested: int, old: Path, tmp_path: Path
):
    new = tmp_path / "new"
    methods = {"hog-logistic": predictions(*wrong), "lenet5": predictions(2, *range(20, 26))}
    write_tables(new / "digits", {**methods, "mlp": predictions()}, C=2.0)
    table = compared(old, new)
    assert table.loc["mlp", "change"] == "added"
    assert np.isnan(table.loc["mlp", "p"])
    assert table.loc["lenet5", "p"] == pytest.approx(tested * binomtest(0, 6).pvalue)
    assert table.loc["hog-logistic", ["p", "difference"]].tolist() == [1, 0]


def test_a_removed_and_a_renamed_method(old: Path, tmp_path: Path):
    new = tmp_path / "new"
    write_tables(new / "digits", {"hog-logistic": predictions(0, 1), "lenet6": predictions(2)})
    assert compared(old, new)["change"].to_dict() == {"lenet6": "added", "lenet5": "removed"}
    assert compare.main([str(old), str(new), "--fail-on-regression", "50"]) == compare.DIFFERENT


def test_only_the_code_behind_a_row_is_named(old: Path, tmp_path: Path):
    new = tmp_path / "new"
    write_tables(new / "digits", {"hog-logistic": predictions(0, 1)}, hog="other")
    assert compared(old, new).loc["hog-logistic", "why"] == "code: features/hog.py"


def test_of_several_devices_the_fastest_counts(old: Path, tmp_path: Path):
    new = tmp_path / "new"
    methods = {"hog-logistic": predictions(0), "lenet5": predictions(2)}
    write_tables(new / "digits", methods, speed=150.0, C=3.0)
    for folder, speed in ((old, 1000.0), (new, 7000.0)):
        file = folder / "digits/throughput.csv"
        table = pd.read_csv(file)
        faster = table.assign(device="gpu", images_per_second=speed)
        pd.concat([table, faster]).to_csv(file, index=False)
    # 9,600 images a second on the CPU are more than 7,000 on the other device.
    assert compared(old, new)["throughput_ratio"].tolist() == pytest.approx([1.5, 1.5])


def test_a_speed_that_was_measured_once_is_not_compared_with_itself(old: Path, tmp_path: Path):
    new = tmp_path / "new"
    methods = {"hog-logistic": predictions(0), "lenet5": predictions(2)}
    write_tables(new / "digits", methods, speed=150.0, C=3.0)
    for folder in (old, new):
        file = folder / "digits/throughput.csv"
        table = pd.read_csv(file)
        elsewhere = table.assign(machine="another", device="gpu", images_per_second=1e6)
        pd.concat([table, elsewhere]).to_csv(file, index=False)
    assert compared(old, new)["throughput_ratio"].tolist() == pytest.approx([1.5, 1.5])


@pytest.mark.parametrize("rows", [1, 0])
def test_speeds_of_the_pipeline_and_of_a_benchmark_stay_apart(rows: int, old: Path, tmp_path: Path):
    new = tmp_path / "new"
    methods = {"hog-logistic": predictions(0), "lenet5": predictions(2)}
    write_tables(new / "digits", methods, speed=150.0, C=3.0)
    for folder in (old, new):
        table = pd.read_csv(folder / "digits/throughput.csv").assign(images_per_second=9999.0)
        table[: rows * len(table)].to_csv(folder / "digits/throughput-here.csv", index=False)
    assert compared(old, new)["throughput_ratio"].tolist() == pytest.approx([1.5, 1.5])


def test_a_setting_that_nothing_chose_is_no_reason(old: Path, tmp_path: Path):
    new = tmp_path / "new"
    shutil.copytree(old, new)
    file = new / "digits/accuracy.csv"
    skipped = pd.read_csv(file).assign(status="skipped", setting=None)
    skipped.to_csv(file, index=False)
    assert not compared(old, new)["why"].str.contains("chosen").any()


def test_a_skipped_row_changes_no_other(old: Path, tmp_path: Path):
    new = tmp_path / "new"
    shutil.copytree(old, new)
    file = new / "digits/accuracy.csv"
    table = pd.read_csv(file)
    skipped = {"method": "resnet20", "status": "skipped", "setting": "{}", "recipe": ""}
    pd.concat([table, pd.DataFrame([skipped])]).to_csv(file, index=False)
    assert pd.read_csv(file)["parameters"].dtype == float
    assert compared(old, new)["change"].to_dict() == {"resnet20": "added"}


def test_speeds_of_two_machines_are_not_compared(old: Path, tmp_path: Path):
    new = tmp_path / "new"
    methods = {"hog-logistic": predictions(0), "lenet5": predictions(2)}
    write_tables(new / "digits", methods, machine="another", C=3.0)
    assert compared(old, new)["throughput_ratio"].isna().all()


def test_other_test_images_are_not_paired(old: Path, tmp_path: Path):
    new = tmp_path / "new"
    write_tables(new / "digits", {"hog-logistic": predictions(0)}, data="e")
    write_arrays(
        new / "digits/predictions.npz",
        {LABELS_KEY: LABELS[::-1], "hog-logistic": predictions(0)},
    )
    row = compared(old, new).loc["hog-logistic"]
    assert np.isnan(row["p"])
    assert row["why"] == "data: other images"


@pytest.mark.parametrize("missing", ["predictions.npz", "recipes.json", "throughput.csv"])
def test_a_missing_file_costs_its_columns_only(missing: str, old: Path, tmp_path: Path):
    new = tmp_path / "new"
    methods = {"hog-logistic": predictions(), "lenet5": predictions(2)}
    write_tables(new / "digits", methods, C=2.0, speed=90.0)
    (new / "digits" / missing).unlink()
    row = compared(old, new).loc["hog-logistic"]
    assert row["difference"] == pytest.approx(2 / N)
    assert np.isnan(row["p"]) == (missing == "predictions.npz")
    assert np.isnan(row["throughput_ratio"]) == (missing == "throughput.csv")
    assert ("classifier.C" in row["why"]) == (missing != "recipes.json")


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
