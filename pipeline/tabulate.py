"""Evaluate all methods on a dataset and write its tables: `python -m pipeline.tabulate DATASET`."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.stage import params, paths
from pipeline.stage.entry import run
from pipeline.stage.errors import UserError
from pipeline.stage.files import (
    read_array,
    read_csv,
    read_json,
    write_arrays,
    write_csv,
    write_json,
    write_text,
)

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.evaluation.metrics import Labels, Scores

LEFTOVERS = paths.ARTIFACTS / "leftovers"

Descriptions = dict[str, dict[str, Any]]


def read_descriptions(dataset: str, methods: list[str]) -> Descriptions:
    """Read what fit and train say of every method in params.yaml."""
    descriptions = {}
    for method in methods:
        file = paths.scores(dataset, method) / "method.json"
        if not file.exists():
            raise UserError(f"{file}: not found; expected a result of {method}: run `dvc repro`")
        descriptions[method] = read_json(file)
    return descriptions


def read_scores(dataset: str, descriptions: Descriptions, classes: int) -> dict[str, Scores]:
    """Read the scores of every method that ran.

    Raises
    ------
    UserError
        A method scores another number of classes.
    """
    from pipeline.evaluation.terms import EVALUATED

    scores = {}
    for name, description in descriptions.items():
        if description["status"] in EVALUATED:
            scores[name] = own = read_array(paths.scores(dataset, name) / "scores.npy")
            if own.shape[-1] != classes:
                raise UserError(
                    f"{name} on {dataset}: scores {own.shape[-1]} classes, expected "
                    f"{classes}: an output each"
                )
    return scores


def set_leftovers_aside(
    dataset: str, methods: dict[str, tuple[str, ...]], checked: params.Params
) -> None:
    """Move the scores, models and timings of what is no longer in params.yaml out of the way.

    They may have come from another machine, and be nowhere else.
    """
    wanted = {*methods, *(paths.study(dataset, name).name for name in checked.studies)}
    timed = {f"extract-{feature}" for feature in checked.features}
    timed |= {f"{stage}-{name}" for stage in ("fit", "train", "throughput") for name in methods}
    models = paths.ARTIFACTS / "models" / dataset
    places = (
        (paths.ARTIFACTS / "scores" / dataset, "*", wanted),
        (models, "*.npz", {*methods}),
        (models / "features", "*.npz", {*checked.features}),
        (paths.ARTIFACTS / "timings" / dataset, "*", timed),
    )
    for folder, pattern, names in places:
        for old in sorted(folder.glob(pattern)):
            unfinished = old.suffix == ".part" or old.name.startswith(".")
            if old.stem not in names and not unfinished:
                aside = LEFTOVERS / old.relative_to(paths.ARTIFACTS)
                _move(old, aside)
                print(f"{old}: no longer in params.yaml, moved to {aside}")


def _move(old: Path, aside: Path) -> None:
    """Move a file or a folder to where an older one may be."""
    if aside.is_dir():
        shutil.rmtree(aside)
    aside.parent.mkdir(parents=True, exist_ok=True)
    old.replace(aside)


def accuracy_table(
    dataset: str, descriptions: Descriptions, scores: dict[str, Scores], labels: Labels
) -> pd.DataFrame:
    """Return one row per method: measured, tested against the best, set beside the papers."""
    import pandas as pd

    from pipeline.evaluation import rows
    from pipeline.evaluation.metrics import predictions
    from pipeline.evaluation.published import published

    n_train = len(read_array(paths.data(dataset) / "train_labels.npy", mmap=True))
    table = pd.DataFrame(
        [
            rows.accuracy_row(method, description, scores.get(method), labels, n_train)
            for method, description in descriptions.items()
        ],
        columns=[name for name in rows.ACCURACY if name not in {*rows.PAPERS, "recipe"}],
    )
    right = {method: predictions(own)[0] == labels for method, own in scores.items()}
    table["p_vs_best"] = rows.compare_with_best(table, right)
    table = rows.with_published(table, published(dataset))
    counts = {"parameters": "Int64", "macs": "Int64"}  # whole where a skipped row has none
    return table.reindex(columns=rows.ACCURACY).astype(counts).sort_values(["year", "method"])


def seeds_table(scores: dict[str, Scores], labels: Labels) -> pd.DataFrame:
    """Return every seed's accuracy."""
    import pandas as pd

    from pipeline.evaluation.metrics import accuracies

    rows = [
        (method, seed, accuracy)
        for method, own in scores.items()
        for seed, accuracy in enumerate(accuracies(own, labels))
    ]
    return pd.DataFrame(rows, columns=["method", "seed", "accuracy"])


def confusion_table(
    scores: dict[str, Scores], labels: Labels, class_names: list[str]
) -> pd.DataFrame:
    """Return how often each class was taken for each, seed 0, without the empty cells."""
    import pandas as pd

    from pipeline.evaluation.metrics import confusion

    rows = [
        (method, actual, predicted, count)
        for method, own in scores.items()
        for actual, line in zip(class_names, confusion(own, labels), strict=True)
        for predicted, count in zip(class_names, line, strict=True)
        if count
    ]
    return pd.DataFrame(rows, columns=["method", "actual", "predicted", "count"])


def curves_table(dataset: str, methods: list[str]) -> pd.DataFrame:
    """Return the training curves of all networks."""
    import pandas as pd

    files = {method: paths.scores(dataset, method) / "curves.csv" for method in methods}
    curves = [
        read_csv(file).assign(method=method) for method, file in files.items() if file.exists()
    ]
    empty = pd.DataFrame(columns=["run", "seed", "epoch", "loss", "accuracy", "method"])
    return pd.concat(curves or [empty])


