"""A fitted feature and classifier, ready to score images."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.stage import params, paths, plugins
from pipeline.stage.files import read_arrays

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def scorer(
    dataset: str, feature: str, classifier: str
) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """Load both; return a function from uint8 images [n, h, w, c] to scores [n, classes]."""
    options = params.load().options("features", feature, dataset)
    extractor = plugins.load("features", feature).Feature(**options)
    extractor.from_arrays(read_arrays(paths.features(dataset, feature) / "state.npz"))
    model = plugins.load("classifiers", classifier).Classifier.from_arrays(
        read_arrays(paths.model(dataset, f"{feature}-{classifier}"))
    )
    return lambda images: model.scores(extractor.transform(images))
