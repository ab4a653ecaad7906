"""Two runs' tables become one: what one run of both would have written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline import merge
from pipeline.stage.files import read_arrays, read_json, write_arrays, write_json
from tests.pipeline.merging.halves import COMMITTED, DIGITS, SHARED, assert_whole, contents, text


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


def test_a_killed_merge_can_be_done_again(other: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(merge, "write_csv", full)
        assert merge.main([str(other), "digits"]) == 1
    assert merge.main([str(other), "digits"]) == 0
    assert_whole()
