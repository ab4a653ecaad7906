"""The tables of studies for people: percent with intervals, one column in place of three."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipeline.evaluation.markdown import Row, number, percent

SHARES = {"train_accuracy", "accuracy_std", "loss"}
DIFFERENCES = {"gain", "effect"}
OF_CONDITIONS = (
    "An effect is the mean over all conditions that the other causes leave, which may differ in "
    "sign: the cells tell. A share of the images, a tenth unless the study's option share says "
    "otherwise, is learned in as many steps as all. Where learned features stand beside HOG, they "
    "are LeNet-5's; the larger networks are LeNet-5 with later parts, none is a network of 2012."
)
OF_FEW_IMAGES = (
    "A network makes about as many steps from few images as from many; a classifier's C is chosen "
    "anew for each number of images and each draw of them."
)
OF_SEED_0 = (
    "p: exact McNemar test of seed 0 against the row above, adjusted by Holm. The interval, over "
    "all seeds and not adjusted, may say otherwise."
)
OF_THESE_SEEDS = (
    "The interval of a difference is over the test images, for these seeds: how much others would "
    "differ it leaves out."
)
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


def notes(frame: pd.DataFrame, options: Mapping[str, Any]) -> list[str]:
    """Say what params.yaml set for a study, and what the figures of its table are."""
    set_to = ", ".join(f"{name} {value}" for name, value in options.items())
    said = {"effect": OF_CONDITIONS, "n_train": OF_FEW_IMAGES, "p": OF_SEED_0}
    found = [f"Set in params.yaml: {set_to}."] if options else []
    found += [text for column, text in said.items() if column in frame]
    return [*found, OF_THESE_SEEDS] if DIFFERENCES & {*frame} else found


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
    if name == "accuracy":
        return percent(row)
    if name in DIFFERENCES:
        gain, low, high = (100 * row[f"{name}{end}"] for end in ("", "_low", "_high"))
        return f"{gain:+.2f} ({low:+.2f} to {high:+.2f})"
    if name == "p":
        return "< 0.001" if value < 0.001 else f"{value:.3f}"
    if name in SHARES:
        return f"{100 * value:.2f}"
    return number(value, 12 if float(value).is_integer() else 3)
