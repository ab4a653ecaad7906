"""Write the history as one self-contained page and one picture: `python -m pipeline.page`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline import report
from pipeline.stage import params, paths
from pipeline.stage.entry import run
from pipeline.stage.files import read_csv, read_json, write_text

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.website.charts import Spec

PAGE = Path("results/report.html")
PICTURE = Path("results/history.svg")
WIDEST, LARGEST_SCALE = 880, 8  # in pixels, and times their own size
CLASS = {"class": str}  # 007 is a name
WEBSITE = Path(__file__).parent / "website"
NAVIGATION = {
    "story": "In short",
    "timeline": "Timeline",
    "table": "Table",
    "cost": "Cost",
    "studies": "Studies",
    "mistakes": "Mistakes",
    "learned": "What was learned",
    "sight": "What features see",
    "convolution": "Convolution",
    "glossary": "Glossary",
}


class Cell(NamedTuple):
    """A table cell: what it shows, sorts by, whether it is among the best, what a pointer shows."""

    text: str
    sort: float | None = None
    strong: bool = False
    hint: str = ""


def method_rows(accuracy: pd.DataFrame) -> tuple[list[str], list[list[Cell]]]:
    """Return headings and rows of the table of all methods."""
    from pipeline.evaluation import markdown
    from pipeline.evaluation.history import STALE
    from pipeline.evaluation.terms import among_the_best

    headings = ["year", "method", "data set", "accuracy %", "seeds", "parameters", "MACs"]
    headings += ["published %", "status"]
    rows = []
    shown = accuracy.assign(measured=accuracy["accuracy"].notna(), best=among_the_best(accuracy))
    for row in shown.sort_values(["year", "method", "dataset"]).to_dict("records"):
        counts = [
            Cell(markdown.number(row[name], 12), row[name]) if row[name] == row[name] else Cell("")
            for name in ("parameters", "macs")
        ]
        rows.append(
            [
                Cell(str(row["year"]), row["year"]),
                Cell(row["method"], hint=row["title"]),
                Cell(row["dataset"]),
                Cell(
                    markdown.percent(row) + (f" {STALE}" if row["stale"] else ""),
                    row["accuracy"] if row["measured"] else -1.0,
                    row["best"],
                ),
                Cell(str(row["n_seeds"]) if row["measured"] else ""),
                *counts,
                Cell(markdown.published(row), row["published"] if row["published"] > 0 else None),
                Cell(row["status"]),
            ]
        )
    return headings, rows


def speeds(throughput: pd.DataFrame) -> pd.DataFrame:
    """Return each method's fastest prediction, per machine and device."""
    infer = throughput[throughput["phase"] == "infer"]
    where = ["dataset", "method", "machine", "threads", "device"]
    return infer.groupby(where, as_index=False)["images_per_second"].max()


def all_charts(
    accuracy: pd.DataFrame, throughput: pd.DataFrame, studies: list[Any]
) -> tuple[dict[str, Spec], list[dict[str, str]]]:
    """Return the charts by name, and the machines whose speeds have one."""
    import pandas as pd

    from pipeline.website import charts, faces, study_charts

    frame = charts.points(accuracy)
    specs = {
        "timeline": charts.timeline(frame),
        "parameters": charts.against(frame, "parameters", "parameters"),
        "macs": charts.against(frame, "macs", "multiply-accumulates"),
        "confusion": charts.confusion(report.read_tables("confusion", actual=str, predicted=str)),
        "faces": charts.misses(read_csv(faces.CURVES)),
    }
    machines = []
    places = speeds(throughput).groupby(["machine", "threads", "device"])
    fullest_first = sorted(places, key=lambda item: -len(item[1]))
    for place, ((machine, threads, device), own) in enumerate(fullest_first):
        name = f"speed{place}"
        machines.append({"name": name, "title": f"{machine}, {threads} threads ({device})"})
        own = own.assign(microseconds=1e6 / own["images_per_second"])
        both = frame.merge(own[["dataset", "method", "microseconds"]], on=["dataset", "method"])
        specs[name] = charts.against(both, "microseconds", "microseconds an image", "~g")
    for name, chart in study_charts.CHARTS.items():
        tables = [
            study.table.assign(dataset=study.dataset) for study in studies if study.name == name
        ]
        if tables:
            specs[name] = chart(pd.concat(tables))
    codes = read_codes()
    if codes is not None:
        specs["codes"] = charts.code_plane(codes)
    return specs, machines


