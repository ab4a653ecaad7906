"""Fully connected layers on pixels, the family of the multilayer perceptrons."""

from __future__ import annotations

from collections.abc import Sequence

import jax
from flax import nnx

from models.layers.squashing import squash


class Perceptron(nnx.Module):
    """Pixels, layers of squashed units, one linear output a class.

    Parameters
    ----------
    image_shape : tuple of int
        Height, width, channels.
    classes : int
    rngs : nnx.Rngs
    hidden : sequence of int
        Units of each hidden layer.

    Raises
    ------
    ValueError
        If a hidden layer has no unit.
    """

    def __init__(
        self,
        *,
        image_shape: tuple[int, int, int],
        classes: int,
        rngs: nnx.Rngs,
        hidden: Sequence[int],
    ) -> None:
        height, width, channels = image_shape
        units = height * width * channels
        self.hidden: nnx.List[nnx.Linear] = nnx.List([])
        for size in hidden:
            if size < 1:
                raise ValueError(f"hidden: found {size}, expected at least 1")
            self.hidden.append(nnx.Linear(units, size, rngs=rngs))
            units = size
        self.output = nnx.Linear(units, classes, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """Map images [n, height, width, channels] to scores [n, classes]."""
        units = images.reshape(len(images), -1)
        for layer in self.hidden:
            units = squash(layer(units))
        return self.output(units)
