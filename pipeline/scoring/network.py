"""A trained network, ready to score images."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.training.program import predict, program
from models.weights import from_arrays
from pipeline.stage import blueprints, params, paths
from pipeline.stage.files import read_arrays, read_json


def scorer(dataset: str, network: str) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """Load the first seed; return a function from uint8 images [n, h, w, c] to [n, classes]."""
    setting = read_json(paths.scores(dataset, network) / "method.json")["setting"]
    plan = blueprints.blueprint(dataset, network, setting)
    prepared = program(plan, blueprints.recipe(params.load(), dataset, setting))
    learned, normalisation = from_arrays(plan, read_arrays(paths.model(dataset, network)))
    return lambda images: np.asarray(predict(prepared, learned, normalisation, images))[0]
