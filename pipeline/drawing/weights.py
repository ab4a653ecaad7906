"""Weights that can be looked at: on raw pixels, and in first convolutions."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.drawing import mosaics
from pipeline.drawing.picture import COLUMNS, Picture, Run

GROUP = "Weights and kernels"
SIGNS = "blue where light counts for it, orange where light counts against it"


def draw(run: Run) -> Iterator[Picture]:
    """Yield one picture a linear classifier on pixels, and one a network with convolutions."""
    for row in run.measured.itertuples():
        arrays = run.model(row.method)
        if row.kind == "network":
            drawn = mosaics.first_kernels(arrays)
            what = "what each kernel of its first convolution looks for"
            alt = f"the kernels of the first convolution of {row.title}"
        elif row.feature == "raw" and "coef" in arrays:
            drawn = mosaics.weight_images(arrays["coef"], run.image_shape)
            what = "what it looks for in each class"
            alt = f"the weights of {row.title} on the pixels, one image a class"
        else:
            continue
        if drawn is not None:
            scale = mosaics.scale(run.image_shape[2]) if row.kind == "network" else SIGNS
            caption = f"{row.title}: {what}, {scale}"
            pixels = mosaics.mosaic(drawn, COLUMNS)
            yield Picture(f"weights-{row.method}", GROUP, caption, alt, pixels)