def read_codes() -> pd.DataFrame | None:
    """Read the codes of test images that stand beside the pictures, of every dataset."""
    import pandas as pd

    files = sorted(paths.TABLES.glob("*/pictures/plane-*.csv"))
    tables = [read_csv(file, **CLASS).assign(dataset=file.parents[1].name) for file in files]
    return pd.concat(tables) if tables else None


def study_tables(studies: list[Any]) -> list[dict[str, Any]]:
    """Return every study's table in words."""
    from pipeline.evaluation import study_tables

    shown = []
    for study in studies:
        rows = study_tables.rows(study.table)
        shown.append(
            {
                "title": study.title,
                "dataset": study.dataset,
                "stale": study.stale,
                "notes": study_tables.notes(study.notes, study.options),
                "columns": list(rows[0]),
                "rows": [list(row.values()) for row in rows],
            }
        )
    return shown


def drawn_pictures() -> list[dict[str, Any]]:
    """Return the pictures of every dataset by their headings, as addresses inside the page."""
    from itertools import groupby

    from PIL import Image

    from pipeline.website.pictures import compact

    datasets = []
    for index in sorted(paths.TABLES.glob("*/pictures/captions.json"), key=_digits_last):
        shown = []
        for name, words in read_json(index).items():
            file = index.parent / name
            with Image.open(file) as image:
                scale = max(1, min(LARGEST_SCALE, WIDEST // image.width))  # whole: sharp pixels
                width = scale * image.width
            shown.append({**words, "address": compact(file), "width": width})
        groups = [
            {"title": title, "pictures": list(pictures)}
            for title, pictures in groupby(shown, key=lambda picture: picture["group"])
        ]
        if groups:
            datasets.append({"name": index.parents[1].name, "groups": groups})
    return datasets


def _digits_last(index: Path) -> tuple[bool, str]:
    name = index.parents[1].name
    return name.startswith("digits"), name


def main() -> None:
    """Read results/tables and write the page and the picture."""
    from jinja2 import Environment

    from pipeline.evaluation.story import OPENING, story
    from pipeline.website import atoms, faces, glossary, lecture, overview, pictures, vega

    checked = params.load()
    accuracy = report.read_accuracy(checked)
    studies = report.read_studies(checked)
    specs, machines = all_charts(accuracy, report.read_tables("throughput*"), studies)
    columns, rows = method_rows(accuracy)
    kernels, made = lecture.exercise()
    source = (WEBSITE / "template.html").read_text(encoding="utf-8")
    template = Environment(autoescape=True, trim_blocks=True).from_string(source)
    page = template.render(
        sections=[{"id": name, "title": title} for name, title in NAVIGATION.items()],
        style=(WEBSITE / "style.css").read_text(encoding="utf-8"),
        script=(WEBSITE / "script.js").read_text(encoding="utf-8"),
        library=vega.LIBRARY.read_text(encoding="utf-8"),
        opening=OPENING,
        story=story(accuracy),
        charts=specs,
        # Inside a script element nothing is escaped but what would end it.
        charts_json=json.dumps(specs, allow_nan=False, separators=(",", ":")).replace(
            "<", "\\u003c"
        ),
        columns=columns,
        rows=rows,
        any_stale=bool((accuracy["stale"] != "").any() or any(study.stale for study in studies)),
        machines=machines,
        studies=study_tables(studies),
        drawn=drawn_pictures(),
        edges=list(pictures.edges()),
        gabor=list(pictures.gabor_bank()),
        atoms=pictures.address(atoms.PICTURE.read_bytes()),
        faces=pictures.address(faces.PICTURE.read_bytes(), "webp"),
        missed=faces.missed(read_csv(faces.CURVES)),
        examples=list(lecture.examples()),
        kernels=kernels,
        pictures=made,
        glossary=glossary.GLOSSARY,
    )
    write_text(PAGE, page)
    write_text(PICTURE, overview.svg(accuracy))


if __name__ == "__main__":
    run(main)
