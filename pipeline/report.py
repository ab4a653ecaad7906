"""Write the history over all datasets: `python -m pipeline.report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.stage import params, paths, plugins
from pipeline.stage.entry import run
from pipeline.stage.errors import UserError
from pipeline.stage.files import read_csv, read_json, write_text

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.evaluation.history import Study

HISTORY = Path("results/README.md")
THROUGHPUT = Path("results/throughput.md")


def read_tables(name: str, **columns: type) -> pd.DataFrame:
    """Read one table of every dataset, those of other machines included, with its dataset.

    Raises
    ------
    UserError
        There is none, or one is no table.
    """
    import pandas as pd

    files = sorted(paths.TABLES.glob(f"*/{name}.csv"))
    if not files:
        raise UserError(f"{paths.TABLES}: found no DATASET/{name}.csv; run dvc repro")
    tables = [read_csv(file, **columns).assign(dataset=file.parent.name) for file in files]
    # A table without rows has no types, and would take those of the others away.
    return pd.concat([one for one in tables if len(one)] or tables, ignore_index=True)


def made_from(dataset: str) -> dict[str, Any]:
    """Return what each row and each study was made from."""
    rows: dict[str, Any] = read_json(paths.TABLES / dataset / "recipes.json")["rows"]
    return rows


def changes_since(checked: params.Params, dataset: str, ingredients: dict[str, Any]) -> str:
    """Return what has changed since a row or a study was measured; nothing if up to date."""
    from pipeline import provenance

    return ", ".join(provenance.changed(checked, dataset, ingredients))


def read_studies(checked: params.Params) -> list[Study]:
    """Read the tables of every study on every dataset."""
    from pipeline.evaluation.history import Study

    known = plugins.names("studies")
    files = {file: file.parents[1].name for file in paths.TABLES.glob("*/studies/*.csv")}
    rows = {dataset: made_from(dataset) for dataset in {*files.values()}}
    studies = []
    for file, dataset in files.items():
        name = file.stem
        card = plugins.card("studies", name) if name in known else None
        title, notes = (card.title, card.notes) if card else (name, ())
        then = rows[dataset].get(f"study {name}")
        if then is None:
            raise UserError(f"{file}: found no such study in recipes.json, expected one")
        options, changes = then["parameters"]["study"], changes_since(checked, dataset, then)
        studies.append(Study(dataset, name, title, notes, read_csv(file), options, changes))
    return sorted(studies, key=lambda study: (study.title, study.dataset))


def read_accuracy(checked: params.Params) -> pd.DataFrame:
    """Read the accuracy tables of every dataset, with what has changed since in `stale`."""
    accuracy = read_tables("accuracy")
    then = {dataset: made_from(dataset) for dataset in accuracy["dataset"].unique()}
    accuracy["stale"] = [
        ""
        if row.status == "skipped"
        else changes_since(checked, row.dataset, then[row.dataset][row.method])
        for row in accuracy.itertuples()
    ]
    return accuracy


def main() -> None:
    """Read results/tables and write the two pages."""
    from pipeline.evaluation import history

    checked = params.load()
    accuracy = read_accuracy(checked)
    write_text(HISTORY, history.accuracy_page(accuracy, read_studies(checked)))
    write_text(THROUGHPUT, history.throughput_page(read_tables("throughput*")))


if __name__ == "__main__":
    run(main)
