"""Classify pictures of your own: `python -m pipeline.predict METHOD IMAGE...`.

METHOD is any row of a table that has been run here, such as `hog-linear_svm` or `lenet5`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.stage import paths
from pipeline.stage.errors import UserError
from pipeline.stage.files import read_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHOWN = 5


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.predict", description="Classify pictures of your own."
    )
    parser.add_argument("method", help="a method that was run here: hog-linear_svm, lenet5, ...")
    parser.add_argument("images", nargs="+", metavar="IMAGE", type=Path)
    parser.add_argument("--dataset", help="the images that it was trained on")
    parser.add_argument(
        "--invert", action="store_true", help="dark on light pictures for light on dark methods"
    )
    return parser.parse_args(words)


def trained_on(method: str, dataset: str | None) -> str:
    """Return the dataset that a method was trained on.

    Raises
    ------
    UserError
        There is none, or more than one and no choice.
    """
    scores = paths.ARTIFACTS / "scores"
    described = {
        file.parents[1].name: read_json(file) for file in scores.glob(f"*/{method}/method.json")
    }
    ran = sorted(name for name, found in described.items() if found["status"] != "skipped")
    if dataset in ran:
        return str(dataset)
    if dataset is None and len(ran) == 1:
        return ran[0]
    known = sorted({file.parent.name for file in scores.glob("*/*/method.json")})
    if not ran:
        raise UserError(f"{method}: not trained here; found {', '.join(known) or 'nothing'}")
    raise UserError(f"{method}: trained on {', '.join(ran)}; choose with --dataset")


def read_images(files: list[Path], shape: list[int], *, invert: bool) -> NDArray[np.uint8]:
    """Bring pictures to the form of a dataset: its size, and grey where it is."""
    import numpy as np

    from pipeline.ingest.photographs import decode

    images = np.stack([decode(file.read_bytes(), str(file), shape[0]) for file in files])
    if shape[2] == 1:
        # The weights of ITU-R BT.601, as Pillow has them for its grey images.
        images = np.rint(images @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)[..., None]
    return 255 - images if invert else images


def border(images: NDArray[np.uint8]) -> float:
    """Return the mean brightness of the outermost pixels, 0 to 255."""
    import numpy as np

    inside = np.zeros(images.shape[1:3], bool)
    inside[1:-1, 1:-1] = True
    return float(images[:, ~inside].mean())


def classify(method: str, dataset: str, images: NDArray[np.uint8]) -> tuple[Any, bool]:
    """Return each image's scores [n, classes], and whether they are probabilities."""
    from scipy.special import softmax

    description = read_json(paths.scores(dataset, method) / "method.json")
    if description["kind"] == "network":
        from pipeline.scoring import network

        scores = network.scorer(dataset, method)(images)
    else:
        from pipeline.scoring import classical

        scores = classical.scorer(dataset, *method.split("-"))(images)
    logits = description["scores"] == "logits"
    return (softmax(scores, axis=1) if logits else scores), logits


def main(words: list[str] | None = None) -> int:
    """Classify, print, and return the exit code."""
    chosen = arguments(words)
    try:
        dataset = trained_on(chosen.method, chosen.dataset)
        info = read_json(paths.data(dataset) / "dataset.json")
        images = read_images(chosen.images, info["image_shape"], invert=chosen.invert)
        scores, probabilities = classify(chosen.method, dataset, images)
    except (UserError, OSError) as error:
        print(f"predict: {error}", file=sys.stderr)
        return 1
    height, width, channels = info["image_shape"]
    kind = "grey" if channels == 1 else "colour"
    print(f"{chosen.method}, trained on {info['title']}: {height}x{width} pixels, {kind}")
    for file, own in zip(chosen.images, scores, strict=True):
        print(file)
        for place in (-own).argsort(kind="stable")[:SHOWN]:
            value = f"{100 * own[place]:6.2f} %" if probabilities else f"{own[place]:8.3f}"
            print(f"  {value}  {info['class_names'][place]}")
    _warn_of_inverted(dataset, images)
    return 0


def _warn_of_inverted(dataset: str, images: NDArray[np.uint8]) -> None:
    """Say so where the pictures' borders are light and those of the training images dark."""
    from pipeline.stage.files import read_array

    usual = border(read_array(paths.data(dataset) / "test_images.npy", mmap=True)[:200])
    if abs(border(images) - usual) > abs(255 - border(images) - usual):
        print(
            f"the border of these pictures has a brightness of {border(images):.0f}, that of the "
            f"training images {usual:.0f}: try --invert",
            file=sys.stderr,
        )


if __name__ == "__main__":
    raise SystemExit(main())
