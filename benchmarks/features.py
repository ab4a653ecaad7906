"""Features beside scikit-image and OpenCV, image by image: `python -m benchmarks.features`.

One core, digits at 28x28. Ours in batched NumPy, and in JAX on this CPU, which is there for
accelerators and not meant to win here. A peer computes no more than its library offers: where the
edges end in a pooled vector, ours pools and the peer does not. Puts its rows into
benchmarks/results/features.csv; a ratio above 1 means ours is faster.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from math import pi

import cv2
import jax
import numpy as np
from skimage import feature, filters
from skimage.transform import resize
from sklearn.datasets import load_digits

from benchmarks.parts import turns
from features import accelerated
from features.canny import Feature as Canny
from features.gabor import Feature as Gabor
from features.hog import Feature as Hog
from features.ops.image_feature import ImageFeature
from features.sobel import Feature as Sobel
from pipeline.stage.environment import pin_threads

Image = np.ndarray
Peers = dict[str, Callable[[Image], object]]

DEVICE = "cpu, 1 core"
SIDE = 28
COUNT = 500  # images a turn
FEW = 20  # of the slowest peer
SKIMAGE = f"scikit-image {version('scikit-image')} per image"
OPENCV = f"OpenCV {cv2.__version__} per image"


def skimage_hog(image: Image) -> object:
    """Compute what votes="nearest" computes."""
    return feature.hog(
        image,
        orientations=9,
        pixels_per_cell=(4, 4),
        cells_per_block=(2, 2),
        block_norm="L2-Hys",
        feature_vector=True,
    )


def skimage_gabor(image: Image) -> object:
    """Filter with the default set: 8 directions, 3 wavelengths half an octave apart."""
    return [
        filters.gabor(image / 255, 1 / (4 * 2 ** (step / 2)), k * pi / 8, bandwidth=1.5)
        for step in range(3)
        for k in range(8)
    ]


def opencv_sobel(image: Image) -> object:
    """Compute both gradients."""
    return [cv2.Sobel(image, cv2.CV_32F, *order, ksize=3) for order in ((1, 0), (0, 1))]


def opencv_canny(image: Image) -> object:
    """Smooth and find edges; whole numbers throughout, other edges than ours."""
    return cv2.Canny(cv2.GaussianBlur(image, (9, 9), 1.0), 26, 51)


CASES: dict[str, tuple[ImageFeature, Peers]] = {
    "sobel": (
        Sobel(),
        {
            SKIMAGE: lambda image: (filters.sobel_h(image / 255), filters.sobel_v(image / 255)),
            OPENCV: opencv_sobel,
        },
    ),
    "canny": (
        Canny(),
        {
            SKIMAGE: lambda image: feature.canny(
                image / 255, 1.0, low_threshold=0.1, high_threshold=0.2, mode="nearest"
            ),
            OPENCV: opencv_canny,
        },
    ),
    "gabor": (Gabor(), {SKIMAGE: skimage_gabor}),
    "hog, nearest votes": (Hog(votes="nearest"), {SKIMAGE: skimage_hog}),
    # The peer shares no vote among bins and cells: it computes less.
    "hog, bilinear votes": (Hog(votes="bilinear"), {SKIMAGE: skimage_hog}),
}


def main() -> None:
    """Measure all features and write the table."""
    os.environ["HINDSIGHT_THREADS"] = "1"
    pin_threads()  # XLA's too, which start with the first call
    digits = load_digits().images[:COUNT] / 16
    images = np.rint(255 * resize(digits, (COUNT, SIDE, SIDE), order=1)).astype(np.uint8)
    cv2.setNumThreads(1)
    table = []
    for case, (own, peers) in CASES.items():
        some = images[: FEW if case == "gabor" else COUNT]
        batch, transform = some[..., None], accelerated.transform(own)
        calls = {
            name: partial(lambda peer, some: [peer(image) for image in some], peer, some)
            for name, peer in peers.items()
        }
        ours = {
            "batched NumPy": partial(own.transform, batch),
            "JAX on this CPU": partial(
                lambda transform, batch: jax.block_until_ready(transform(batch)), transform, batch
            ),
        }
        table += turns.rows(f"{case}, {SIDE}x{SIDE}", DEVICE, ours, calls, len(some))
    turns.put("features", table)


if __name__ == "__main__":
    main()
