"""What two folders of tables differ in, row by row."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from pipeline import compare
from pipeline.evaluation.predictions import LABELS as LABELS_KEY
from pipeline.stage.files import write_arrays
from tests.pipeline.comparison.tables import LABELS, N, compared, predictions, write_tables


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
