"""Runs that do not go together are refused in a line, and nothing is written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import merge
from pipeline.evaluation.predictions import LABELS
from pipeline.stage.files import read_arrays, read_json, write_arrays, write_json
from tests.pipeline.merging.halves import DIGITS, SHARED, contents, text


def change_data(tables: Path) -> str:
    recipes = read_json(tables / "recipes.json")
    next(iter(recipes["rows"].values()))["data"] = "another"
    write_json(tables / "recipes.json", recipes)
    return "made from other images than artifacts/data/digits/dataset.json"


def change_our_data(tables: Path) -> str:
    recipes = read_json(DIGITS / "recipes.json")
    next(iter(recipes["rows"].values()))["data"] = "another"
    write_json(DIGITS / "recipes.json", recipes)
    return f"{tables}/recipes.json: made from other images than the rows here"


def change_code(tables: Path) -> str:
    recipes = read_json(tables / "recipes.json")
    recipes["files"]["features/hog.py"] = "another"
    write_json(tables / "recipes.json", recipes)
    return "made by another features/hog.py than the rows here"


def change_labels(tables: Path) -> str:
    predictions = read_arrays(tables / "predictions.npz")
    write_arrays(tables / "predictions.npz", {**predictions, LABELS: predictions[LABELS][::-1]})
    return "has other test labels than the one here"


def change_columns(tables: Path) -> str:
    text(tables / "seeds.csv").drop(columns="seed").to_csv(tables / "seeds.csv", index=False)
    return "has the columns ['method', 'accuracy'], expected ['method', 'seed', 'accuracy']"


def leave_out_a_prediction(tables: Path) -> str:
    predictions = read_arrays(tables / "predictions.npz")
    del predictions[SHARED]
    write_arrays(tables / "predictions.npz", predictions)
    return f"{tables}/predictions.npz: has no {SHARED}"


def leave_out_a_recipe(tables: Path) -> str:
    recipes = read_json(tables / "recipes.json")
    del recipes["rows"][SHARED]
    write_json(tables / "recipes.json", recipes)
    return f"{tables}/recipes.json: has no {SHARED}"


def leave_out_the_hashes(tables: Path) -> str:
    recipes = read_json(tables / "recipes.json")
    write_json(tables / "recipes.json", {"rows": recipes["rows"]})
    return f"{tables}/recipes.json: has no files"


def point_outside(tables: Path) -> str:
    captions = {"../../victim.png": {"group": "What is hard", "caption": "", "alt": ""}}
    write_json(tables / "pictures/captions.json", captions)
    return f"{tables}/pictures: has no ../../victim.png"


def leave_out_an_alt(tables: Path) -> str:
    captions = read_json(tables / "pictures/captions.json")
    del next(iter(captions.values()))["alt"]
    write_json(tables / "pictures/captions.json", captions)
    return f"{tables}/pictures/captions.json: has no alt"


def name_a_method_twice(tables: Path) -> str:
    with (tables / "accuracy.csv").open("a") as file:
        file.write((tables / "accuracy.csv").read_text().splitlines()[1] + "\n")
    method = text(tables / "accuracy.csv")["method"][0]
    return f"{tables}/accuracy.csv: has {method} twice, expected a row a method"


def shorten_a_prediction(tables: Path) -> str:
    predictions = read_arrays(tables / "predictions.npz")
    write_arrays(tables / "predictions.npz", {**predictions, SHARED: predictions[SHARED][:-1]})
    return f"{tables}/predictions.npz: has arrays of different lengths"


def have_no_recipes(tables: Path) -> str:
    (tables / "recipes.json").write_text("[]")
    return f"{tables}: "


def break_json(tables: Path) -> str:
    (tables / "recipes.json").write_text("{")
    return f"{tables}/recipes.json: expected JSON (Expecting property name"


def break_archive(tables: Path) -> str:
    (tables / "predictions.npz").write_bytes(b"PK\x03\x04")
    return f"{tables}/predictions.npz: expected named arrays of numbers (File is not a zip file"


def break_table(tables: Path) -> str:
    (tables / "curves.csv").write_text("")
    return f"{tables}: No columns to parse from file"


def take_tables_away(tables: Path) -> str:
    shutil.rmtree(tables)
    return f"{tables}/accuracy.csv: No such file or directory"


def take_data_away(tables: Path) -> str:
    del tables
    shutil.rmtree("artifacts")
    return "dataset.json: not found; run python -m pipeline.prepare digits"


@pytest.mark.parametrize(
    "change",
    [
        change_data,
        change_our_data,
        change_code,
        change_labels,
        change_columns,
        leave_out_a_prediction,
        leave_out_a_recipe,
        leave_out_the_hashes,
        point_outside,
        leave_out_an_alt,
        name_a_method_twice,
        shorten_a_prediction,
        have_no_recipes,
        break_json,
        break_archive,
        break_table,
        take_tables_away,
        take_data_away,
    ],
)
def test_what_does_not_go_together_is_refused_and_nothing_written(
    other: Path, change: Callable[[Path], str], capsys: pytest.CaptureFixture[str]
):
    message = change(other / "tables/digits")
    before = contents(DIGITS)
    assert merge.main(["other", "digits"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("merge: ")
    assert message in error
    assert error.count("\n") == 1
    assert contents(DIGITS) == before


def test_of_several_datasets_all_are_read_before_one_is_written(
    other: Path, capsys: pytest.CaptureFixture[str]
):
    before = contents(DIGITS)
    assert merge.main([str(other), "digits", "usps"]) == 1
    assert "run python -m pipeline.prepare usps" in capsys.readouterr().err
    assert contents(DIGITS) == before


def test_a_path_is_no_dataset(other: Path, capsys: pytest.CaptureFixture[str]):
    before = contents(DIGITS)
    assert merge.main([str(other), "digits/"]) == 1
    assert "found digits/, expected a name out of params.yaml" in capsys.readouterr().err
    assert contents(DIGITS) == before


@pytest.mark.parametrize("drawn", ["", "later", "before"])
def test_pictures_of_other_tables_are_refused(
    other: Path, drawn: str, capsys: pytest.CaptureFixture[str]
):
    run = Path("run")
    run.mkdir()
    other.rename(run / "results")
    file = "results/tables/digits/accuracy.csv"
    stages = {"tabulate@digits": {"outs": [{"path": file, "md5": "later"}]}}
    if drawn:
        stages["illustrate@digits"] = {"deps": [{"path": file, "md5": drawn}]}
    write_json(run / "dvc.lock", {"schema": "2.0", "stages": stages})  # JSON is YAML, too
    assert merge.main(["run/results", "digits"]) == (0 if drawn == "later" else 1)
    refused = "run `dvc repro illustrate@digits` there" in capsys.readouterr().err
    assert refused == (drawn != "later")


@pytest.mark.usefixtures("other")
def test_the_results_here_are_not_another_run(capsys: pytest.CaptureFixture[str]):
    assert merge.main(["results", "digits"]) == 1
    assert "found the results here, expected another run's" in capsys.readouterr().err
