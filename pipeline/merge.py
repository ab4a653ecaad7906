"""Add another run's rows to the tables here: `python -m pipeline.merge FOLDER DATASET...`.

A table can so grow by what was run on another machine, or on another day, without running again
what it holds already. FOLDER is the other run's folder ``results``. Its rows take the place of rows
of the same name; both must come from the same images and the same code.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import provenance
from pipeline.comparison.written import BY_METHOD, Tables, measured, read, text
from pipeline.stage import paths, plugins
from pipeline.stage.entry import tool
from pipeline.stage.errors import UserError
from pipeline.stage.files import (
    read_json,
    write_arrays,
    write_csv,
    write_json,
)
from pipeline.stage.params import NAME
from pipeline.verify import stages_of

if TYPE_CHECKING:
    import pandas as pd


def merged(ours: Tables, theirs: Tables, where: Path) -> Tables:
    """Return the rows and studies of both, of what both have those of `theirs`.

    What was skipped there does not take the place of what ran here.

    Raises
    ------
    UserError
        The two were not made from the same images by the same code; `where` are those of `theirs`.
    """
    import pandas as pd

    _check_same_origin(ours, theirs, where)
    accuracy = theirs.rows["accuracy"]
    skipped = {*accuracy.loc[accuracy["status"] == "skipped", "method"]}
    taken = {*accuracy["method"]} - (skipped & {*ours.rows["accuracy"]["method"]})
    rows = {}
    for name in BY_METHOD:
        old, new = ours.rows[name], theirs.rows[name]
        if list(old.columns) != list(new.columns):
            raise UserError(f"{where}/{name}.csv: has the columns {[*new]}, expected {[*old]}")
        kept = [old[~old["method"].isin(taken)], new[new["method"].isin(taken)]]
        rows[name] = pd.concat(kept, ignore_index=True)

    def joined(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        return {name: one for name, one in old.items() if name not in taken | new.keys()} | new

    predictions = joined(ours.predictions, theirs.predictions)
    rows["accuracy"] = ranked(rows["accuracy"], predictions)
    captions = ours.captions | theirs.captions
    groups = list(dict.fromkeys(words["group"] for words in captions.values()))
    return Tables(
        rows,
        {
            "rows": joined(ours.recipes["rows"], theirs.recipes["rows"]),
            "files": dict(sorted((ours.recipes["files"] | theirs.recipes["files"]).items())),
        },
        predictions,
        dict(sorted(captions.items(), key=lambda item: groups.index(item[1]["group"]))),
        ours.studies | theirs.studies,
    )


def _check_same_origin(ours: Tables, theirs: Tables, where: Path) -> None:
    import numpy as np

    from pipeline.evaluation.predictions import LABELS

    if len({row["data"] for one in (ours, theirs) for row in one.recipes["rows"].values()}) > 1:
        raise UserError(f"{where}/recipes.json: made from other images than the rows here")
    if not np.array_equal(ours.predictions[LABELS], theirs.predictions[LABELS]):
        raise UserError(f"{where}/predictions.npz: has other test labels than the one here")
    old, new = ours.recipes["files"], theirs.recipes["files"]
    for file in _behind_what_stays(ours, theirs) & old.keys() & new.keys():
        if old[file] != new[file]:
            raise UserError(f"{where}/recipes.json: made by another {file} than the rows here")


def _behind_what_stays(ours: Tables, theirs: Tables) -> set[str]:
    """Name the files that decide the rows here whose place none of theirs takes."""
    behind: set[str] = set()
    for name, row in ours.recipes["rows"].items():
        if name in theirs.recipes["rows"]:
            continue
        try:
            sources = provenance.sources(row["parameters"]["dataset"]["reader"], row["made_of"])
        except UserError:  # a plug-in that is not here: any of them may have decided
            return {*ours.recipes["files"]}
        behind |= {file.as_posix() for file in sources}
    return behind


def ranked(accuracy: pd.DataFrame, predictions: dict[str, Any]) -> pd.DataFrame:
    """Test every method against the best of all, and sort the rows."""
    from pipeline.evaluation.predictions import LABELS
    from pipeline.evaluation.rows import compare_with_best

    labels = predictions[LABELS]
    right = {name: own == labels for name, own in predictions.items() if name != LABELS}
    p_values = compare_with_best(accuracy, right)
    accuracy["p_vs_best"] = ["" if value is None else f"{value:.6f}" for value in p_values]
    return accuracy.sort_values(["year", "method"])


def write(dataset: str, tables: Tables, title: str) -> None:
    """Write the tables of a dataset, and draw anew what is hard for all methods."""
    from pipeline import illustrate
    from pipeline.drawing import hard, picture
    from pipeline.tabulate import write_pages, write_studies

    folder = paths.TABLES / dataset
    # First what every row needs: whenever this is killed, it can be done again.
    write_json(folder / "recipes.json", tables.recipes)
    write_arrays(folder / "predictions.npz", tables.predictions)
    for name, table in tables.rows.items():
        write_csv(folder / f"{name}.csv", table)
    write_pages(folder, title)
    accuracy = tables.rows["accuracy"].set_index("method")["accuracy"]
    write_json(folder / "metrics.json", accuracy[accuracy != ""].astype(float).to_dict())
    known = plugins.names("studies")
    studies = {
        name: (plugins.card("studies", name).title if name in known else name, text)
        for name, text in tables.studies.items()
    }
    write_studies(folder / "studies", studies, title)

    captions: dict[str, dict[str, str]] = {}
    for drawn in hard.draw(picture.read(dataset)):
        illustrate.write(folder / "pictures", drawn)
        captions |= illustrate.caption(drawn)
    for name, words in tables.captions.items():
        if words["group"] != hard.GROUP:
            captions[name] = words
        elif name not in captions:
            (folder / "pictures" / name).unlink(missing_ok=True)
    write_json(folder / "pictures/captions.json", captions)


def merge(results: Path, dataset: str) -> tuple[Tables, Tables, str]:
    """Return the tables of both runs, those of the other one alone, and the dataset's title.

    Raises
    ------
    UserError
        The images are not prepared here, or the two do not go together.
    """
    from pipeline.evaluation.published import published
    from pipeline.evaluation.rows import with_published_text

    described = paths.data(dataset) / "dataset.json"
    if not described.exists():
        raise UserError(f"{described}: not found; run python -m pipeline.prepare {dataset}")
    info = read_json(described)
    ours, where = paths.TABLES / dataset, results / "tables" / dataset
    theirs = read(where)
    if not theirs.recipes["rows"]:
        raise UserError(f"{where}: found no row that ran, expected one")
    if any(row["data"] != info["checksum"] for row in theirs.recipes["rows"].values()):
        raise UserError(f"{where / 'recipes.json'}: made from other images than {described}")
    here = read(ours) if (ours / "accuracy.csv").exists() else theirs
    tables = merged(here, theirs, where)
    accuracy = with_published_text(tables.rows["accuracy"], published(dataset))
    return tables._replace(rows=tables.rows | {"accuracy": accuracy}), theirs, info["title"]


def check_pictures(results: Path, dataset: str) -> None:
    """Refuse pictures that were drawn before the tables, which pictures themselves do not tell.

    Raises
    ------
    UserError
        By the dvc.lock of the project that the folder is in they are of another run.
    """
    lock = results.parent / "dvc.lock"
    if results.name != paths.TABLES.parent.name or not lock.exists():
        return
    stages = stages_of(lock)
    written = _checksum(stages.get(f"tabulate@{dataset}", {}).get("outs", []))
    drawn = _checksum(stages.get(f"illustrate@{dataset}", {}).get("deps", []))
    if written != drawn:
        raise UserError(
            f"{results / 'tables' / dataset / 'pictures'}: drawn from other tables than those "
            f"beside it; run `dvc repro illustrate@{dataset}` there"
        )


def _checksum(files: list[dict[str, Any]]) -> str:
    """Look up the checksum of the accuracy table; "" if it is not among the files."""
    found = [file["md5"] for file in files if file["path"].endswith("/accuracy.csv")]
    return found[0] if found else ""


def copy_files(results: Path, dataset: str, names: set[str]) -> None:
    """Copy what is in no table: pictures, published models, timings of other machines."""
    from pipeline.evaluation.rows import with_others

    here, there = paths.TABLES / dataset, results / "tables" / dataset
    models = results / "models" / dataset
    for file in there.glob("throughput-*.csv"):
        table, ours = text(file), here / file.name
        write_csv(ours, with_others(table, text(ours)) if ours.exists() else table)
    copies = [(file, here / "pictures") for file in (there / "pictures").glob("*.png")]
    copies += [(file, here / "pictures") for file in (there / "pictures").glob("*.csv")]
    copies += [
        (file, paths.MODELS / dataset) for file in models.glob("*.npz") if file.stem in names
    ]
    for file, folder in copies:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder)


@tool()
def main(words: list[str] | None = None) -> int:
    """Merge, and say what came from there; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.merge", description="Add another run's rows to the tables here."
    )
    parser.add_argument("results", type=Path, metavar="FOLDER", help="the other run's results")
    parser.add_argument("datasets", nargs="+", metavar="DATASET")
    chosen = parser.parse_args(words)
    if chosen.results.resolve() == paths.TABLES.parent.resolve():
        raise UserError(f"{chosen.results}: found the results here, expected another run's")
    for dataset in chosen.datasets:
        if not NAME.fullmatch(dataset):
            raise UserError(f"DATASET: found {dataset}, expected a name out of params.yaml")
        check_pictures(chosen.results, dataset)
    all_merged = {dataset: merge(chosen.results, dataset) for dataset in chosen.datasets}
    for dataset, (both, theirs, title) in all_merged.items():
        ran = measured(theirs)
        copy_files(chosen.results, dataset, ran)
        write(dataset, both, title)
        names = [name for name in theirs.rows["accuracy"]["method"] if name in ran]
        names += [*(f"study {name}" for name in theirs.studies)]
        print(f"{dataset}: {', '.join(names)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