def training_time(dataset: str, method: tuple[str, ...]) -> dict[str, Any]:
    """Return the seconds of the whole training: for a classical method with its extraction."""
    if len(method) == 1:
        return read_json(paths.timing(dataset, f"train-{method[0]}"))
    extraction = read_json(paths.timing(dataset, f"extract-{method[0]}"))
    fit = read_json(paths.timing(dataset, f"fit-{'-'.join(method)}"))
    return {
        **fit,
        "train_seconds": extraction["train_seconds"] + fit["train_seconds"],
        "peak_memory_mib": max(extraction["peak_memory_mib"], fit["peak_memory_mib"]),
    }


def throughput_table(
    dataset: str, methods: dict[str, tuple[str, ...]], descriptions: Descriptions
) -> pd.DataFrame:
    """Return the timing rows of every method that ran."""
    import pandas as pd

    from pipeline.evaluation import rows

    n_train = len(read_array(paths.data(dataset) / "train_labels.npy", mmap=True))
    ran = [name for name in methods if descriptions[name]["status"] != "skipped"]
    lines = [
        row
        for name in ran
        for row in rows.throughput_rows(
            name,
            n_train,
            training_time(dataset, methods[name]),
            read_json(paths.timing(dataset, f"throughput-{name}")),
        )
    ]
    return pd.DataFrame(lines, columns=rows.THROUGHPUT)


def read_studies(dataset: str, names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Read the title and the table of every study that ran."""
    tables = {}
    for name in names:
        description = read_json(paths.study(dataset, name) / "study.json")
        if not description["skipped"]:
            text = (paths.study(dataset, name) / "table.csv").read_text(encoding="utf-8")
            if len(text.strip().splitlines()) < 2:  # at most its heading
                raise UserError(
                    f"studies.{name} on {dataset}: its table has no row, expected one at least; "
                    "no size is as small as the training images, or there is no seed"
                )
            tables[name] = (description["title"], text)
    return tables


def write_studies(folder: Path, studies: dict[str, tuple[str, str]], dataset_title: str) -> None:
    """Write every study's table, and a page that lists them."""
    lines = [f"# {dataset_title}: studies", ""]
    for name, (title, text) in sorted(studies.items(), key=lambda study: study[1]):
        write_text(folder / f"{name}.csv", text)
        lines.append(f"- [{title}]({name}.csv)")
    write_text(folder / "README.md", "\n".join([*lines, *([] if studies else ["None yet."]), ""]))
    for file in folder.glob("*.csv"):
        if file.stem not in studies:
            file.unlink()


def write_pages(folder: Path, dataset_title: str) -> None:
    """Write a folder's tables for people, from those for programs: rounded as the history is."""
    from pipeline.evaluation import markdown

    accuracy = read_csv(folder / "accuracy.csv", reason=str).fillna({"reason": ""})
    write_text(folder / "accuracy.md", markdown.accuracy(accuracy, dataset_title))
    throughput = read_csv(folder / "throughput.csv")
    write_text(folder / "throughput.md", markdown.throughput(throughput, dataset_title))


def main(dataset: str) -> None:
    """Write the dataset's tables."""
    from pipeline import provenance
    from pipeline.evaluation import predictions

    checked = params.load()
    info = read_json(paths.data(dataset) / "dataset.json")
    labels = read_array(paths.data(dataset) / "test_labels.npy")
    methods = {"-".join(method): method for method in checked.methods()}
    descriptions = read_descriptions(dataset, list(methods))
    set_leftovers_aside(dataset, methods, checked)
    scores = read_scores(dataset, descriptions, len(info["class_names"]))
    studies = read_studies(dataset, checked.studies)
    made_of = {
        name: provenance.parts(method)
        for name, method in methods.items()
        if descriptions[name]["status"] != "skipped"
    } | {f"study {name}": {"study": name} for name in studies}
    recipes = {
        name: provenance.ingredients(checked, dataset, parts, info["checksum"])
        for name, parts in made_of.items()
    }
    accuracy = accuracy_table(dataset, descriptions, scores, labels)
    accuracy["recipe"] = [
        provenance.recipe(recipes[name]) if name in recipes else "" for name in accuracy["method"]
    ]
    throughput = throughput_table(dataset, methods, descriptions)

    folder = paths.TABLES / dataset
    write_csv(folder / "accuracy.csv", accuracy)
    write_csv(folder / "seeds.csv", seeds_table(scores, labels))
    write_csv(folder / "confusion.csv", confusion_table(scores, labels, info["class_names"]))
    write_csv(folder / "curves.csv", curves_table(dataset, list(methods)))
    write_csv(folder / "throughput.csv", throughput, floats="%.5g")
    write_pages(folder, info["title"])
    files = provenance.file_hashes(checked.datasets[dataset]["reader"], made_of.values())
    write_json(folder / "recipes.json", {"rows": recipes, "files": files})
    write_arrays(folder / "predictions.npz", predictions.compact(scores, labels))
    write_studies(folder / "studies", studies, info["title"])
    evaluated = accuracy[accuracy["accuracy"].notna()]
    values = zip(evaluated["method"], evaluated["accuracy"], strict=True)
    write_json(folder / "metrics.json", {method: round(value, 6) for method, value in values})


if __name__ == "__main__":
    run(main)
