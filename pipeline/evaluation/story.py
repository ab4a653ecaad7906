"""The history in a row a dataset: what people designed against what networks learned."""

from __future__ import annotations

from operator import itemgetter

import pandas as pd

from pipeline.evaluation.markdown import number, percent
from pipeline.evaluation.terms import SIGNIFICANT

OPENING = (
    "Of each data set the best feature with a classifier on top, and the best network, which "
    "learns both at once: accuracy in percent of the test images with its 95 % interval. Told "
    "apart: by an exact McNemar test of seed 0, 5 %, Holm over all pairs of the table. Numbers: "
    "those that prediction needs, learned or stored."
)


def story(accuracy: pd.DataFrame) -> list[dict[str, str]]:
    """Return a row per dataset: the best feature with a classifier beside the best network.

    Parameters
    ----------
    accuracy : pandas.DataFrame
        The accuracy tables of all datasets.

    Returns
    -------
    list of dict of str
        The dataset on which the best method is most accurate first; none for a dataset on which
        methods of one kind alone have run.
    """
    rows: list[tuple[float, dict[str, str]]] = []
    for dataset, group in accuracy[accuracy["accuracy"].notna()].groupby("dataset", sort=True):
        best = {kind: own.loc[own["accuracy"].idxmax()] for kind, own in group.groupby("kind")}
        if {"classical", "network"} <= set(best):
            hand, learned = best["classical"], best["network"]
            # One of the two is the best of all, against which the other was tested.
            differ = hand["p_vs_best"] < SIGNIFICANT or learned["p_vs_best"] < SIGNIFICANT
            alone = sum(group["kind"] == "network") == 1
            numbers = [number(one["parameters"], 12) for one in (hand, learned)]
            row = {
                "data set": str(dataset),
                "test images": number(hand["n_test"], 12),
                "best feature": _named(hand),
                "best network": _named(learned) + (" (the only one that ran)" if alone else ""),
                "told apart": "yes" if differ else "no",
                "numbers": " against ".join(numbers),
            }
            rows.append((max(hand["accuracy"], learned["accuracy"]), row))
    return [row for _, row in sorted(rows, key=itemgetter(0), reverse=True)]


def _named(row: pd.Series) -> str:
    status = "" if row["status"] == "ok" else f", {row['status']}"
    return f"{row['title']}, {row['year']}: {percent(row.to_dict())}{status}"
