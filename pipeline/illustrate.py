"""Draw what was learned, and what is hard: `python -m pipeline.illustrate DATASET`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.stage import paths
from pipeline.stage.entry import run
from pipeline.stage.files import replacing, write_csv, write_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.drawing.picture import Picture


def write_png(file: Path, pixels: NDArray[np.uint8]) -> None:
    """Write grey or colour pixels."""
    from PIL import Image

    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    with replacing(file) as stream:
        image.save(stream, format="png", optimize=True)


def write(folder: Path, drawn: Picture) -> set[str]:
    """Write a picture and its points; return the names of the files."""
    write_png(folder / f"{drawn.name}.png", drawn.pixels)
    if drawn.points is None:
        return {f"{drawn.name}.png"}
    write_csv(folder / f"{drawn.name}.csv", drawn.points, floats="%.3f")
    return {f"{drawn.name}.png", f"{drawn.name}.csv"}


def caption(drawn: Picture) -> dict[str, dict[str, str]]:
    """Return what captions.json says of a picture."""
    words = {"group": drawn.group, "caption": drawn.caption, "alt": drawn.alt}
    return {f"{drawn.name}.png": words}


def main(dataset: str) -> None:
    """Draw all pictures and list what is said of them."""
    from pipeline.drawing import autoencoding, dictionaries, feature_maps, hard, picture, weights

    seen = picture.read(dataset)
    kinds = (hard, dictionaries, autoencoding, weights, feature_maps)
    pictures = [drawn for kind in kinds for drawn in kind.draw(seen)]
    folder = paths.TABLES / dataset / "pictures"
    captions: dict[str, dict[str, str]] = {}
    written = {"captions.json"}
    for drawn in pictures:
        written |= write(folder, drawn)
        captions |= caption(drawn)
    write_json(folder / "captions.json", captions)
    for file in folder.iterdir():
        if file.name not in written:
            file.unlink()


if __name__ == "__main__":
    run(main)
