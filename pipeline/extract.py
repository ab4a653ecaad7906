"""Turn images into a feature matrix: `python -m pipeline.extract DATASET FEATURE`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.stage import checkpoints, params, paths, plugins
from pipeline.stage.entry import blame, run
from pipeline.stage.environment import cluster
from pipeline.stage.files import move, read_array, read_arrays, read_json, write_arrays, write_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from features.ops.image_feature import ImageFeature
    from pipeline.stage.progress import GrowingArray

PIXELS_A_STEP = 2**21  # of images that are transformed between two steps of the progress bar
DECIDE_THE_RESULT = ("features", "pipeline/extract.py")


def checkpoint_folder(dataset: str, feature: str, options: params.Entry) -> Path:
    """Return the folder of what a killed run has extracted."""
    checksum = read_json(paths.data(dataset) / "dataset.json")["checksum"]
    decides = {"data": checksum, "options": options}
    return checkpoints.folder(f"{dataset}-extract-{feature}", decides, map(Path, DECIDE_THE_RESULT))


def learn(extractor: ImageFeature, images: NDArray[np.uint8], kept: Path) -> float:
    """Fit the feature, or take over what a killed run has learned; return how long it took."""
    from pipeline.stage.progress import Progress

    file = kept / "learned.npz"
    progress = Progress(kept, "learned", file)
    if progress.done:
        extractor.from_arrays(read_arrays(file))
    else:
        write_arrays(file, extractor.fit(images).to_arrays())
        progress.save(learned=True)
    return progress.seconds


def transform(
    extractor: ImageFeature, images: NDArray[np.uint8], kept: Path, split: str
) -> GrowingArray:
    """Transform all images, from where a killed run stopped, showing how far it is."""
    from tqdm import tqdm

    from pipeline.stage.progress import GrowingArray

    n, height, width, _ = images.shape
    step = max(1, PIXELS_A_STEP // (height * width))
    vectors = GrowingArray(kept, split, n)
    label = f"{split} images"
    with tqdm(total=n, initial=vectors.rows, desc=label, unit="image", disable=None) as bar:
        for begin in range(vectors.rows, n, step):
            vectors.append(extractor.transform(images[begin : begin + step]))
            bar.update(vectors.rows - bar.n)
    return vectors


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
    with blame(f"features.{feature}"):
        _extract(dataset, feature, checked.options("features", feature, dataset), description)


def _extract(
    dataset: str, feature: str, options: params.Entry, description: dict[str, Any]
) -> None:
    from pipeline.stage import machine
    from pipeline.stage.workers import workers

    folder, kept = paths.features(dataset, feature), checkpoint_folder(dataset, feature, options)
    extractor = plugins.load("features", feature).Feature(**options)
    with workers():
        images = read_array(paths.data(dataset) / "train_images.npy")
        learning_seconds = learn(extractor, images, kept)
        train = transform(extractor, images, kept, "train")
        images = read_array(paths.data(dataset) / "test_images.npy")
        test = transform(extractor, images, kept, "test")
    cost = {"parameters": extractor.parameters, "macs": extractor.macs(images.shape[1:])}
    write_json(folder / "feature.json", {**description, **cost})
    write_json(
        paths.timing(dataset, f"extract-{feature}"),
        {
            "train_seconds": learning_seconds + train.seconds,
            "peak_memory_mib": machine.peak_memory_mib(),
            **machine.description(cluster=cluster()),
        },
    )
    for vectors in (train, test):
        move(vectors.file, folder / vectors.file.name)
    move(kept / "learned.npz", paths.learned(dataset, feature))
    checkpoints.discard(kept)


if __name__ == "__main__":
    run(main)
