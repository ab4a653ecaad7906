"""A picture with its words, and the run that it is drawn from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.ingest.records import Records, open_images
from pipeline.stage import params, paths, plugins
from pipeline.stage.files import read_array, read_arrays, read_csv, read_json

COLUMNS = 12


class Picture(NamedTuple):
    """Pixels and what is said of them.

    Attributes
    ----------
    name : str
        Of its file.
    group : str
        The heading that it stands under.
    caption : str
        One sentence: what there is to see.
    alt : str
        What is drawn, for those who cannot see it.
    pixels : uint8 array [rows, columns, 1 or 3]
    points : DataFrame, optional
        Codes of test images, for a chart beside the picture: `z1`, `z2`, `class`.
    """

    name: str
    group: str
    caption: str
    alt: str
    pixels: NDArray[np.uint8]
    points: pd.DataFrame | None = None


class Run(NamedTuple):
    """What was measured on one dataset: rows of its accuracy table, and what is beside them."""

    dataset: str
    info: dict[str, Any]
    measured: pd.DataFrame

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        height, width, channels = self.info["image_shape"]
        return height, width, channels

    def array(self, name: str) -> NDArray[Any]:
        """Map one of the dataset's arrays, such as ``test_labels``."""
        return read_array(paths.data(self.dataset) / f"{name}.npy", mmap=True)

    def spread(self, most: int) -> NDArray[np.int64]:
        """Choose up to `most` test images from all over: those of a folder come class by class."""
        count = len(self.array("test_labels"))
        return np.linspace(0, count - 1, min(most, count)).astype(np.int64)

    def images(self, split: str) -> NDArray[np.uint8] | Records:
        """Open the images of ``train`` or ``test``, streamed or not."""
        return open_images(paths.data(self.dataset), split)

    def model(self, method: str) -> dict[str, NDArray[Any]]:
        """Read what a network or a classifier learned."""
        return read_arrays(paths.model(self.dataset, method))

    def features(self) -> Iterator[tuple[str, Any, dict[str, NDArray[Any]]]]:
        """Yield title, fitted feature and learned arrays of every feature that learned some."""
        checked = params.load()
        for name in dict.fromkeys(self.measured["feature"].dropna()):
            arrays = read_arrays(paths.learned(self.dataset, name))
            if arrays:
                options = checked.options("features", name, self.dataset)
                feature = plugins.load("features", name).Feature(**options)
                title = plugins.card("features", name).title
                yield title, feature.from_arrays(arrays), arrays

    def one_of_each(self) -> NDArray[np.uint8]:
        """Return the first test image of each class, of at most `COLUMNS` classes."""
        _, first = np.unique(self.array("test_labels"), return_index=True)
        return self.images("test")[first[:COLUMNS]]


def read(dataset: str) -> Run:
    """Read the table of a dataset."""
    accuracy = read_csv(paths.TABLES / dataset / "accuracy.csv")
    info = read_json(paths.data(dataset) / "dataset.json")
    return Run(dataset, info, accuracy[accuracy["accuracy"].notna()])
