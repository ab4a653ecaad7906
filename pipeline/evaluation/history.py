"""The history table: every method on every dataset, by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from pipeline.evaluation import study_tables
from pipeline.evaluation.markdown import number, percent, spread, table
from pipeline.evaluation.story import OPENING, story

STALE = "\N{DAGGER}"
NOTHING = 0.001  # seconds: a search of a single setting takes less


class Study(NamedTuple):
    """A study's table, its title and notes, what was set, and what has changed since then."""

    dataset: str
    name: str
    title: str
    notes: Sequence[str]
    table: pd.DataFrame
    options: Mapping[str, Any]
    stale: str


def accuracy_page(accuracy: pd.DataFrame, studies: Sequence[Study] = ()) -> str:
    """Write results/README.md.

    Parameters
    ----------
    accuracy : DataFrame
        The accuracy tables of all datasets with the columns `dataset` and `stale`.
    studies : sequence of Study
    """
    return "\n".join(
        [
            "# Results\n",
            "Written by the stage `report` from `results/tables`.\n",
            "![Test error by year, a panel a data set](history.svg)\n",
            f"{OPENING}\n",
            *_story(accuracy),
            "## Accuracy by year\n",
            "Test accuracy in percent with its 95 % interval (Wilson, over the test images; "
            "several seeds: of their mean). An empty cell was not run.\n",
            accuracy_by_year(accuracy),
            *_stale_note(accuracy),
            "## Beside the papers\n",
            "`exact`: same data, split, augmentation and metric; `near`: the same images (those of "
            "CIFAR-10 from JPEG files), something else differs; `different-network`, "
            "`different-data`: only context. A verdict, for `exact` and `near` only: reproduced "
            "where the interval contains the paper's figure, otherwise better or short by so many "
            "points.\n",
            beside_the_papers(accuracy),
            *studies_by_dataset(studies),
            "How fast: [throughput.md](throughput.md).\n",
        ]
    )


def throughput_page(throughput: pd.DataFrame) -> str:
    """Write results/throughput.md.

    Parameters
    ----------
    throughput : DataFrame
        The throughput tables of all datasets and machines with the column `dataset`.
    """
    parts = [
        "# Throughput\n",
        "From pixels to label, the fastest batch size; training is one model with its chosen "
        "setting, search the choice of it. Each machine by itself; of what was timed there twice, "
        "by the pipeline and by `pipeline.bench`, the faster prediction. The spread is that of "
        "repeated calls within one run; runs on different days differ by more. Written by "
        "`report`.\n",
        *throughput_by_machine(throughput),
    ]
    return "\n".join(parts)


def accuracy_by_year(accuracy: pd.DataFrame) -> str:
    """Return one row per method, one column per dataset."""
    rows = []
    for (year, method), group in accuracy.groupby(["year", "method"], sort=True):
        cells = {row["dataset"]: _cell(row) for row in group.to_dict("records")}
        first = group.iloc[0]
        rows.append(
            {
                "year": str(year),
                "method": method,
                "title": first["title"],
                **{dataset: cells.get(dataset, "") for dataset in sorted(set(accuracy["dataset"]))},
            }
        )
    return table(rows)


def _story(accuracy: pd.DataFrame) -> list[str]:
    rows = story(accuracy)
    return [table(rows)] if rows else []


def _cell(row: dict[str, object]) -> str:
    mark = f" {STALE}" if row["stale"] else ""
    status = "" if row["status"] == "ok" else f" {row['status']}"
    return (percent(row) + status).removeprefix("- ") + mark


def _stale_note(accuracy: pd.DataFrame) -> list[str]:
    old = accuracy[accuracy["stale"] != ""]
    if old.empty:
        return []
    methods = accuracy["dataset"].value_counts()
    lines = []
    for (dataset, what), own in old.groupby(["dataset", "stale"]):
        names = ", ".join(sorted(own["method"]))
        if len(own) == methods[dataset] > 1:
            names = f"all {len(own)} methods"
        lines.append(f"- {dataset}, {names}: {what}")
    text = "\n".join(lines)
    return [f"{STALE} stale: measured before a change of\n\n{text}\n"]


def beside_the_papers(accuracy: pd.DataFrame) -> str:
    """Return one row per measured method that has a published number."""
    rows = [
        {
            "dataset": row["dataset"],
            "method": row["method"],
            "measured %": percent(row),
            "published %": f"{100 * row['published']:.2f}",
            "protocol": row["protocol"],
            "verdict": "" if pd.isna(row["verdict"]) else row["verdict"],
            "source": row["published_source"],
        }
        for row in accuracy[accuracy["published"].notna()]
        .sort_values(["dataset", "year", "method"])
        .to_dict("records")
    ]
    return table(rows) if rows else "No method here has a published number yet.\n"


def studies_by_dataset(studies: Sequence[Study]) -> list[str]:
    """Return a heading and a table per study and dataset."""
    parts = []
    for study in studies:
        note = f"{STALE} stale: made before a change of {study.stale}\n\n" if study.stale else ""
        note += "".join(f"{line}\n\n" for line in study_tables.notes(study.notes, study.options))
        rows = study_tables.rows(study.table)
        parts.append(f"## {study.title}: {study.dataset}\n\n{note}{table(rows)}")
    return parts


def throughput_by_machine(throughput: pd.DataFrame) -> list[str]:
    """Return a heading and a table per machine and thread count."""
    parts = []
    for (machine, threads), on_machine in throughput.groupby(["machine", "threads"], sort=True):
        rows = []
        by = ["dataset", "method", "device"]
        for (dataset, method, device), group in on_machine.groupby(by, sort=True):
            infer = group[group["phase"] == "infer"]
            train = group[group["phase"] == "train"]
            fastest = infer.nlargest(1, "images_per_second")  # none where it was only trained
            single = infer[infer["batch_size"] == 1]
            searched = train["search_seconds"].max()
            rows.append(
                {
                    "dataset": dataset,
                    "method": method,
                    "device": device,
                    "images/s": number(fastest["images_per_second"].max()),
                    "p10-p90": spread(fastest.iloc[0].to_dict()) if len(fastest) else "-",
                    "batch": number(fastest["batch_size"].max(), 6),
                    "one image, ms": number(single["latency_p50_ms"].min()),
                    "training, s": number(train["train_seconds"].max()),
                    "search, s": number(searched if searched >= NOTHING else None),
                }
            )
        parts.append(f"## {machine}, {threads} threads\n\n{table(rows)}")
    return parts
