"""Features that draw images from their codes: what survives the code, and what lies between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from features.ops.parameters import key
from pipeline.drawing import mosaics
from pipeline.drawing.dictionaries import GROUP as DICTIONARIES
from pipeline.drawing.picture import COLUMNS, Picture, Run

GROUP = "Images from codes"
FIRST_LAYER = "encoder_hidden.kernel"  # among the learned arrays, [pixels, units]
FILTERS, FILTER_COLUMNS = 96, 16
DRAWN = 24  # images from random codes
SIDE = 20  # images along each axis of the plane
TRAINED_ON, POINTS = 10_000, 1_000
Images = NDArray[np.uint8]


@runtime_checkable
class Decodes(Protocol):
    """What a feature offers besides `fit` and `transform` to be drawn here.

    `code`, the length of its code, is a parameter of its constructor.
    """

    code: int

    def decode(self, codes: NDArray[np.float32]) -> NDArray[np.float32]: ...  # noqa: D102
    def reconstruct(self, images: Images) -> NDArray[np.float32]: ...  # noqa: D102
    def inpaint(self, images: Images, missing: NDArray[np.bool_]) -> NDArray[np.float32]: ...  # noqa: D102


def draw(run: Run) -> Iterator[Picture]:
    """Yield reconstructions, filled gaps, images from random codes and the plane of two numbers."""
    for title, feature, arrays in run.features():
        if isinstance(feature, Decodes):
            name = key(feature)
            if FIRST_LAYER in arrays:
                yield _filters(run, arrays[FIRST_LAYER], title, name)
            for kind, caption, alt, pixels in _pictures(run, feature):
                yield Picture(f"{kind}-{name}", GROUP, f"{title}: {caption}", alt, pixels)
            yield _plane(run, feature, title, name)


def _pictures(run: Run, feature: Any) -> Iterator[tuple[str, str, str, Images]]:
    images = run.one_of_each()
    again = _pixels(feature.reconstruct(images))
    yield (
        "reconstructed",
        f"above the test images, below what its {feature.code} numbers keep of each",
        f"{len(images)} test images in the first row, their reconstructions in the second",
        _rows(images, again),
    )
    gap = _middle(run.image_shape)
    masked = np.where(gap[..., None], np.uint8(mosaics.BETWEEN), images)
    yield (
        "filled",
        "a grey patch is missing in each image above; below it is filled in by reconstructing the "
        "image again and again, where its rest tells enough",
        f"{len(images)} test images with a missing patch, and the same filled in",
        _rows(masked, _pixels(feature.inpaint(images, gap))),
    )
    codes = feature.transform(run.array("test_images")[run.spread(POINTS)])
    rng = np.random.default_rng(0)
    random = rng.multivariate_normal(
        codes.mean(0), np.atleast_2d(np.cov(codes, rowvar=False)), DRAWN
    )
    yield (
        "random",
        "images of codes drawn at random, with the mean and covariance of the test images' codes, "
        "that no image had",
        f"{DRAWN} images decoded from random codes",
        mosaics.mosaic(_pixels(feature.decode(random.astype(np.float32))), COLUMNS),
    )


def _filters(run: Run, kernel: NDArray[np.float32], title: str, name: str) -> Picture:
    filters = kernel.T.reshape(-1, *run.image_shape)
    shown = mosaics.drawn(filters[:FILTERS])
    return Picture(
        f"filters-{name}",
        DICTIONARIES,
        f"{title}: what a unit of its first layer looks for ({len(shown)} of {len(filters)} units),"
        f" {mosaics.scale(run.image_shape[2])}",
        f"the weights of {len(shown)} units of the first layer on the pixels",
        mosaics.mosaic(shown, FILTER_COLUMNS),
    )


def in_two_numbers(run: Run, feature: Any) -> Any:
    """Return the feature if its code is two numbers, or one like it that was trained so."""
    if feature.code == 2:
        return feature
    images = run.array("train_images")
    return clone(feature).set_params(code=2).fit(images[:: -(-len(images) // TRAINED_ON)])


def _plane(run: Run, feature: Any, title: str, name: str) -> Picture:
    planar = in_two_numbers(run, feature)
    codes = planar.transform(run.array("test_images"))
    # Steps hold equally many test images: the codes lie densely in few places.
    first, second = np.quantile(codes, (np.arange(SIDE) + 0.5) / SIDE, axis=0).T
    places = np.stack(np.meshgrid(first, second[::-1]), axis=-1).reshape(-1, 2)
    images = _pixels(planar.decode(places.astype(np.float32)))
    classes = np.array(run.info["class_names"])[run.array("test_labels")]
    points = pd.DataFrame({"z1": codes[:, 0], "z2": codes[:, 1], "class": classes})
    return Picture(
        f"plane-{name}",
        GROUP,
        f"{title} with a code of two numbers: z1 grows from left to right and z2 from bottom to "
        "top, in steps of equally many test images",
        f"{SIDE} by {SIDE} images decoded from the plane of a code of two numbers",
        mosaics.mosaic(images, SIDE),
        points.iloc[run.spread(POINTS)],
    )


def _pixels(images: NDArray[np.float32]) -> Images:
    return np.rint(255 * images).astype(np.uint8)


def _rows(above: Images, below: Images) -> Images:
    return mosaics.mosaic(np.concatenate([above, below]), len(above))


def _middle(image_shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    height, width, _ = image_shape
    gap = np.zeros((height, width), bool)
    gap[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3] = True
    return gap
