"""A trained network, ready to score images."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from models.training.data import Normalisation
from models.training.program import Learned, Program, predict, program
from models.weights import from_arrays
from pipeline.stage import blueprints


def plan(network: str, setting: dict[str, Any], dataset: dict[str, Any]) -> Program:
    """Prepare the network of one setting.

    Parameters
    ----------
    network : str
    setting : dict
        The options of network and recipe, `epochs` among them.
    dataset : dict
        With `image_shape` and `class_names`.
    """
    height, width, channels = dataset["image_shape"]
    shape, classes = (height, width, channels), len(dataset["class_names"])
    return program(
        blueprints.network_of(network, shape, classes, setting), blueprints.recipe_of(setting)
    )


def scorer(
    prepared: Program, arrays: dict[str, NDArray[Any]]
) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """Return a function from images, uint8 [n, height, width, channels], to [n, classes]."""
    scores, learned = compiled(prepared, arrays)
    return lambda images: np.asarray(scores(*learned, images))[0]


def compiled(
    prepared: Program, arrays: dict[str, NDArray[Any]]
) -> tuple[Any, tuple[Learned, Normalisation]]:
    """Return the function that `jax.jit` makes, and its arguments before the images."""
    # The program is bound: to hash it at every call takes as long as a small network does.
    return jax.jit(partial(predict, prepared)), from_arrays(prepared.blueprint, arrays)
