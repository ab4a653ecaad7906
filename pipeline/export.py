"""A table for a paper: `python -m pipeline.export FORM DATASET`, or `bibtex`.

FORM is latex, markdown, csv or parquet.

Accuracies are rounded to two significant digits of half their 95 % interval; the most accurate
method and all that cannot be told from it are bold. Parquet holds the numbers themselves.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pipeline.evaluation.terms import among_the_best
from pipeline.stage import paths, plugins
from pipeline.stage.entry import tool
from pipeline.stage.errors import UserError
from pipeline.stage.files import read_csv

if TYPE_CHECKING:
    import pandas as pd

# What LaTeX would take for its own.
ESCAPES = str.maketrans(
    {character: f"\\{character}" for character in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
)
COUNTS = ["n_seeds", "parameters", "macs"]
NUMBERS = ["year", "title", "accuracy", "accuracy_low", "accuracy_high", *COUNTS, "best"]
BOLD = {"latex": r"\textbf{{{}}}", "markdown": "**{}**", "csv": "{}"}
WITH_CITATION = ("features", "classifiers", "networks", "datasets")


def rounded(accuracy: float, low: float, high: float) -> list[str]:
    """Return accuracy and the ends of its interval in percent, as far as the interval allows."""
    half = 50 * (high - low)
    decimals = max(0, 1 - math.floor(math.log10(half))) if half > 0 else 2
    return [f"{100 * value:.{decimals}f}" for value in (accuracy, low, high)]


def lines(accuracy: pd.DataFrame, form: str) -> list[dict[str, Any]]:
    """Return the cells of every measured method."""
    measured = accuracy[accuracy["accuracy"].notna()]
    made = []
    for row, best in zip(measured.to_dict("records"), among_the_best(measured), strict=True):
        value, low, high = rounded(row["accuracy"], row["accuracy_low"], row["accuracy_high"])
        made.append(
            {
                "Year": row["year"],
                "Method": row["title"].translate(ESCAPES) if form == "latex" else row["title"],
                "Accuracy (%)": BOLD[form].format(value) if best else value,
                "95 % from": low,
                "to": high,
                "Seeds": row["n_seeds"],
                "Parameters": f"{int(row['parameters']):,}",
                "MACs": f"{int(row['macs']):,}",
            }
        )
    return made


def latex(rows: list[dict[str, Any]]) -> str:
    """Write a tabular for the package booktabs."""
    heading = " & ".join(name.translate(ESCAPES) for name in rows[0])
    body = [" & ".join(map(str, row.values())) + r" \\" for row in rows]
    return "\n".join(
        [
            r"\begin{tabular}{rlrrrrrr}",
            r"\toprule",
            heading + r" \\",
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def bibtex() -> Iterator[str]:
    """Yield an entry for every plug-in, its citation as it stands in the file."""
    for kind in WITH_CITATION:
        for name in plugins.names(kind):
            card = plugins.card(kind, name)
            citation = str(card.constants.get("CITATION", "")).translate(ESCAPES)
            note = f",\n  note = {{{citation}}}" if citation else ""
            title = card.title.translate(ESCAPES)
            yield (
                f"@misc{{{kind}-{name},\n  title = {{{{{title}}}}},\n"
                f"  year = {{{card.year}}}{note}\n}}\n"
            )


def parquet(accuracy: pd.DataFrame) -> bytes:
    """Write the numbers of every measured method; what is bold elsewhere is marked in a column.

    Raises
    ------
    UserError
        pyarrow is not installed.
    """
    frame = accuracy.assign(best=among_the_best(accuracy))
    frame = frame.loc[frame["accuracy"].notna(), NUMBERS].astype(dict.fromkeys(COUNTS, "int64"))
    try:
        content: bytes = frame.to_parquet(index=False, engine="pyarrow")
    except ImportError as error:
        raise UserError("parquet needs pyarrow; expected pip install 'pyarrow>=18'") from error
    return content


def table(form: str, dataset: str) -> str | bytes:
    """Write the table of a dataset; Parquet is no text.

    Raises
    ------
    UserError
        There is none, or it holds no measured method.
    """
    import pandas as pd

    file = paths.TABLES / dataset / "accuracy.csv"
    if not file.exists():
        known = sorted(path.parent.name for path in paths.TABLES.glob("*/accuracy.csv"))
        raise UserError(f"{file}: not found; expected one of {', '.join(known)}")
    accuracy = read_csv(file)
    if accuracy["accuracy"].isna().all():
        raise UserError(f"{file}: no method was measured")
    if form == "parquet":
        return parquet(accuracy)
    rows = lines(accuracy, form)
    if form == "latex":
        return latex(rows)
    frame = pd.DataFrame(rows)
    if form == "csv":
        return str(frame.to_csv(index=False, lineterminator="\n"))
    return str(frame.to_markdown(index=False, disable_numparse=True)) + "\n"


@tool()
def main(words: list[str] | None = None) -> int:
    """Print what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.export", description="A table or the citations for a paper."
    )
    forms = parser.add_subparsers(dest="form", required=True)
    for form in (*BOLD, "parquet"):
        forms.add_parser(form).add_argument("dataset")
    forms.add_parser("bibtex")
    chosen = parser.parse_args(words)
    if chosen.form == "bibtex":
        sys.stdout.write("\n".join(bibtex()))
    else:
        written = table(chosen.form, chosen.dataset)
        sys.stdout.buffer.write(written.encode() if isinstance(written, str) else written)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
