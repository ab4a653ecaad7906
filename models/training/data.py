"""The images of a training run, and the order in which its steps see them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from models.training import devices
from models.training.recipe import Recipe

Array = jax.Array | NDArray[Any]  # the host's arrays go to the device when they are used


class Normalisation(NamedTuple):
    """Mean and standard deviation of the training pixels, float32 [channels], in 0 to 255."""

    mean: NDArray[np.float32]
    std: NDArray[np.float32]

    @classmethod
    def of(cls, images: NDArray[np.uint8]) -> Normalisation:
        """Measure them on `images`, uint8 [n, height, width, channels]."""
        levels = np.arange(256.0)
        means, deviations = [], []
        for channel in np.moveaxis(images, -1, 0):
            share = np.bincount(channel.ravel(), minlength=256) / channel.size
            means.append(levels @ share)
            deviations.append(np.sqrt((levels - means[-1]) ** 2 @ share))
        # A channel that is constant carries nothing: divide it by 1, not by 0.
        std = np.where(np.array(deviations) > 0, deviations, 1)
        return cls(np.array(means, np.float32), std.astype(np.float32))

    def __call__(self, images: jax.Array) -> jax.Array:
        """Bring uint8 images to mean 0 and standard deviation 1, float32."""
        return (images.astype(jnp.float32) - self.mean) / self.std


class Data(NamedTuple):
    """The training images, resident on the device as uint8, and what normalises them."""

    images: jax.Array
    labels: jax.Array
    normalisation: Normalisation


class Batches(NamedTuple):
    """Which images the next steps see.

    Attributes
    ----------
    indices : int32 array [seeds, steps, batch]
    weights : float32 array [steps, batch]
        0 for the images that only fill up the last batch of an epoch, otherwise 1.
    steps : int32 array [steps]
        The steps' numbers in the run.
    """

    indices: Array
    weights: Array
    steps: Array

    def part(self, steps: slice) -> Batches:
        """Return some of the steps."""
        return Batches(self.indices[:, steps], self.weights[steps], self.steps[steps])

    def filled(self, length: int) -> Batches:
        """Append steps of image 0, which are never made, up to `length`."""
        missing = length - len(self.steps)
        return Batches(
            np.pad(self.indices, ((0, 0), (0, missing), (0, 0))),
            np.pad(self.weights, ((0, missing), (0, 0))),
            np.pad(self.steps, (0, missing)),
        )

    def beside(self, images: jax.Array) -> Batches:
        """Divide every batch among the devices that the images were copied to."""
        mesh = devices.mesh_of(images)
        if mesh is None:
            return self
        return Batches(
            devices.divided(self.indices, mesh, axis=2),
            devices.divided(self.weights, mesh, axis=1),
            devices.copied(self.steps, mesh),
        )


def shuffled(seeds: Sequence[int], rows: NDArray[np.int64], recipe: Recipe, epoch: int) -> Batches:
    """Put the images `rows` into the random order of one epoch, cut into batches.

    The last batch is filled up with images of weight 0, so that every image counts once in the
    loss; in the averages of batch normalisation they take part like the other images.
    """
    steps = math.ceil(len(rows) / recipe.batch_size)
    size = steps * recipe.batch_size
    orders = [np.random.default_rng([seed, epoch]).permutation(rows) for seed in seeds]
    indices = np.stack([np.resize(order, size) for order in orders]).astype(np.int32)
    weights = (np.arange(size) < len(rows)).astype(np.float32)
    return Batches(
        indices.reshape(len(orders), steps, recipe.batch_size),
        weights.reshape(steps, recipe.batch_size),
        np.arange(epoch * steps, (epoch + 1) * steps, dtype=np.int32),
    )
