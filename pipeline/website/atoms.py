"""Draw the atoms that photographs consist of: `python -m pipeline.website.atoms`.

The page shows the picture, which is in git as it takes four seconds and depends on no run: the
photographs come with scikit-image.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PICTURE = Path(__file__).with_name("atoms.png")
TILE = 128  # the photographs are cut up: a feature takes images of one size
PATCH, ATOMS, COLUMNS = 12, 192, 16


def tiles(photograph: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut a photograph [height, width, 3] into [n, TILE, TILE, 3]; what is left over is lost."""
    rows, columns = photograph.shape[0] // TILE, photograph.shape[1] // TILE
    whole = photograph[: rows * TILE, : columns * TILE]
    squares = whole.reshape(rows, TILE, columns, TILE, 3).swapaxes(1, 2)
    return squares.reshape(-1, TILE, TILE, 3)


def main() -> None:
    """Learn the atoms and write the picture."""
    from PIL import Image
    from skimage import color, data

    from features.sparse_code import Feature
    from pipeline.drawing import mosaics

    photographs = [data.chelsea(), data.coffee(), data.astronaut(), data.rocket()]
    photographs.append(color.gray2rgb(data.camera()))
    images = np.concatenate([tiles(photograph) for photograph in photographs])
    atoms = Feature(patch=PATCH, atoms=ATOMS).fit(images).dictionary_
    Image.fromarray(mosaics.mosaic(mosaics.signed(atoms), COLUMNS)).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
