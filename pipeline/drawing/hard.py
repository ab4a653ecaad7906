"""Test images on which the best methods of both kinds differ, or all are wrong."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.drawing import mosaics
from pipeline.drawing.picture import COLUMNS, Picture, Run
from pipeline.evaluation.predictions import LABELS
from pipeline.stage import paths
from pipeline.stage.files import read_arrays

SHOWN = 24  # test images a picture
WIDEST = 64  # pixels of each: those of photographs would be megabytes
GROUP = "What is hard"


def draw(run: Run) -> Iterator[Picture]:
    """Yield up to three pictures; none without both kinds of methods."""
    measured = run.measured
    if set(measured["kind"]) != {"classical", "network"}:
        return
    classes = read_arrays(paths.TABLES / run.dataset / "predictions.npz")
    right = {method: classes[method] == classes[LABELS] for method in measured["method"]}
    best = measured.sort_values("accuracy").groupby("kind")["method"].last()
    images = run.images("test")
    found = mosaics.disagreements(right, best["classical"], best["network"])
    for name, (caption, places) in zip(("classical", "network", "nobody"), found, strict=True):
        if len(places):
            # From all over the test set: folders of images are in the order of their classes.
            shown = places[np.linspace(0, len(places) - 1, min(SHOWN, len(places))).astype(int)]
            yield Picture(
                f"only-{name}",
                GROUP,
                f"{caption}: {len(places)} of {len(images)} test images, {len(shown)} shown",
                f"{len(shown)} test images on which {caption}",
                mosaics.mosaic(mosaics.thumbnails(images[shown], WIDEST), COLUMNS),
            )
