"""Turn images into a feature matrix: `python -m pipeline.extract DATASET FEATURE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.stage import params, paths, plugins
from pipeline.stage.entry import blame, run
from pipeline.stage.environment import cluster
from pipeline.stage.files import read_array, write_array, write_arrays, write_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from features.ops.image_feature import ImageFeature

IMAGES_A_STEP = 2000  # of the progress bar


def vectors(extractor: ImageFeature, images: NDArray[np.uint8], label: str) -> NDArray[np.float32]:
    """Transform all images, showing how far it is."""
    import numpy as np
    from tqdm import tqdm

    n = len(images)
    with tqdm(total=n, desc=label, unit="image", disable=None) as bar:
        for begin in range(0, n, IMAGES_A_STEP):
            part = extractor.transform(images[begin : begin + IMAGES_A_STEP])
            if begin == 0:
                whole = np.empty((n, part.shape[1]), np.float32)
            whole[begin : begin + len(part)] = part
            bar.update(len(part))
    return whole


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

    from pipeline.stage import machine
    from pipeline.stage.workers import workers

    options = checked.options("features", feature, dataset)
    build = plugins.load("features", feature).Feature
    images = read_array(paths.data(dataset) / "train_images.npy")
    begin = time.perf_counter()
    with blame(f"features.{feature}"), workers():
        extractor = build(**options).fit(images)
        train = vectors(extractor, images, f"{feature} of training images")
        seconds = time.perf_counter() - begin
        write_array(folder / "train.npy", train)
        del train, images
        images = read_array(paths.data(dataset) / "test_images.npy")
        write_array(folder / "test.npy", vectors(extractor, images, f"{feature} of test images"))
    write_arrays(paths.learned(dataset, feature), extractor.to_arrays())
    cost = {"parameters": extractor.parameters, "macs": extractor.macs(images.shape[1:])}
    write_json(folder / "feature.json", {**description, **cost})
    write_json(
        paths.timing(dataset, f"extract-{feature}"),
        {
            "train_seconds": seconds,
            "peak_memory_mib": machine.peak_memory_mib(),
            **machine.description(cluster=cluster()),
        },
    )


if __name__ == "__main__":
    run(main)
