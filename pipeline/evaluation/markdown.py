"""The tables for people: Markdown that is also readable in a terminal."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pipeline.evaluation.terms import among_the_best

Row = dict[str, Any]
WORDS = {
    *("dataset", "method", "title", "status", "published", "phase", "device", "protocol"),
    *("verdict", "source", "change", "rung", "kind", "name"),
    *("data set", "best feature", "best network", "told apart"),
}


def percent(row: Row) -> str:
    """Write an accuracy as ``98.98 (98.76-99.16)``: percent with its 95 % interval."""
    if pd.isna(row["accuracy"]):
        return "-"
    low, high = 100 * row["accuracy_low"], 100 * row["accuracy_high"]
    return f"{100 * row['accuracy']:.2f} ({low:.2f}-{high:.2f})"


def number(value: float | None, digits: int = 3) -> str:
    """Write a figure with about `digits` significant digits and thousands separated."""
    if value is None or pd.isna(value):
        return "-"
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:,.{digits}g}" if abs(rounded) < 10 ** (digits - 1) else f"{rounded:,.0f}"


def table(rows: list[Row]) -> str:
    """Lay out rows as a Markdown table; a ``|`` or a line break in a string stays in its cell."""
    frame = pd.DataFrame(rows).map(_in_one_cell)
    aligned = ["left" if column in WORDS else "right" for column in frame.columns]
    text = frame.to_markdown(index=False, disable_numparse=True, colalign=aligned)
    return str(text) + "\n"


def _in_one_cell(value: Any) -> Any:
    return " ".join(value.replace("|", r"\|").split()) if isinstance(value, str) else value


def published(row: Row) -> str:
    """Write the paper's accuracy with its protocol and verdict: ``95.30 near: better``."""
    if pd.isna(row["published"]):
        return ""
    verdict = "" if pd.isna(row["verdict"]) else f": {row['verdict']}"
    return f"{100 * row['published']:.2f} {row['protocol']}{verdict}"


def accuracy(frame: pd.DataFrame, title: str) -> str:
    """Write the accuracy table of one dataset."""
    rows = []
    for row, best in zip(frame.to_dict("records"), among_the_best(frame), strict=True):
        shown = percent(row)
        rows.append(
            {
                "year": row["year"],
                "method": row["method"],
                "title": row["title"],
                "accuracy %": f"**{shown}**" if best else shown,
                "seeds": "-" if pd.isna(row["accuracy"]) else row["n_seeds"],
                "std": "-" if pd.isna(row["accuracy_std"]) else f"{100 * row['accuracy_std']:.2f}",
                "parameters": number(row["parameters"], 12),
                "MACs": number(row["macs"], 12),
                "published": published(row),
                "status": row["status"] + (f": {row['reason']}" if row["reason"] else ""),
            }
        )
    images = f"{frame['n_train'].iloc[0]:,} training and {frame['n_test'].iloc[0]:,} test images"
    return (
        f"# {title}: accuracy\n\n{images}. In brackets the 95 % interval (Wilson) of the mean over "
        "the seeds. Bold: the best, and those that an exact McNemar test on seed 0 cannot tell "
        "from it (5 %, Holm over all pairs of the table).\n\n" + table(rows)
    )


def throughput(frame: pd.DataFrame, title: str) -> str:
    """Write the throughput table of one dataset, machine by machine."""
    text = f"# {title}: throughput\n\nFrom pixels to label; median of repeated calls.\n"
    for (machine, threads), group in frame.groupby(["machine", "threads"], sort=True):
        rows = [
            {
                "method": row["method"],
                "phase": row["phase"],
                "device": row["device"],
                "batch": number(row["batch_size"], 6),
                "images/s": number(row["images_per_second"]),
                "p10-p90": spread(row),
                "latency ms": number(row["latency_p50_ms"]),
                "train s": number(row["train_seconds"]),
                "compile s": number(row["compile_seconds"]),
                "peak MiB": number(row["peak_memory_mib"], 4),
            }
            for row in group.to_dict("records")
        ]
        text += f"\n{machine}, {threads} threads\n\n{table(rows)}"
    return text


def spread(row: Row) -> str:
    """Write the 10th and 90th percentile of a speed."""
    if pd.isna(row["images_per_second_low"]):
        return "-"
    return f"{number(row['images_per_second_low'])}-{number(row['images_per_second_high'])}"
