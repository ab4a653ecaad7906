"""Turn images into a feature matrix: `python -m pipeline.extract DATASET FEATURE`."""

from __future__ import annotations

from pipeline.stage import params, paths, plugins
from pipeline.stage.entry import blame, run
from pipeline.stage.environment import threads
from pipeline.stage.files import read_array, write_array, write_arrays, write_json


def main(dataset: str, feature: str) -> None:
    """Fit the feature on the training images, transform all, write."""
    checked = params.load()
    folder = paths.features(dataset, feature)
    card = plugins.card("features", feature)
    description = {"title": card.title, "year": card.year}
    reason = checked.skipped(dataset, ("features", feature))
    if reason:
        write_json(folder / "feature.json", {**description, "skipped": reason})
        write_arrays(paths.learned(dataset, feature), {})
        write_json(paths.timing(dataset, f"extract-{feature}"), {"skipped": reason})
        return

    import time

    from joblib import parallel_config

    from pipeline.stage import machine

    options = checked.options("features", feature, dataset)
    build = plugins.load("features", feature).Feature
    images = read_array(paths.data(dataset) / "train_images.npy")
    begin = time.perf_counter()
    with blame(f"features.{feature}"), parallel_config("threading", n_jobs=threads()):
        extractor = build(**options).fit(images)
        train = extractor.transform(images)
        seconds = time.perf_counter() - begin
        write_array(folder / "train.npy", train)
        del train, images
        images = read_array(paths.data(dataset) / "test_images.npy")
        write_array(folder / "test.npy", extractor.transform(images))
    arrays = extractor.to_arrays()
    write_arrays(paths.learned(dataset, feature), arrays)
    cost = {"parameters": extractor.parameters, "macs": extractor.macs(images.shape[1:])}
    write_json(folder / "feature.json", {**description, **cost})
    write_json(
        paths.timing(dataset, f"extract-{feature}"),
        {
            "train_seconds": seconds,
            "peak_memory_mib": machine.peak_memory_mib(),
            **machine.description(),
        },
    )


if __name__ == "__main__":
    run(main)
