"""The rows of the accuracy and throughput tables."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from pipeline.evaluation import intervals, metrics
from pipeline.evaluation.metrics import Labels, Scores

ACCURACY = [
    "method",
    "title",
    "year",
    "kind",
    "feature",
    "model",
    "n_train",
    "n_test",
    "n_seeds",
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "accuracy_std",
    "top5",
    "p_vs_best",
    "log_loss",
    "calibration_error",
    "parameters",
    "macs",
    "published",
    "published_source",
    "protocol",
    "verdict",
    "status",
    "reason",
    "setting",
    "recipe",
]
THROUGHPUT = [
    "method",
    "phase",
    "device",
    "dtype",
    "batch_size",
    "images_per_second",
    "images_per_second_low",
    "images_per_second_high",
    "latency_p50_ms",
    "train_seconds",
    "search_seconds",
    "compile_seconds",
    "warmup_seconds",
    "peak_memory_mib",
    "flops",
    "xla_flops",
    "bytes",
    "peak_share",
    "machine",
    "threads",
    "versions",
]
PAPERS = ["published", "published_source", "protocol", "verdict"]
FEWEST_FOR_A_VERDICT = 2000


def accuracy_row(
    method: str, description: dict[str, Any], scores: Scores | None, labels: Labels, n_train: int
) -> dict[str, Any]:
    """Evaluate one method.

    Parameters
    ----------
    method : str
    description : dict
        What fit or train wrote beside the scores.
    scores : float32 array [seeds, n_test, classes] or None
        ``None`` for a method that was skipped or diverged: its figures stay empty.
    labels : int64 array [n_test]
    n_train : int
        Training images, validation included.
    """
    taken = ("title", "year", "kind", "feature", "model", "parameters", "macs", "status", "reason")
    row: dict[str, Any] = {"method": method, "n_train": n_train, "n_test": len(labels)}
    row |= {key: description.get(key) for key in taken}
    row["setting"] = json.dumps(description["setting"]) if "setting" in description else ""
    row["n_seeds"] = len(description.get("seeds", []))
    if scores is None:
        return row
    per_seed = metrics.accuracies(scores, labels)
    low, high = intervals.wilson(float(per_seed.mean()), len(labels))
    row |= {
        "accuracy": per_seed.mean(),
        "accuracy_low": low,
        "accuracy_high": high,
        "accuracy_std": per_seed.std(ddof=1) if len(per_seed) > 1 else None,
        "top5": metrics.top5(scores, labels),
    }
    if description["scores"] == "logits":
        row["log_loss"] = metrics.log_loss(scores, labels)
        row["calibration_error"] = metrics.calibration_error(scores, labels)
    most_frequent = float(np.bincount(labels).max() / len(labels))
    if row["status"] == "ok" and low <= most_frequent:
        row["status"] = "chance"
        row["reason"] = f"not above always naming the most frequent class ({most_frequent:.4f})"
    return row


def compare_with_best(table: pd.DataFrame, right: dict[str, Any]) -> list[float | None]:
    """Test every method against the most accurate one: exact McNemar on seed 0, Holm-adjusted.

    Which one that is the same images have decided, so the family is every pair of the table: over
    the pairs of the best alone, some of ten equally good methods would be told apart in one table
    of eight, and not of twenty.

    Parameters
    ----------
    table : DataFrame
        Rows of :func:`accuracy_row`.
    right : dict from str to bool array [n_test]
        Which test images each evaluated method's first seed classifies rightly.

    Returns
    -------
    list
        One adjusted p value a row; ``None`` for the best one and for those not evaluated.
    """
    if not right:
        return [None] * len(table)
    evaluated = table[table["method"].isin(right)]
    best = evaluated.loc[evaluated["accuracy"].astype(float).idxmax(), "method"]
    pairs = list(combinations(evaluated["method"], 2))
    p_values = intervals.holm([intervals.mcnemar(right[one], right[two]) for one, two in pairs])
    adjusted = dict(zip(map(frozenset, pairs), p_values, strict=True))
    return [adjusted.get(frozenset({best, method})) for method in table["method"]]


def with_published(table: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Set the papers' accuracies beside the measured ones, with a verdict where one is fair.

    Reproduced is what has the paper's figure in its 95 % interval. There is a verdict for protocols
    ``exact`` and ``near`` and at least 2,000 test images.
    """
    joined = table.merge(published, on="method", how="left")
    joined["verdict"] = [_verdict(row) for row in joined.to_dict("records")]
    return joined


def with_published_text(accuracy: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Set the papers' accuracies beside rows as they were written, all cells text."""
    figures = accuracy[["n_test", "accuracy", "accuracy_low", "accuracy_high"]]
    measured = figures.apply(pd.to_numeric).assign(method=accuracy["method"])
    both = with_published(measured, published).set_index(accuracy.index)
    both["published"] = both["published"].map("{:.6f}".format, na_action="ignore")
    words = both[PAPERS].astype("str").fillna("")
    return accuracy.assign(**words)


def _verdict(row: dict[str, Any]) -> str | None:
    fair = row["protocol"] in {"exact", "near"} and row["n_test"] >= FEWEST_FOR_A_VERDICT
    if not fair or pd.isna(row["accuracy"]):
        return None
    if row["accuracy_low"] > row["published"]:
        return "better"
    if row["accuracy_high"] >= row["published"]:
        return "reproduced"
    return f"short by {100 * (row['published'] - row['accuracy']):.2f}"


def with_others(table: pd.DataFrame, older: pd.DataFrame) -> pd.DataFrame:
    """Add to a table the rows of an older one of those methods that it has not."""
    others = older[~older["method"].isin(table["method"])]
    return pd.concat([others, table], ignore_index=True)


def throughput_rows(
    method: str, n_train: int, training: dict[str, Any], timing: dict[str, Any]
) -> list[dict[str, Any]]:
    """Lay out the timings of one method: one row for training, one or two for prediction.

    Parameters
    ----------
    method : str
    n_train : int
        Training images.
    training : dict
        From extract and fit, or from train: the whole training.
    timing : dict
        From the throughput stage.
    """
    described = {key: timing[key] for key in ("device", "dtype", "machine", "threads", "versions")}
    whole = {key: training[key] for key in ("machine", "threads", "versions", "train_seconds")}
    # Without steps to time on their own, a fit's speed is that of the whole.
    steps = timing.get("train", {"images_per_second": n_train / training["train_seconds"]})
    where = [(one["machine"], one.get("device", timing["device"])) for one in (training, timing)]
    if "train" in timing and where[0] != where[1]:
        steps = {}  # of another machine or device than the rest of the row
    train = {
        **described,
        **whole,
        "device": training.get("device", described["device"]),
        "search_seconds": training["search_seconds"],
        "peak_memory_mib": training["peak_memory_mib"],
        **steps,
    }
    infer = [
        {**described, "peak_memory_mib": timing["peak_memory_mib"], **one}
        for one in timing["infer"]
    ]
    phases = [("train", train), *(("infer", one) for one in infer)]
    return [{"method": method, "phase": phase, **row} for phase, row in phases]
