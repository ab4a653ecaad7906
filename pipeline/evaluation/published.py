"""What the papers report: results/published.csv."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pipeline.stage.errors import UserError
from pipeline.stage.files import read_csv

PUBLISHED = Path("results/published.csv")
COLUMNS = {"dataset", "method", "published", "protocol", "published_source"}
PROTOCOLS = ("exact", "near", "different-data", "different-network")


def published(dataset: str) -> pd.DataFrame:
    """Read what the papers report on a dataset, one row a method.

    Raises
    ------
    UserError
        A column is missing, a method has two rows, an accuracy is no fraction, or a protocol is
        unknown.
    """
    table = read_csv(PUBLISHED)
    if missing := COLUMNS - set(table):
        found = ", ".join(table)
        raise UserError(f"{PUBLISHED}: found {found}; expected {', '.join(sorted(missing))} too")
    table = table.query("dataset == @dataset").drop(columns="dataset")
    table["published"] = pd.to_numeric(table["published"], errors="coerce")
    for wrong, what in (
        (table["method"].duplicated(), "is there twice, expected one row"),
        (~table["published"].between(0, 1), "has no accuracy between 0 and 1"),
        (~table["protocol"].isin(PROTOCOLS), f"has no protocol of {', '.join(PROTOCOLS)}"),
    ):
        for method in table["method"][wrong]:
            raise UserError(f"{PUBLISHED}: {method} on {dataset} {what}")
    return table
