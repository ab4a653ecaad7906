"""Classify pictures of your own: `python -m pipeline.predict METHOD IMAGE...`.

METHOD is what was trained here or, in a fresh clone, what results/models holds: `hog-linear_svm`,
`lenet5`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from pipeline.ingest.photographs import decode
from pipeline.scoring.trained import Trained, all_trained, border
from pipeline.stage import paths
from pipeline.stage.entry import blame, tool
from pipeline.stage.errors import UserError

SHOWN = 5


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.predict", description="Classify pictures of your own."
    )
    parser.add_argument("method", help="hog-linear_svm, lenet5, ...")
    parser.add_argument("images", nargs="+", metavar="IMAGE", type=Path)
    parser.add_argument("--dataset", help="the images that it was trained on")
    parser.add_argument(
        "--invert", action="store_true", help="dark on light pictures for light on dark methods"
    )
    return parser.parse_args(words)


def find(method: str, dataset: str | None) -> Trained:
    """Return a trained method, on the one dataset that there is or the one that is asked for.

    Raises
    ------
    UserError
        There is none, or more than one and no choice.
    """
    trained = all_trained()
    datasets = sorted(on for name, on in trained if name == method)
    if not datasets:
        methods = sorted({name for name, _ in trained})
        raise UserError(
            f"{method}: neither trained here nor in {paths.MODELS}; "
            f"found {', '.join(methods) or 'nothing'}"
        )
    if dataset is None and len(datasets) == 1:
        dataset = datasets[0]
    if dataset not in datasets:
        raise UserError(f"{method}: trained on {', '.join(datasets)}; choose with --dataset")
    return trained[method, dataset]()


def read_images(files: list[Path], shape: list[int], *, invert: bool) -> NDArray[np.uint8]:
    """Bring pictures to the form of a dataset: its size, and grey where it is."""
    images = np.stack([decode(file.read_bytes(), str(file), shape[0]) for file in files])
    if shape[2] == 1:
        # The weights of ITU-R BT.601, as Pillow has them for its grey images.
        images = np.rint(images @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)[..., None]
    return 255 - images if invert else images


@tool()
def main(words: list[str] | None = None) -> int:
    """Classify, print, and return the exit code."""
    chosen = arguments(words)
    trained = find(chosen.method, chosen.dataset)
    info = trained.description
    images = read_images(chosen.images, info["image_shape"], invert=chosen.invert)
    with blame(f"{chosen.method}: not of the code here", TypeError, KeyError):
        scores = trained.scorer()(images)
    height, width, channels = info["image_shape"]
    kind = "grey" if channels == 1 else "colour"
    probabilities = info["scores"] == "logits"
    if probabilities:
        scores = softmax(scores, axis=1)
    print(
        f"{chosen.method}, trained on {info['title']}: {height}x{width} pixels, {kind}, "
        f"{100 * info['accuracy']:.1f} % of its test images right"
    )
    for file, own in zip(chosen.images, scores, strict=True):
        print(str(file).encode(errors="replace").decode())
        for place in (-own).argsort(kind="stable")[:SHOWN]:
            value = f"{100 * own[place]:6.2f} %" if probabilities else f"{own[place]:8.3f}"
            print(f"  {value}  {info['class_names'][place]}")
    for file, image in zip(chosen.images, images, strict=True):
        _warn_of_inverted(file, info["border"], image[None])
    return 0


def _warn_of_inverted(file: Path, usual: float, image: NDArray[np.uint8]) -> None:
    """Say so where a picture's border is light and that of the training images dark."""
    if abs(border(image) - usual) > abs(255 - border(image) - usual):
        print(
            f"{file}: its border has a brightness of {border(image):.0f}, that of the training "
            f"images {usual:.0f}: try --invert",
            file=sys.stderr,
        )


if __name__ == "__main__":
    raise SystemExit(main())
