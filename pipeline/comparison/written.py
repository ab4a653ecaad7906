"""The tables of one dataset as they were written: all cells text, so that they can be again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.stage.entry import blame
from pipeline.stage.errors import UserError
from pipeline.stage.files import read_arrays, read_json

if TYPE_CHECKING:
    import pandas as pd

BY_METHOD = ("accuracy", "seeds", "confusion", "curves", "throughput")


class Tables(NamedTuple):
    """What results/tables holds of one dataset.

    Attributes
    ----------
    rows : dict of DataFrame
        The tables of `BY_METHOD`; all cells are text, so that they are written as they were.
    recipes, predictions, captions : dict
        The contents of recipes.json, predictions.npz and pictures/captions.json.
    studies : dict of str
        Each study's table.
    """

    rows: dict[str, pd.DataFrame]
    recipes: dict[str, Any]
    predictions: dict[str, Any]
    captions: dict[str, dict[str, str]]
    studies: dict[str, str]


def text(file: Path) -> pd.DataFrame:
    """Read a table as text, so that it is written as it was."""
    import pandas as pd

    return pd.read_csv(file, dtype=str, keep_default_na=False)


def read(folder: Path) -> Tables:
    """Read the tables of one dataset.

    Raises
    ------
    UserError
        A file is not what its name says, or one lacks what another has.
    """
    with blame(str(folder), KeyError, TypeError, AttributeError):
        captions = folder / "pictures/captions.json"
        tables = Tables(
            {name: text(folder / f"{name}.csv") for name in BY_METHOD},
            read_json(folder / "recipes.json"),
            read_arrays(folder / "predictions.npz"),
            read_json(captions) if captions.exists() else {},
            {
                file.stem: file.read_text(encoding="utf-8")
                for file in sorted((folder / "studies").glob("*.csv"))
            },
        )
        _check(folder, tables)
    return tables


def _check(folder: Path, tables: Tables) -> None:
    """Refuse tables of which a part is missing."""
    from pipeline.evaluation.predictions import LABELS

    accuracy = tables.rows["accuracy"]
    for method in accuracy["method"][accuracy["method"].duplicated()]:
        raise UserError(f"{folder / 'accuracy.csv'}: has {method} twice, expected a row a method")
    made = {*accuracy.loc[accuracy["status"] != "skipped", "method"]}
    made |= {f"study {name}" for name in tables.studies}
    pictures = {file.name for file in (folder / "pictures").glob("*.png")}
    for file, expected, found in (
        ("recipes.json", {"rows", "files"}, tables.recipes),
        ("recipes.json", made, tables.recipes.get("rows", {})),
        ("predictions.npz", measured(tables) | {LABELS}, tables.predictions),
        ("pictures", tables.captions.keys(), pictures),
        *(
            ("pictures/captions.json", {"group", "caption", "alt"}, words)
            for words in tables.captions.values()
        ),
    ):
        if missing := expected - {*found}:
            raise UserError(f"{folder / file}: has no {', '.join(sorted(missing))}")
    if len({len(classes) for classes in tables.predictions.values()}) > 1:
        raise UserError(f"{folder / 'predictions.npz'}: has arrays of different lengths")


def measured(tables: Tables) -> set[str]:
    """Return the methods that have an accuracy."""
    accuracy = tables.rows["accuracy"]
    return {*accuracy.loc[accuracy["accuracy"] != "", "method"]}
