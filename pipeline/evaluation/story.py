"""The history in a sentence a dataset."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from pipeline.evaluation.markdown import number
from pipeline.evaluation.terms import SIGNIFICANT

OPENING = (
    "On each data set, the best feature with a classifier on top, then the best network, which "
    "learns both at once. Told apart: by an exact McNemar test of seed 0, 5 %, Holm over all pairs "
    "of the table."
)


def story(accuracy: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence per dataset: the best feature with a classifier against the best network.

    Parameters
    ----------
    accuracy : pandas.DataFrame
        The accuracy tables of all datasets.
    """
    for dataset, group in accuracy[accuracy["accuracy"].notna()].groupby("dataset", sort=True):
        best = {kind: own.loc[own["accuracy"].idxmax()] for kind, own in group.groupby("kind")}
        if {"classical", "network"} <= set(best):
            hand, learned = best["classical"], best["network"]
            # One of the two is the best of all, against which the other was tested.
            networks = sum(group["kind"] == "network")
            alone = ", the only network that ran," if networks == 1 else ""
            differ = hand["p_vs_best"] < SIGNIFICANT or learned["p_vs_best"] < SIGNIFICANT
            yield (
                f"{dataset}: {hand['title']} ({hand['year']}) {_percent(hand)}, "
                f"{learned['title']} ({learned['year']}){alone} {_percent(learned)}, "
                f"{'told apart' if differ else 'not told apart'}; "
                f"{number(hand['parameters'], 12)} against {number(learned['parameters'], 12)} "
                f"numbers that prediction needs, on {number(hand['n_test'], 12)} test images."
            )


def _percent(row: pd.Series) -> str:
    low, high = 100 * row["accuracy_low"], 100 * row["accuracy_high"]
    status = "" if row["status"] == "ok" else f", {row['status']}"
    return f"{100 * row['accuracy']:.2f} % ({low:.2f}-{high:.2f}{status})"
