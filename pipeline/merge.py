"""Add another run's rows and studies to the tables here: `python -m pipeline.merge FOLDER`.

A table can so grow by what was run on another machine, or on another day, without running again
what it holds already. FOLDER is the other run's folder ``results``. Its rows take the place of rows
of the same name; both must come from the same images and the same code.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.stage import paths, plugins
from pipeline.stage.entry import tool
from pipeline.stage.errors import UserError
from pipeline.stage.files import (
    read_arrays,
    read_json,
    write_arrays,
    write_csv,
    write_json,
)

if TYPE_CHECKING:
    import pandas as pd

BY_METHOD = ("accuracy", "seeds", "confusion", "curves", "throughput")


def read_text(file: Path) -> pd.DataFrame:
    """Read a table without turning its words into numbers, so that it is written as it was."""
    import pandas as pd

    return pd.read_csv(file, dtype=str, keep_default_na=False)


def merged_rows(ours: Path, theirs: Path) -> pd.DataFrame:
    """Return the rows of both tables, of methods that both have those of `theirs`.

    Raises
    ------
    UserError
        They have different columns.
    """
    import pandas as pd

    old, new = read_text(ours), read_text(theirs)
    if list(old.columns) != list(new.columns):
        raise UserError(f"{theirs}: has the columns {[*new]}, expected {[*old]}")
    return pd.concat([old[~old["method"].isin(new["method"])], new], ignore_index=True)


def merged_recipes(ours: Path, theirs: Path) -> dict[str, Any]:
    """Return what the rows of both were made from.

    Raises
    ------
    UserError
        They were made from different images, or by different code.
    """
    old, new = read_json(ours), read_json(theirs)
    data = {row["data"] for recipes in (old, new) for row in recipes["rows"].values()}
    if len(data) > 1:
        raise UserError(f"{theirs}: made from other images than {ours}")
    for file in old["files"].keys() & new["files"].keys():
        if old["files"][file] != new["files"][file]:
            raise UserError(f"{theirs}: made by another {file} than {ours}; run one of them again")
    return {
        "rows": old["rows"] | new["rows"],
        "files": dict(sorted((old["files"] | new["files"]).items())),
    }


def ranked(accuracy: pd.DataFrame, predictions: dict[str, Any]) -> pd.DataFrame:
    """Test every method against the best of all, and sort the rows."""
    from pipeline.evaluation.predictions import LABELS
    from pipeline.evaluation.rows import compare_with_best

    labels = predictions[LABELS]
    right = {name: own == labels for name, own in predictions.items() if name != LABELS}
    p_values = compare_with_best(accuracy, right)
    accuracy["p_vs_best"] = ["" if value is None else f"{value:.6f}" for value in p_values]
    return accuracy.sort_values(["year", "method"])


def merge_tables(ours: Path, theirs: Path, title: str) -> None:
    """Merge what every method has a row, or more, in."""
    import numpy as np
    import pandas as pd

    from pipeline.evaluation.predictions import LABELS
    from pipeline.tabulate import write_pages

    recipes = merged_recipes(ours / "recipes.json", theirs / "recipes.json")
    old, new = (read_arrays(folder / "predictions.npz") for folder in (ours, theirs))
    if not np.array_equal(old[LABELS], new[LABELS]):
        raise UserError(f"{theirs / 'predictions.npz'}: has other test labels than {ours}")
    tables = {name: merged_rows(ours / f"{name}.csv", theirs / f"{name}.csv") for name in BY_METHOD}
    tables["accuracy"] = ranked(tables["accuracy"], old | new)

    for name, table in tables.items():
        write_csv(ours / f"{name}.csv", table)
    write_pages(ours, title)
    write_json(ours / "recipes.json", recipes)
    write_arrays(ours / "predictions.npz", old | new)
    measured = pd.read_csv(ours / "accuracy.csv", index_col="method")["accuracy"].dropna()
    write_json(ours / "metrics.json", measured.to_dict())


def merge_studies(ours: Path, theirs: Path, title: str) -> None:
    """Take over the studies that ran there."""
    from pipeline.tabulate import write_studies

    files = [*(ours / "studies").glob("*.csv"), *(theirs / "studies").glob("*.csv")]
    tables = {file.stem: file.read_text(encoding="utf-8") for file in files}
    studies = {
        name: (plugins.card("studies", name).title, tables[name])
        for name in plugins.names("studies")
        if name in tables
    }
    write_studies(ours / "studies", studies, title)


def merge_pictures(ours: Path, theirs: Path, dataset: str) -> None:
    """Take over the pictures; those of what is hard are drawn from all methods' predictions."""
    from pipeline import illustrate
    from pipeline.drawing import hard, picture

    captions: dict[str, Any] = {}
    for folder in (ours / "pictures", theirs / "pictures"):
        if not (folder / "captions.json").exists():
            continue
        captions |= read_json(folder / "captions.json")
        for file in folder.iterdir():
            if folder.parent == theirs and file.name != "captions.json":
                shutil.copy(file, ours / "pictures")
    for name in [name for name, words in captions.items() if words["group"] == hard.GROUP]:
        (ours / "pictures" / name).unlink()
        del captions[name]
    hardest: dict[str, Any] = {}
    for drawn in hard.draw(picture.read(dataset)):
        illustrate.write(ours / "pictures", drawn)
        hardest |= illustrate.caption(drawn)
    write_json(ours / "pictures" / "captions.json", hardest | captions)


def merge_dataset(ours: Path, theirs: Path) -> None:
    """Merge the tables of one dataset.

    Raises
    ------
    UserError
        Its images are not prepared here, or the two runs do not go together.
    """
    dataset = ours.name
    described = paths.data(dataset) / "dataset.json"
    if not described.exists():
        raise UserError(f"{described}: not found; run python -m pipeline.prepare {dataset}")
    title = read_json(described)["title"]
    merge_tables(ours, theirs, title)
    merge_studies(ours, theirs, title)
    merge_pictures(ours, theirs, dataset)


def merge(theirs: Path) -> list[str]:
    """Merge the tables of every dataset; return lines that say what came from there.

    Tables of a dataset that has none here are taken over as they are.

    Raises
    ------
    UserError
        There are none, or they cannot be merged.
    """
    found = sorted(file.parent for file in (theirs / "tables").glob("*/accuracy.csv"))
    if not found:
        raise UserError(f"{theirs}: found no tables/DATASET/accuracy.csv, expected a run's results")
    lines = []
    for other in found:
        ours, models = paths.TABLES / other.name, paths.PUBLISHED / other.name
        if ours.exists():
            merge_dataset(ours, other)
        else:
            shutil.copytree(other, ours)
        for file in (theirs / "models" / other.name).glob("*.npz"):
            models.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, models)
        rows = [*read_text(other / "accuracy.csv")["method"]]
        rows += [f"study {file.stem}" for file in sorted((other / "studies").glob("*.csv"))]
        lines.append(f"{other.name}: {', '.join(rows)}")
    return lines


@tool()
def main(words: list[str] | None = None) -> int:
    """Merge, and say what; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.merge", description="Add another run's rows to the tables here."
    )
    parser.add_argument("folder", type=Path, help="the other run's folder of results")
    print("\n".join(merge(parser.parse_args(words).folder)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
