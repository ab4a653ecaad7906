"""Features on an accelerator: a file here computes the feature of its name, batched, in JAX.

Its function ``describe(images, **parameters)`` takes uint8 images [n, height, width, channels], the
feature's own parameters and gives float32 [n, d], equal to the feature's within 1e-5. It is for
throughput alone: what is learned and scored comes from the feature itself, on every machine.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from features.ops.parameters import key

if TYPE_CHECKING:
    import jax
    import numpy as np
    from numpy.typing import NDArray

    from features.ops.image_feature import ImageFeature


def names() -> list[str]:
    """List the features that have an accelerated version, sorted."""
    return sorted(file.stem for file in Path(__file__).parent.glob("[!_]*.py"))


def transform(feature: ImageFeature) -> Callable[[NDArray[np.uint8]], jax.Array]:
    """Return the accelerated version of a feature, one program per shape of the images.

    Parameters
    ----------
    feature : ImageFeature
        Whose file's name is among `names`; its parameters are taken over.

    Returns
    -------
    callable
        From uint8 images [n, height, width, channels] to float32 [n, d] on the device. It checks
        neither parameters nor images; the feature's own ``fit`` does.
    """
    import jax  # not for those who only ask for names

    module = importlib.import_module(f"{__name__}.{key(feature)}")
    compiled = jax.jit(partial(module.describe, **feature.get_params()))

    def describe(images: NDArray[np.uint8]) -> jax.Array:
        with jax.enable_x64(True):  # every file says itself what is float32 and what float64
            vectors: jax.Array = compiled(images)
            return vectors

    return describe
