"""Two runs' tables become one: what one run of both would have written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import groupby
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
FIGURES = {
    "accuracy": "log_loss",
    "seeds": "accuracy",
    "confusion": "count",
    "curves": "loss",
    "throughput": "images_per_second",
}
SHARED = "lenet5"  # a row that both runs have: here an older one


def text(file: Path) -> pd.DataFrame:
    return pd.read_csv(file, dtype=str, keep_default_na=False)


def keep(results: Path, wanted: Callable[[str], bool]) -> None:
    """Leave the rows of some methods and studies in the digits tables of a folder of results."""
    folder = results / "tables/digits"
    shutil.copytree(COMMITTED, folder)
    for name in merge.BY_METHOD:
        table = text(folder / f"{name}.csv")
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


def age(results: Path) -> None:
    """Let the shared row, and all that belongs to it, be of an older and worse run."""
    folder = results / "tables/digits"
    for name in merge.BY_METHOD:
        table = text(folder / f"{name}.csv")
        table.loc[table["method"] == SHARED, FIGURES[name]] = "1"
        table.to_csv(folder / f"{name}.csv", index=False)
    predictions = read_arrays(folder / "predictions.npz")
    write_arrays(folder / "predictions.npz", predictions | {SHARED: predictions[SHARED] * 0})
    recipes = read_json(folder / "recipes.json")
    recipes["rows"][SHARED]["code"] = "older"
    write_json(folder / "recipes.json", recipes)


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Take the committed tables of digits apart: results/ and other/ in a project with the data."""
    folder = tmp_path_factory.mktemp("halves")
    names = [*text(COMMITTED / "accuracy.csv")["method"]]
    names += [f"study {file.stem}" for file in sorted((COMMITTED / "studies").glob("*.csv"))]
    names += sorted(read_json(COMMITTED / "pictures/captions.json"))
    first = {*names[::2], SHARED}
    keep(folder / "results", lambda name: name in first)
    age(folder / "results")
    keep(folder / "other", lambda name: name not in first or name == SHARED)
    shutil.copy(ROOT / "params.yaml", folder)
    shutil.copy(ROOT / "results/published.csv", folder / "results")
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


def contents(folder: Path) -> dict[Path, bytes]:
    return {
        file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()
    }


def assert_whole() -> None:
    """The tables here are those of one run of everything, up to the order of some rows."""
    for name in ("accuracy.csv", "accuracy.md", "metrics.json"):
        assert (DIGITS / name).read_text() == (COMMITTED / name).read_text()
    for name in ("seeds", "confusion", "curves", "throughput"):
        ours, whole = (text(at / f"{name}.csv") for at in (DIGITS, COMMITTED))
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
    for folder, files in (("studies", "*"), ("pictures", "*.png")):
        assert {file.name: file.read_bytes() for file in (DIGITS / folder).glob(files)} == {
            file.name: file.read_bytes() for file in (COMMITTED / folder).glob(files)
        }
    captions = [read_json(at / "pictures/captions.json") for at in (DIGITS, COMMITTED)]
    assert captions[0] == captions[1]
    groups = [[words["group"] for words in one.values()] for one in captions]
    assert len([*groupby(groups[0])]) == len({*groups[0]})


def test_two_halves_make_the_whole(other: Path, capsys: pytest.CaptureFixture[str]):
    assert merge.main(["other", "digits"]) == 0
    assert_whole()
    first = text(other / "tables/digits/accuracy.csv")["method"][0]
    assert capsys.readouterr().out.startswith(f"digits: {first}, ")


def test_merging_again_changes_nothing(other: Path):
    merge.main(["other", "digits"])
    once = contents(DIGITS)
    merge.main(["other", "digits"])
    assert contents(DIGITS) == once


def test_without_tables_or_pictures_here_the_other_runs_are_taken(other: Path):
    shutil.rmtree("results/tables")
    shutil.rmtree(other / "tables/digits")
    shutil.copytree(COMMITTED, other / "tables/digits")
    assert merge.main(["other", "digits"]) == 0
    assert_whole()


@pytest.mark.parametrize("status", ["skipped", "diverged"])
def test_what_has_no_accuracy_there(other: Path, status: str):
    tables = other / "tables/digits"
    for name in merge.BY_METHOD:
        table = text(tables / f"{name}.csv")
        if name == "accuracy":
            shared = table["method"] == SHARED
            table.loc[shared, ["accuracy", "p_vs_best", "status"]] = ["", "", status]
        else:
            table = table[table["method"] != SHARED]
        table.to_csv(tables / f"{name}.csv", index=False)
    predictions = read_arrays(tables / "predictions.npz")
    del predictions[SHARED]
    write_arrays(tables / "predictions.npz", predictions)
    if status == "skipped":
        recipes = read_json(tables / "recipes.json")
        del recipes["rows"][SHARED]
        write_json(tables / "recipes.json", recipes)

    assert merge.main(["other", "digits"]) == 0
    (row,) = text(DIGITS / "accuracy.csv").query("method == @SHARED").to_dict("records")
    has_seeds = SHARED in {*text(DIGITS / "seeds.csv")["method"]}
    has_predictions = SHARED in read_arrays(DIGITS / "predictions.npz")
    older = read_json(DIGITS / "recipes.json")["rows"][SHARED]["code"] == "older"
    stays = status == "skipped"
    assert (row["status"] == "ok") == has_seeds == has_predictions == older == stays


def test_what_lies_beside_the_tables_comes_along(other: Path):
    (other / "models/digits").mkdir(parents=True)
    (other / f"models/digits/{SHARED}.npz").write_bytes(b"arrays")
    (other / "models/digits/gone.npz").write_bytes(b"of a method without a row")
    shutil.copy(COMMITTED / "throughput.csv", other / "tables/digits/throughput-other.csv")
    merge.main(["other", "digits"])
    assert [file.name for file in Path("results/models/digits").iterdir()] == [f"{SHARED}.npz"]
    assert (DIGITS / "throughput-other.csv").exists()


def test_a_study_that_has_no_code_any_more_stays(other: Path):
    (DIGITS / "studies/gone.csv").write_text("a\n1\n")
    recipes = read_json(DIGITS / "recipes.json")
    recipes["rows"]["study gone"] = recipes["rows"][SHARED]
    write_json(DIGITS / "recipes.json", recipes)
    merge.main(["other", "digits"])
    assert (DIGITS / "studies/gone.csv").read_text() == "a\n1\n"
    assert "[gone](gone.csv)" in (DIGITS / "studies/README.md").read_text()


@pytest.mark.usefixtures("other")
def test_only_the_code_behind_rows_that_stay_must_be_the_same():
    ours, theirs = merge.read(DIGITS), merge.read(Path("other/tables/digits"))
    assert "features/hog.py" in merge._behind_what_stays(ours, theirs)
    assert merge._behind_what_stays(ours, ours) == set()


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


def test_a_killed_merge_can_be_done_again(other: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(merge, "write_csv", full)
        assert merge.main([str(other), "digits"]) == 1
    assert merge.main([str(other), "digits"]) == 0
    assert_whole()


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
