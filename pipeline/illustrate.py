"""Draw what was learned, and what is hard: `python -m pipeline.illustrate DATASET`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.stage import paths
from pipeline.stage.entry import run
from pipeline.stage.files import read_array, read_arrays, read_json, replacing, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

SHOWN = 24  # test images a picture
COLUMNS = 12

Picture = tuple[str, str, "NDArray[np.uint8]"]  # name, caption, pixels


def learned(dataset: str, measured: pd.DataFrame) -> Iterator[Picture]:
    """Yield the weights that can be looked at: on raw pixels, and in first convolutions."""
    from pipeline.evaluation import mosaics

    shape = read_json(paths.data(dataset) / "dataset.json")["image_shape"]
    for row in measured.itertuples():
        arrays = read_arrays(paths.model(dataset, row.method))
        if row.kind == "network":
            drawn = mosaics.first_kernels(arrays)
            what = "the kernels of its first convolution"
        elif row.feature == "raw" and "coef" in arrays:
            drawn = mosaics.weight_images(arrays["coef"], tuple(shape))
            what = "its weights for each class, on the pixels"
        else:
            continue
        if drawn is not None:
            pixels = mosaics.mosaic(drawn, COLUMNS)
            yield f"weights-{row.method}", f"{row.title}: {what}", pixels


def hard(dataset: str, measured: pd.DataFrame) -> Iterator[Picture]:
    """Yield test images on which the best methods of both kinds differ, or all are wrong."""
    from pipeline.evaluation import mosaics
    from pipeline.evaluation.predictions import LABELS

    if set(measured["kind"]) != {"classical", "network"}:
        return
    classes = read_arrays(paths.TABLES / dataset / "predictions.npz")
    right = {method: classes[method] == classes[LABELS] for method in measured["method"]}
    best = measured.sort_values("accuracy").groupby("kind")["method"].last()
    images = read_array(paths.data(dataset) / "test_images.npy", mmap=True)
    found = mosaics.disagreements(right, best["classical"], best["network"])
    for name, (caption, places) in zip(("classical", "network", "nobody"), found, strict=True):
        if len(places):
            pixels = mosaics.mosaic(images[places[:SHOWN]], COLUMNS)
            yield f"only-{name}", f"{caption}: {len(places)} of {len(images)} test images", pixels


def write_png(file: Path, pixels: NDArray[np.uint8]) -> None:
    """Write grey or colour pixels."""
    from PIL import Image

    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    with replacing(file) as stream:
        image.save(stream, format="png", optimize=True)


def main(dataset: str) -> None:
    """Draw all pictures and list their captions."""
    import pandas as pd

    accuracy = pd.read_csv(paths.TABLES / dataset / "accuracy.csv")
    measured = accuracy[accuracy["accuracy"].notna()]
    folder = paths.TABLES / dataset / "pictures"
    shutil.rmtree(folder, ignore_errors=True)
    captions = {}
    for name, caption, pixels in (*hard(dataset, measured), *learned(dataset, measured)):
        write_png(folder / f"{name}.png", pixels)
        captions[f"{name}.png"] = caption
    write_json(folder / "captions.json", captions)


if __name__ == "__main__":
    run(main)
