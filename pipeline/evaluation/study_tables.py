"""The tables of studies for people: percent with intervals, one column in place of three."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from pipeline.evaluation.markdown import Row, number, percent

DIFFERENCES = {"gain", "effect"}
SHARES = {"accuracy", "train_accuracy", "accuracy_std", "loss", *DIFFERENCES}
HEADINGS = {
    "accuracy": "accuracy %",
    "accuracy_std": "std",
    "train_accuracy": "on training images %",
    "n_train": "images",
    "n_seeds": "seeds",
    "loss": "lost, points",
    "gain": "gain, points",
    "effect": "effect, points",
    "macs": "MACs",
}


def notes(said: Sequence[str], options: Mapping[str, Any]) -> list[str]:
    """Return what params.yaml set for a study, and what its file says of the figures."""
    set_to = ", ".join(f"{name} {value}" for name, value in options.items())
    return [f"Set in params.yaml: {set_to}.", *said] if options else [*said]


def rows(frame: pd.DataFrame) -> list[Row]:
    """Write every figure of a study's table; empty columns and the ends of intervals go."""
    ends = {f"{name}_{end}" for name in ("accuracy", *DIFFERENCES) for end in ("low", "high")}
    shown = [name for name in frame.dropna(axis=1, how="all").columns if name not in ends]
    return [
        {HEADINGS.get(name, name): _figure(name, row) for name in shown}
        for row in frame.to_dict("records")
    ]


def _figure(name: str, row: dict[Any, Any]) -> str:
    value = row[name]
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return "-"
    if f"{name}_low" in row and name == "accuracy":
        return percent(row)
    if f"{name}_low" in row and name in DIFFERENCES:
        gain, low, high = (100 * row[f"{name}{end}"] for end in ("", "_low", "_high"))
        return f"{gain:+.2f} ({low:+.2f} to {high:+.2f})"
    if name == "p":
        return "< 0.001" if value < 0.001 else f"{value:.3f}"
    if name in SHARES:
        return f"{100 * value:.2f}"
    return number(value, 12 if float(value).is_integer() else 3)
