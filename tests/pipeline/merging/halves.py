"""The committed tables of digits, taken apart: what merging must put together again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline import merge
from pipeline.evaluation.predictions import LABELS
from pipeline.stage.files import read_arrays, read_json, write_arrays, write_json

ROOT = Path(__file__).parents[3]
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
