"""What the convolutions of a network make of one image."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import numpy as np
from flax import nnx
from flax.traverse_util import flatten_dict
from numpy.typing import NDArray

from models.training.blueprint import Blueprint
from models.weights import from_arrays
from pipeline.drawing import mosaics
from pipeline.drawing.picture import Picture, Run
from pipeline.stage import blueprints

GROUP = "Feature maps"
SHOWN, COLUMNS = 16, 8
_KERNEL = re.compile(r"\.kernels?(\.\d+)?$")
SIZES = 2  # layers are drawn of so many sizes of maps, the largest first


def outputs(
    blueprint: Blueprint, arrays: Mapping[str, NDArray[Any]], images: NDArray[np.uint8]
) -> dict[str, NDArray[np.float32]]:
    """Compute what every layer of a trained network gives out.

    Parameters
    ----------
    blueprint : Blueprint
    arrays : mapping
        What the network learned, as `models.weights.to_arrays` names it.
    images : uint8 array [n, height, width, channels]

    Returns
    -------
    dict from the layer's name, such as ``c1``, to float32 array [n, ...]
    """
    learned, normalisation = from_arrays(blueprint, dict(arrays))
    first_seed = jax.tree.map(lambda leaf: leaf[0], learned)

    def run(learned: Any, images: jax.Array) -> Any:
        model = blueprint(nnx.Rngs(0))
        model.eval()
        nnx.update(model, *learned)
        recording = nnx.capture(model, nnx.Intermediate, method_outputs=nnx.Intermediate)
        return nnx.to_pure_dict(recording(normalisation(images))[1])

    # It runs once: XLA need not look for the fastest program.
    quickly = {"xla_backend_optimization_level": 0} if jax.default_backend() == "cpu" else None
    seen = flatten_dict(jax.jit(run, compiler_options=quickly)(first_seed, images))
    return {
        ".".join(map(str, path[: path.index("__call__")])): np.asarray(calls[0])
        for path, calls in seen.items()
        if path[-1] == "__call__"
    }


def convolutions(
    found: Mapping[str, NDArray[np.float32]], arrays: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[np.float32]]:
    """Keep the maps of layers that own kernels: one layer a size, the largest sizes first."""
    owners = {
        name[: place.start()]
        for name, array in arrays.items()
        if array.ndim == 4 and (place := _KERNEL.search(name))
    }
    by_size: dict[int, str] = {}
    for layer in sorted(owners & set(found)):
        if found[layer].ndim == 4:
            by_size.setdefault(found[layer].shape[1], layer)
    return {by_size[size]: found[by_size[size]] for size in sorted(by_size, reverse=True)[:SIZES]}


def draw(run: Run) -> Iterator[Picture]:
    """Yield the image, and a picture for some layers of every network with convolutions."""
    image = run.one_of_each()[-1:]
    begun = False
    for row in run.measured[run.measured["kind"] == "network"].itertuples():
        arrays = run.model(row.method)
        if not any(array.ndim == 4 for array in arrays.values()):
            continue
        classes = len(run.info["class_names"])
        plan = blueprints.network_of(row.method, run.image_shape, classes, json.loads(row.setting))
        for layer, maps in convolutions(outputs(plan, arrays, image), arrays).items():
            if not begun:
                begun = True
                caption = "The test image that the layers below look at"
                yield Picture("maps", GROUP, caption, "a test image", image[0])
            yield _picture(row, layer, maps[0])


def _picture(row: Any, layer: str, maps: NDArray[np.float32]) -> Picture:
    height, width, count = maps.shape
    shown = np.moveaxis(maps, -1, 0)[:SHOWN]
    number = f"{len(shown)} of {count}" if count > SHOWN else f"{count}"
    return Picture(
        f"maps-{row.method}-{layer}",
        GROUP,
        f"{row.title}, layer {layer}: where in the image each kernel answers ({number}), blue with "
        "a positive and orange with a negative sign",
        f"{number} feature maps of layer {layer} of {row.title}, {height}x{width} values each",
        mosaics.mosaic(mosaics.signed(shown), COLUMNS),
    )
