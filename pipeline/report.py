"""Write the history over all datasets: `python -m pipeline.report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.stage import params, paths, plugins
from pipeline.stage.entry import run
from pipeline.stage.files import read_json, write_text

if TYPE_CHECKING:
    import pandas as pd

HISTORY = Path("results/README.md")
THROUGHPUT = Path("results/throughput.md")


def read_tables(name: str) -> pd.DataFrame:
    """Read one table of every dataset, those of other machines included, with its dataset."""
    import pandas as pd

    files = sorted(paths.TABLES.glob(f"*/{name}.csv"))
    return pd.concat([pd.read_csv(file).assign(dataset=file.parent.name) for file in files])


def stale(checked: params.Params, accuracy: pd.DataFrame) -> list[str]:
    """Return for every row what has changed since it was measured; nothing if it is up to date."""
    from pipeline import provenance

    recipes = {file.parent.name: read_json(file) for file in paths.TABLES.glob("*/recipes.json")}
    return [
        ", ".join(provenance.changed(checked, row.dataset, recipes[row.dataset][row.method]))
        if row.status != "skipped"
        else ""
        for row in accuracy.itertuples()
    ]


def read_studies() -> dict[tuple[str, str], tuple[str, pd.DataFrame]]:
    """Read the table of every study on every dataset, with its title."""
    import pandas as pd

    known = plugins.names("studies")
    return {
        (file.parents[1].name, file.stem): (
            plugins.card("studies", file.stem).title if file.stem in known else file.stem,
            pd.read_csv(file),
        )
        for file in sorted(paths.TABLES.glob("*/studies/*.csv"))
    }


def main() -> None:
    """Read results/tables and write the two pages."""
    from pipeline.evaluation import history

    accuracy = read_tables("accuracy")
    accuracy["stale"] = stale(params.load(), accuracy)
    write_text(HISTORY, history.accuracy_page(accuracy, read_studies()))
    write_text(THROUGHPUT, history.throughput_page(read_tables("throughput*")))


if __name__ == "__main__":
    run(main)
