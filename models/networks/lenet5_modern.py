"""LeNet-5's geometry with the parts that came later: the ladder between 1998 and 2015.

With every part switched off it is LeNet-5 as it is usually drawn. Measured on MNIST: 99.5 % after
80 epochs with distortions and without dropout.
"""

from __future__ import annotations

from itertools import pairwise

import jax
import jax.numpy as jnp
from flax import nnx

from models.layers.convolution import Convolution
from models.layers.field import centre
from models.layers.normalisation import batch_norm

TITLE = "LeNet-5 with later parts"
YEAR = 2015
CITATION = (
    "S. Ioffe, C. Szegedy, Batch normalization: accelerating deep network training by reducing "
    "internal covariate shift, International Conference on Machine Learning, 2015, pp. 448-456; "
    "V. Nair, G. Hinton, Rectified linear units improve restricted Boltzmann machines, "
    "International Conference on Machine Learning, 2010, pp. 807-814; "
    "G. Hinton et al., Improving neural networks by preventing co-adaptation of feature "
    "detectors, arXiv 1207.0580, 2012"
)
DEVIATIONS = (
    "no network of a paper: the geometry is LeNet-5's, so that the ladder changes one part a rung",
    "batch normalisation after the convolutions only, dropout in the fully connected layers only",
    "initial weights of variance 1 / inputs, as in LeNet-5, in front of ReLU too (K. He et al., "
    "2015: 2 / inputs)",
)

# No paper counts it: LeNet-5's 61,706, less 6 + 16 biases, and two numbers a normalised map.
IMAGE_SHAPE = (32, 32, 1)
CLASSES = 10
PARAMETERS = 61_728
MACS = 416_520

FIELD = 32
ACTIVATIONS = {"tanh": jnp.tanh, "relu": jax.nn.relu}
POOLINGS = ("average", "max")
NORMALISATIONS = ("none", "batch")


class Network(nnx.Module):
    """Two stages of convolution and pooling, three fully connected layers.

    Parameters
    ----------
    image_shape : tuple of int
        Height, width, channels.
    classes : int
    rngs : nnx.Rngs
    activation : {"relu", "tanh"}
    pooling : {"max", "average"}
    normalisation : {"batch", "none"}
        After each convolution, which then has no bias.
    dropout : float
        Share of the units of both hidden fully connected layers that a training step leaves out.
    depth : int
        Convolutions a stage: the further ones are 3x3 and keep the size.
    width : int
        Times as many maps and units as LeNet-5 has.

    Raises
    ------
    ValueError
        A word is none of those above, `dropout` not from 0 to below 1, `depth` or `width` below 1.
    """

    def __init__(
        self,
        *,
        image_shape: tuple[int, int, int],
        classes: int,
        rngs: nnx.Rngs,
        activation: str = "relu",
        pooling: str = "max",
        normalisation: str = "batch",
        dropout: float = 0.5,
        depth: int = 1,
        width: int = 1,
    ) -> None:
        for name, value, valid in (
            ("activation", activation, ACTIVATIONS),
            ("pooling", pooling, POOLINGS),
            ("normalisation", normalisation, NORMALISATIONS),
        ):
            if value not in valid:
                raise ValueError(f"{name}: found {value!r}, expected one of {', '.join(valid)}")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout: found {dropout}, expected 0 to below 1")
        for name, count in (("depth", depth), ("width", width)):
            if count < 1:
                raise ValueError(f"{name}: found {count}, expected at least 1")
        self.activation, self.pooling = activation, pooling
        height, columns, channels = image_shape
        sides = [((max(side, FIELD) - 4) // 2 - 4) // 2 for side in (height, columns)]
        maps = [channels, 6 * width, 16 * width]
        normalise = normalisation == "batch"
        self.stages = nnx.List(
            [
                nnx.List(
                    [
                        Block(before if place == 0 else after, after, place, normalise, rngs)
                        for place in range(depth)
                    ]
                )
                for before, after in pairwise(maps)
            ]
        )
        self.c5 = nnx.Linear(maps[-1] * sides[0] * sides[1], 120 * width, rngs=rngs)
        self.f6 = nnx.Linear(120 * width, 84 * width, rngs=rngs)
        self.output = nnx.Linear(84 * width, classes, rngs=rngs)
        self.dropout = nnx.Dropout(dropout, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """Map images [n, height, width, channels] to logits [n, classes]."""
        activate = ACTIVATIONS[self.activation]
        maps = centre(images, FIELD)
        for blocks in self.stages:
            for block in blocks:
                maps = activate(block(maps))
            maps = _halve(maps, self.pooling)
        units = maps.reshape(len(maps), -1)
        for layer in (self.c5, self.f6):
            units = self.dropout(activate(layer(units)))
        return self.output(units)


class Block(nnx.Module):
    """A convolution, normalised or with a bias: 5x5, or 3x3 that keeps the size."""

    def __init__(
        self, channels: int, filters: int, place: int, normalise: bool, rngs: nnx.Rngs
    ) -> None:
        size, padding = (5, 0) if place == 0 else (3, 1)
        self.convolution = Convolution(
            channels, filters, size, padding=padding, use_bias=not normalise, rngs=rngs
        )
        self.normalise = batch_norm(filters, rngs=rngs) if normalise else None

    def __call__(self, maps: jax.Array) -> jax.Array:
        """Map [n, height, width, channels] to [n, out_height, out_width, filters]."""
        maps = self.convolution(maps)
        return maps if self.normalise is None else self.normalise(maps)


def _halve(maps: jax.Array, pooling: str) -> jax.Array:
    """Pool squares of 2x2 that do not overlap; a last odd row or column is left out."""
    n, height, width, channels = maps.shape
    squares = maps[:, : height // 2 * 2, : width // 2 * 2].reshape(
        n, height // 2, 2, width // 2, 2, channels
    )
    return squares.max((2, 4)) if pooling == "max" else squares.mean((2, 4))
