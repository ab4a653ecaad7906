"""Result tables of a commit, of the work tree or of any folder."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.stage import paths
from pipeline.stage.entry import blame
from pipeline.stage.errors import UserError
from pipeline.stage.files import read_arrays, read_csv, read_json

TIMED = ("method", "phase", "machine", "threads", "device", "images_per_second")


class Tables(NamedTuple):
    """The tables of one dataset.

    Attributes
    ----------
    accuracy, throughput : DataFrame
        One row per method; one per method, phase, batch size and `file`.
    recipes : dict
        ``rows``: what each row was made from; ``files``: a hash for each file of code.
    predictions : dict of uint8 or uint16 arrays [n_test]
        The class of each test image according to each method (seed 0), and their labels.
    """

    accuracy: pd.DataFrame
    throughput: pd.DataFrame
    recipes: dict[str, Any]
    predictions: dict[str, NDArray[np.integer]]


def read(folder: Path) -> dict[str, Tables]:
    """Read the tables of every dataset in `folder`, or in its folder ``tables``.

    Raises
    ------
    UserError
        There are none, or one of them is no table.
    """
    inside = folder / "tables" if (folder / "tables").is_dir() else folder
    found = sorted(inside.glob("*/accuracy.csv"))
    if not found:
        raise UserError(f"{folder}: found no DATASET/accuracy.csv, expected result tables")
    return {file.parent.name: _read_dataset(file.parent) for file in found}


def _read_dataset(folder: Path) -> Tables:
    recipes, predictions = folder / "recipes.json", folder / "predictions.npz"
    files = sorted(folder.glob("throughput*.csv"))  # this run's, and those of pipeline.bench
    with blame(str(folder), KeyError):  # no CSV, or without methods
        tables = Tables(
            read_csv(folder / "accuracy.csv").set_index("method"),
            _timed(files),
            read_json(recipes) if recipes.exists() else {},
            read_arrays(predictions) if predictions.exists() else {},
        )
    twice = tables.accuracy.index[tables.accuracy.index.duplicated()]
    if len(twice):
        raise UserError(f"{folder}/accuracy.csv: has {twice[0]} twice, expected a row a method")
    for table, needed in ((tables.accuracy, ["accuracy"]), (tables.throughput, TIMED)):
        if missing := [column for column in needed if column not in table]:
            raise UserError(f"{folder}: a table has no column {', '.join(missing)}")
    return tables


def _timed(files: list[Path]) -> pd.DataFrame:
    """Read throughput tables, with the name of the file of each row."""
    tables = [read_csv(file).assign(file=file.name) for file in files]
    filled = [table for table in tables if len(table)]
    return pd.concat(filled or tables) if tables else pd.DataFrame(columns=[*TIMED, "file"])


@contextmanager
def at(place: str | None) -> Iterator[Path]:
    """Give the folder of the tables of a commit, of a folder, or (``None``) of the work tree.

    Raises
    ------
    UserError
        It is neither, or the commit has no tables.
    """
    if place is None or Path(place).is_dir():
        yield Path(place or paths.TABLES)
        return
    with tempfile.TemporaryDirectory() as name:
        archive = Path(name) / "tables.zip"
        _archive(place, archive)
        with ZipFile(archive) as tables:
            tables.extractall(name)
        yield Path(name) / paths.TABLES


def _archive(revision: str, archive: Path) -> None:
    """Have git write the tables of a commit as a zip file."""
    if revision.startswith("-"):
        raise UserError(f"{revision}: expected a commit or a folder of results")
    command = ["git", "archive", "--format=zip", f"--output={archive}", revision, str(paths.TABLES)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise UserError("git: not found; name two folders of results instead") from None
    if done.returncode:
        why = " ".join(done.stderr.split()).removeprefix("fatal: ")
        raise UserError(f"{revision}: neither a folder nor a commit with {paths.TABLES}: {why}")
