"""Which methods differ between two sets of tables, by how much, and whether by chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import ttest_rel

from pipeline import provenance
from pipeline.comparison.results import Tables
from pipeline.evaluation.intervals import CONFIDENCE, holm, mcnemar
from pipeline.evaluation.predictions import LABELS
from pipeline.stage.errors import UserError

COLUMNS = (
    "dataset",
    "method",
    "change",
    "accuracy_before",
    "accuracy_after",
    "difference",
    "std_before",
    "std_after",
    "difference_seed0",
    "difference_low",
    "difference_high",
    "p",
    "parameters_before",
    "parameters_after",
    "macs_before",
    "macs_after",
    "throughput_ratio",
    "status_before",
    "status_after",
    "why",
)
SEPARATOR = "; "  # between reasons
COMPARED = ("accuracy", "accuracy_std", "parameters", "macs", "status")


def compare(before: Mapping[str, Tables], after: Mapping[str, Tables]) -> pd.DataFrame:
    """Compare two sets of tables.

    Returns
    -------
    DataFrame
        One row for each method that was added, removed, or changed in accuracy, size, status or
        recipe, with the columns `COLUMNS`. `p` is the exact McNemar test on the predictions of
        seed 0, adjusted by Holm over all rows in which some are right that were wrong, or the other
        way; the interval beside it is that of the mean paired difference. `throughput_ratio` is
        after / before at the fastest batch, on the same machine with the same threads.
    """
    rows = [
        row
        for dataset in sorted({*before, *after})
        for row in _dataset_rows(dataset, before.get(dataset), after.get(dataset))
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    tested = table["p"].notna() & (table["difference_low"] != table["difference_high"])
    table.loc[tested, "p"] = holm(table.loc[tested, "p"].astype(float).tolist())
    return table


def _dataset_rows(
    dataset: str, before: Tables | None, after: Tables | None
) -> Iterator[dict[str, Any]]:
    names = [list(tables.accuracy.index) if tables else [] for tables in (before, after)]
    for method in dict.fromkeys([*names[1], *names[0]]):
        row: dict[str, Any] = {"dataset": dataset, "method": method}
        for tables, when in ((before, "before"), (after, "after")):
            if tables and method in tables.accuracy.index:
                row |= _described(tables.accuracy.loc[method], when)
        if method not in names[0]:
            yield {**row, "change": "added"}
        elif method not in names[1]:
            yield {**row, "change": "removed"}
        elif before and after and _differs(before, after, method):
            yield {**row, "change": "changed", **_change(before, after, method)}


def _described(row: pd.Series, when: str) -> dict[str, Any]:
    names = ("accuracy", "std", "parameters", "macs", "status")
    return {f"{name}_{when}": row.get(column) for name, column in zip(names, COMPARED, strict=True)}


def _differs(before: Tables, after: Tables, method: str) -> bool:
    columns = [*COMPARED, "recipe"]
    rows = (tables.accuracy.loc[[method]].reindex(columns=columns) for tables in (before, after))
    first, second = (row.astype(object) for row in rows)  # counts are floats where one is missing
    return not first.equals(second)


def _change(before: Tables, after: Tables, method: str) -> dict[str, Any]:
    return {
        "difference": _accuracy(after, method) - _accuracy(before, method),
        **_paired(before, after, method),
        "throughput_ratio": _throughput_ratio(before, after, method),
        "why": SEPARATOR.join(_reasons(before, after, method)),
    }


def _accuracy(tables: Tables, method: str) -> float:
    return float(tables.accuracy.loc[method, "accuracy"])


def _paired(before: Tables, after: Tables, method: str) -> dict[str, float]:
    """Test the predictions of seed 0, where both were made for the same test images."""
    old, new = before.predictions, after.predictions
    if not (method in old and method in new and np.array_equal(old[LABELS], new[LABELS])):
        return {}
    right, was_right = new[method] == new[LABELS], old[method] == old[LABELS]
    mean = float(right.mean() - was_right.mean())
    low = high = mean
    if (right != was_right).any():
        test = ttest_rel(right.astype(float), was_right.astype(float))
        low, high = test.confidence_interval(CONFIDENCE)
    return {
        "difference_seed0": mean,
        "difference_low": float(low),
        "difference_high": float(high),
        "p": mcnemar(right, was_right),
    }


def _throughput_ratio(before: Tables, after: Tables, method: str) -> float:
    """Compare the fastest batches on the one machine that measured both, on its fastest device.

    Only figures of the same file: the pipeline's own and those of pipeline.bench are apart. Where
    both have the very same figure, it was measured once and compares nothing.
    """
    where = ["machine", "threads", "device", "file"]
    fastest = []
    for tables in (before, after):
        if tables.throughput.empty:
            return np.nan
        own = tables.throughput[
            (tables.throughput["method"] == method) & (tables.throughput["phase"] == "infer")
        ]
        fastest.append(own.groupby(where)["images_per_second"].max())
    both = (fastest[1] / fastest[0]).dropna()
    both = both[both != 1]
    machines = both.index.droplevel(["device", "file"]).unique()
    return float(both[fastest[1][both.index].idxmax()]) if len(machines) == 1 else np.nan


def _reasons(before: Tables, after: Tables, method: str) -> Iterator[str]:
    """Name the parameters, the data and the code that differ, and the setting that was chosen."""
    settings = [tables.accuracy.loc[method].get("setting") for tables in (before, after)]
    if settings[0] != settings[1] and not pd.isna(settings).any():  # none where it was skipped
        yield f"chosen {settings[0]} -> {settings[1]}"
    recipes = [tables.recipes.get("rows", {}).get(method) for tables in (before, after)]
    if not all(recipes):
        return
    old, new = recipes
    yield from _parameter_changes(old["parameters"], new["parameters"])
    if old["data"] != new["data"]:
        yield "data: other images"
    if old["code"] != new["code"]:
        changed = _changed_files(before.recipes["files"], after.recipes["files"], new)
        if before.recipes["files"] and changed:
            yield from (f"code: {file}" for file in changed)
        else:
            yield "code: files of another version"


def _parameter_changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for kind in new:
        entries = old.get(kind, {}), new[kind]
        for key in dict.fromkeys([*entries[0], *entries[1]]):
            values = [entry.get(key, "default") for entry in entries]
            if values[0] != values[1]:
                yield f"{kind}.{key}: {values[0]} -> {values[1]}"


def _changed_files(old: dict[str, str], new: dict[str, str], recipe: dict[str, Any]) -> list[str]:
    """List the files behind a row whose code differs."""
    changed = [file for file in sorted({*old, *new}) if old.get(file) != new.get(file)]
    try:
        reader = recipe["parameters"]["dataset"]["reader"]
        behind = set(provenance.sources(reader, recipe["made_of"]))
    except UserError:  # a plug-in that is not here: any of them may have decided
        return changed
    return [file for file in changed if Path(file) in behind]
