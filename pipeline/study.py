"""Run a study: `python -m pipeline.study DATASET STUDY`."""

from __future__ import annotations

from pipeline.stage import params, paths, plugins
from pipeline.stage.entry import blame, run
from pipeline.stage.files import read_array, write_json, write_text


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
    names = ("train_images", "train_labels", "test_images", "test_labels")
    data = Data(*(read_array(paths.data(dataset) / f"{name}.npy") for name in names))
    where = f"studies.{study} on {dataset}"
    with blame(where, TypeError), workers():
        table = module.run(data, **checked.options("studies", study, dataset))
    text = table.to_csv(index=False, float_format="%.6f", lineterminator="\n")
    write_text(folder / "table.csv", text)


if __name__ == "__main__":
    run(main)
