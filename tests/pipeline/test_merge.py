"""Two runs' tables become one: what one run of both would have written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline import merge, prepare
from pipeline.evaluation.predictions import LABELS
from pipeline.stage.files import read_arrays, read_json, write_arrays, write_json

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "results/tables/digits"
DIGITS = Path("results/tables/digits")
SHARED = "lenet5"  # a row that both runs have
ORDERED = ("accuracy.csv", "accuracy.md", "metrics.json")


def keep(results: Path, wanted: Callable[[str], bool]) -> None:
    """Leave the rows of some methods and studies in the digits tables of a folder of results."""
    folder = results / "tables/digits"
    shutil.copytree(COMMITTED, folder)
    for name in merge.BY_METHOD:
        table = merge.read_text(folder / f"{name}.csv")
        table[table["method"].map(wanted)].to_csv(folder / f"{name}.csv", index=False)
    predictions = read_arrays(folder / "predictions.npz")
    few = {name: own for name, own in predictions.items() if name == LABELS or wanted(name)}
    write_arrays(folder / "predictions.npz", few)
    recipes = read_json(folder / "recipes.json")
    rows = {name: row for name, row in recipes["rows"].items() if wanted(name)}
    write_json(folder / "recipes.json", {**recipes, "rows": rows})
    for file in (folder / "studies").glob("*.csv"):
        if not wanted(f"study {file.stem}"):
            file.unlink()
    captions = read_json(folder / "pictures/captions.json")
    for name in [name for name in captions if not wanted(name)]:
        (folder / "pictures" / name).unlink()
        del captions[name]
    write_json(folder / "pictures/captions.json", captions)


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Take the committed tables of digits apart: results/ and other/ in a project with the data."""
    folder = tmp_path_factory.mktemp("halves")
    names = [*merge.read_text(COMMITTED / "accuracy.csv")["method"]]
    names += [f"study {file.stem}" for file in sorted((COMMITTED / "studies").glob("*.csv"))]
    names += sorted(read_json(COMMITTED / "pictures/captions.json"))
    first = {*names[::2], SHARED}
    keep(folder / "results", lambda name: name in first)
    keep(folder / "other", lambda name: name not in first or name == SHARED)
    shutil.copy(ROOT / "params.yaml", folder)
    for code in ("pipeline", "features", "models"):
        (folder / code).symlink_to(ROOT / code)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        prepare.main("digits")
    return folder


@pytest.fixture
def other(halves: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a project of half the rows; return the path of the other half."""
    shutil.copytree(halves, tmp_path / "project", symlinks=True)
    monkeypatch.chdir(tmp_path / "project")
    return Path("other")


def test_two_halves_make_the_whole(other: Path, capsys: pytest.CaptureFixture[str]):
    assert merge.main([str(other)]) == 0
    for name in ORDERED:
        assert (DIGITS / name).read_text() == (COMMITTED / name).read_text()
    for name in ("seeds", "confusion", "curves", "throughput"):
        ours, whole = (merge.read_text(at / f"{name}.csv") for at in (DIGITS, COMMITTED))
        columns = list(whole.columns)
        pd.testing.assert_frame_equal(
            ours.sort_values(columns, ignore_index=True),
            whole.sort_values(columns, ignore_index=True),
        )
    assert read_json(DIGITS / "recipes.json") == read_json(COMMITTED / "recipes.json")
    ours, whole = (read_arrays(at / "predictions.npz") for at in (DIGITS, COMMITTED))
    assert ours.keys() == whole.keys()
    for name, own in ours.items():
        np.testing.assert_array_equal(own, whole[name])
    first = merge.read_text(other / "tables/digits/accuracy.csv")["method"][0]
    assert capsys.readouterr().out.startswith(f"digits: {first}, ")


def test_studies_and_pictures_of_both_are_there(other: Path):
    merge.main([str(other)])
    for folder, files in (("studies", "*"), ("pictures", "*.png")):
        assert {file.name: file.read_bytes() for file in (DIGITS / folder).glob(files)} == {
            file.name: file.read_bytes() for file in (COMMITTED / folder).glob(files)
        }
    captions = [read_json(at / "pictures/captions.json") for at in (DIGITS, COMMITTED)]
    assert captions[0] == captions[1]


def test_merging_again_changes_nothing(other: Path):
    merge.main([str(other)])
    once = {file: file.read_bytes() for file in DIGITS.rglob("*") if file.is_file()}
    merge.main([str(other)])
    assert {file: file.read_bytes() for file in DIGITS.rglob("*") if file.is_file()} == once


def test_tables_of_a_dataset_that_has_none_here_are_taken_over(other: Path):
    shutil.copytree(COMMITTED, other / "tables/digits8")
    merge.main([str(other)])
    for file in COMMITTED.rglob("*.csv"):
        taken = Path("results/tables/digits8") / file.relative_to(COMMITTED)
        assert taken.read_bytes() == file.read_bytes()


def test_the_other_runs_published_models_come_along(other: Path):
    (other / "models/digits").mkdir(parents=True)
    (other / "models/digits/new.npz").write_bytes(b"arrays")
    merge.main([str(other)])
    assert Path("results/models/digits/new.npz").read_bytes() == b"arrays"


def change_data(tables: Path) -> str:
    recipes = read_json(tables / "recipes.json")
    next(iter(recipes["rows"].values()))["data"] = "another"
    write_json(tables / "recipes.json", recipes)
    return "made from other images than results/tables/digits/recipes.json"


def change_code(tables: Path) -> str:
    recipes = read_json(tables / "recipes.json")
    recipes["files"]["features/hog.py"] = "another"
    write_json(tables / "recipes.json", recipes)
    return "made by another features/hog.py than"


def change_labels(tables: Path) -> str:
    predictions = read_arrays(tables / "predictions.npz")
    write_arrays(tables / "predictions.npz", {**predictions, LABELS: predictions[LABELS][::-1]})
    return "has other test labels than results/tables/digits"


def change_columns(tables: Path) -> str:
    table = merge.read_text(tables / "seeds.csv")
    table.drop(columns="seed").to_csv(tables / "seeds.csv", index=False)
    return "has the columns ['method', 'accuracy'], expected ['method', 'seed', 'accuracy']"


def change_folder(tables: Path) -> str:
    tables.parent.rename("elsewhere")
    return "other: found no tables/DATASET/accuracy.csv, expected a run's results"


def take_data_away(tables: Path) -> str:
    shutil.rmtree("artifacts")
    return "dataset.json: not found; run python -m pipeline.prepare digits"


@pytest.mark.parametrize(
    "change",
    [change_data, change_code, change_labels, change_columns, change_folder, take_data_away],
)
def test_what_does_not_go_together_is_refused_and_nothing_written(
    other: Path, change: Callable[[Path], str], capsys: pytest.CaptureFixture[str]
):
    message = change(other / "tables/digits")
    before = {file: file.read_bytes() for file in DIGITS.rglob("*") if file.is_file()}
    assert merge.main([str(other)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("merge: ")
    assert message in error
    assert error.count("\n") == 1
    assert {file: file.read_bytes() for file in DIGITS.rglob("*") if file.is_file()} == before


def test_json_of_metrics_is_that_of_the_table(other: Path):
    merge.main([str(other)])
    metrics = json.loads((DIGITS / "metrics.json").read_text())
    table = pd.read_csv(DIGITS / "accuracy.csv").dropna(subset="accuracy")
    assert metrics == dict(zip(table["method"], table["accuracy"], strict=True))
