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


def write_png(file: Path, pixels: NDArray[np.uint8]) -> None:
    """Write grey or colour pixels."""
    from PIL import Image

    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    with replacing(file) as stream:
        image.save(stream, format="png", optimize=True)


def main(dataset: str) -> None:
    """Draw all pictures and list what is said of them."""
    from pipeline.drawing import autoencoding, dictionaries, feature_maps, hard, picture, weights

    seen = picture.read(dataset)
    kinds = (hard, dictionaries, autoencoding, weights, feature_maps)
    pictures = [drawn for kind in kinds for drawn in kind.draw(seen)]
    folder = paths.TABLES / dataset / "pictures"
    captions = {}
    written = {"captions.json"}
    for drawn in pictures:
        write_png(folder / f"{drawn.name}.png", drawn.pixels)
        captions[f"{drawn.name}.png"] = {
            "group": drawn.group,
            "caption": drawn.caption,
            "alt": drawn.alt,
        }
        if drawn.points is not None:
            write_csv(folder / f"{drawn.name}.csv", drawn.points, floats="%.3f")
            written.add(f"{drawn.name}.csv")
    write_json(folder / "captions.json", captions)
    for file in folder.iterdir():
        if file.name not in written | captions.keys():
            file.unlink()


if __name__ == "__main__":
    run(main)
