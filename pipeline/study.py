"""Run a study: `python -m pipeline.study DATASET STUDY`."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipeline.stage import checkpoints, params, paths, plugins
from pipeline.stage.entry import blame, run
from pipeline.stage.files import read_array, read_json, write_json, write_text

DECIDE_THE_RESULT = ("features", "models", "pipeline/evaluation", "pipeline/study.py")


def checkpoint_folder(dataset: str, study: str, options: params.Entry) -> Path:
    """Return the folder of what a killed run has learned."""
    checksum = read_json(paths.data(dataset) / "dataset.json")["checksum"]
    code = [*map(Path, DECIDE_THE_RESULT), plugins.path("studies", study)]
    return checkpoints.folder(f"{dataset}-{study}", {"data": checksum, "options": options}, code)


def main(dataset: str, study: str) -> None:
    """Hand the data set to the study and write its table."""
    checked = params.load()
    folder = paths.study(dataset, study)
    card = plugins.card("studies", study)
    reason = checked.skipped(dataset, ("studies", study))
    write_json(folder / "study.json", {"title": card.title, "skipped": reason})
    if reason:
        return

    from pipeline.evaluation.trials import Data
    from pipeline.stage.workers import workers

    module = plugins.load("studies", study)
    options = checked.options("studies", study, dataset)
    kept = checkpoint_folder(dataset, study, options)
    data = Data(
        train_images=read_array(paths.data(dataset) / "train_images.npy"),
        train_labels=read_array(paths.data(dataset) / "train_labels.npy"),
        test_images=read_array(paths.data(dataset) / "test_images.npy"),
        test_labels=read_array(paths.data(dataset) / "test_labels.npy"),
        kept=kept,
    )
    with blame(f"studies.{study} on {dataset}", TypeError), workers():
        table = module.run(data, **options)
    text = table.to_csv(index=False, float_format="%.6f", lineterminator="\n")
    write_text(folder / "table.csv", text)
    shutil.rmtree(kept, ignore_errors=True)


if __name__ == "__main__":
    run(main)
