"""The comparison for people and for programs."""

from __future__ import annotations

import json
from functools import partial

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.comparison.differences import SEPARATOR
from pipeline.evaluation.markdown import number, table
from pipeline.evaluation.terms import SIGNIFICANT

SAME = "No method differs.\n"
ALWAYS = ("method", "change", "accuracy %", "points")
NOTE = (
    "Accuracy in percent, mean over seeds; difference in points. Interval (95 %) and p (exact "
    "McNemar, adjusted by Holm over the rows where some image changed sides) are those of seed 0 "
    "on the same test images; "
    f"below {SIGNIFICANT} it is more than chance."
)


def terminal(differences: pd.DataFrame, console: Console) -> None:
    """Print one table per dataset, and below it why each method differs."""
    for dataset, group in differences.groupby("dataset", sort=True):
        lines = _lines(group)
        columns = [column for column in lines[0] if column in ALWAYS or _tells(lines, column)]
        shown = Table(title=escape(str(dataset)), title_justify="left", box=SIMPLE_HEAD)
        for column in columns:
            words = column in ("method", "change")
            # Where a terminal is narrow, names are folded and numbers stay whole.
            shown.add_column(
                column,
                justify="left" if words else "right",
                overflow="fold",
                min_width=10 if column == "method" else _longest_word(lines, column),
            )
        for line in lines:
            shown.add_row(*(escape(line[column]) for column in columns))
        console.print(shown)
        for methods, reason in _reasons(group):
            console.print(f"  [bold]{escape(methods)}[/bold]: {escape(reason)}")
    console.print(NOTE if len(differences) else SAME.strip())


def markdown(differences: pd.DataFrame) -> str:
    """Write the same as Markdown."""
    parts = []
    for dataset, group in differences.groupby("dataset", sort=True):
        parts.append(f"## {dataset}\n\n{table(_lines(group))}")
        parts += [f"- {methods}: {reason}" for methods, reason in _reasons(group)]
        parts.append("")
    return "\n".join([*parts, NOTE, ""]) if parts else SAME


def as_csv(differences: pd.DataFrame) -> str:
    """Write every column, accuracies as shares from 0 to 1."""
    return str(differences.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def as_json(differences: pd.DataFrame) -> str:
    """Write a list of objects; what does not exist is null."""
    rows = differences.astype(object).where(differences.notna(), None).to_dict("records")
    return json.dumps(rows, indent=1, ensure_ascii=False, default=float) + "\n"


def _reasons(group: pd.DataFrame) -> list[tuple[str, str]]:
    """List every reason once, with the methods that it holds for."""
    because: dict[str, list[str]] = {}
    for row in group[group["why"].notna()].itertuples():
        for reason in filter(None, row.why.split(SEPARATOR)):
            because.setdefault(reason, []).append(row.method)
    changed = int((group["change"] == "changed").sum())
    return [
        ("all" if len(methods) == changed > 1 else ", ".join(methods), reason)
        for reason, methods in because.items()
    ]


def _tells(lines: list[dict[str, str]], column: str) -> bool:
    """Say whether a column is worth its place: counts are so only where they differ."""
    if column in ("parameters", "MACs"):
        return any("->" in line[column] for line in lines)
    return any(line[column] != "-" for line in lines)


def _longest_word(lines: list[dict[str, str]], column: str) -> int:
    return max(len(word) for line in lines for word in line[column].split())


def _lines(group: pd.DataFrame) -> list[dict[str, str]]:
    return [_line(row) for row in group.to_dict("records")]


def _line(row: dict[str, object]) -> dict[str, str]:
    pair = partial(_pair, row["change"])
    return {
        "method": str(row["method"]),
        "change": str(row["change"]),
        "accuracy %": pair(_percent(row, "before"), _percent(row, "after")),
        "points": _points(row["difference"]),
        "std": pair(_points(row["std_before"], ""), _points(row["std_after"], "")),
        "seed 0": _interval(row),
        "p": "-" if pd.isna(row["p"]) else _p_value(float(str(row["p"]))),
        "parameters": pair(*(_count(row[f"parameters_{when}"]) for when in ("before", "after"))),
        "MACs": pair(*(_count(row[f"macs_{when}"]) for when in ("before", "after"))),
        "speed": _times(row["throughput_ratio"]),
    }


def _pair(change: object, before: str, after: str) -> str:
    if change != "changed":  # one side has no such row
        return after if before == "-" else before
    return before if before == after else f"{before} -> {after}"


def _percent(row: dict[str, object], when: str) -> str:
    if not pd.isna(row[f"accuracy_{when}"]):
        status = row[f"status_{when}"]
        return _points(row[f"accuracy_{when}"], "") + ("" if status == "ok" else f" {status}")
    return "-" if pd.isna(row[f"status_{when}"]) else str(row[f"status_{when}"])


def _points(value: object, sign: str = "+") -> str:
    return "-" if pd.isna(value) else f"{100 * float(str(value)):{sign}.2f}"


def _interval(row: dict[str, object]) -> str:
    if pd.isna(row["difference_seed0"]):
        return "-"
    low, high = _points(row["difference_low"]), _points(row["difference_high"])
    return f"{_points(row['difference_seed0'])} ({low} to {high})"


def _p_value(p: float) -> str:
    return "<0.0001" if p < 1e-4 else f"{p:.2g}"


def _count(value: object) -> str:
    return "-" if pd.isna(value) else number(float(str(value)), 12)


def _times(ratio: object) -> str:
    return "-" if pd.isna(ratio) else f"x{float(str(ratio)):.2f}"
