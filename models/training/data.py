"""The images of a training run, and the order in which its steps see them."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from models.training import devices
from models.training.recipe import Recipe

Array = jax.Array | NDArray[Any]  # the host's arrays go to the device when they are used


class Encoded(Protocol):
    """Images that are decoded when they are asked for, in whichever process that is.

    Its `str` is the file's name, for the messages.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an array [n, height, width, channels]."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: NDArray[Any]) -> NDArray[np.uint8]:
        """Decode the images of an int array [...] into uint8 [..., height, width, channels]."""

    def sums(self, rows: NDArray[np.int64]) -> tuple[int, list[int], list[int]]:
        """Return the pixels in some images, and each channel's sum of levels and of squares."""


Images = NDArray[np.uint8] | Encoded


class Normalisation(NamedTuple):
    """Mean and standard deviation of the training pixels, float32 [channels], in 0 to 255."""

    mean: NDArray[np.float32]
    std: NDArray[np.float32]

    @classmethod
    def of(cls, images: NDArray[np.uint8]) -> Normalisation:
        """Measure them on `images`, uint8 [n, height, width, channels]."""
        levels = np.arange(256)
        counts = [
            np.bincount(channel.ravel(), minlength=256) for channel in np.moveaxis(images, -1, 0)
        ]
        return cls.of_sums(
            math.prod(images.shape[:-1]),
            [int(levels @ count) for count in counts],
            [int(levels**2 @ count) for count in counts],
        )

    @classmethod
    def of_sums(cls, pixels: int, sums: Sequence[int], squares: Sequence[int]) -> Normalisation:
        """Measure them from each channel's sum of levels and of their squares.

        Whole numbers of any size: the same for any order of the images, to the last bit.
        """
        variances = [
            (pixels * square - total**2) / pixels**2
            for total, square in zip(sums, squares, strict=True)
        ]
        # A channel that is constant carries nothing: divide it by 1, not by 0.
        std = [math.sqrt(variance) if variance > 0 else 1.0 for variance in variances]
        mean = [total / pixels for total in sums]
        return cls(np.array(mean, np.float32), np.array(std, np.float32))

    def __call__(self, images: jax.Array) -> jax.Array:
        """Bring uint8 images to mean 0 and standard deviation 1, float32."""
        return (images.astype(jnp.float32) - self.mean) / self.std


class Batches(NamedTuple):
    """Which images the next steps see.

    Attributes
    ----------
    indices : int32 array [seeds, steps, batch]
    weights : float32 array [steps, batch]
        0 for the images that only fill up the last batch of an epoch, otherwise 1.
    steps : int32 array [steps]
        The steps' numbers in the run.
    images : uint8 array [seeds, steps of a call, batch, height, width, channels], optional
        Of streamed batches, which are those of one call: the images themselves, in place on the
        devices.
    """

    indices: Array
    weights: Array
    steps: Array
    images: jax.Array | None = None

    def part(self, steps: slice) -> Batches:
        """Return some of the steps."""
        return self._replace(
            indices=self.indices[:, steps], weights=self.weights[steps], steps=self.steps[steps]
        )

    def filled(self, length: int) -> Batches:
        """Append steps of image 0, which are never made, up to `length`."""
        missing = length - len(self.steps)
        return self._replace(
            indices=np.pad(self.indices, ((0, 0), (0, missing), (0, 0))),
            weights=np.pad(self.weights, ((0, missing), (0, 0))),
            steps=np.pad(self.steps, (0, missing)),
        )

    def beside(self, resident: jax.Array) -> Batches:
        """Divide every batch among the devices that an array was copied to."""
        mesh = devices.mesh_of(resident)
        if mesh is None:
            return self
        return self._replace(
            indices=devices.divided(self.indices, mesh, axis=2),
            weights=devices.divided(self.weights, mesh, axis=1),
            steps=devices.copied(self.steps, mesh),
        )


class Data(NamedTuple):
    """The training images, resident on the device as uint8, and what normalises them.

    `images` is ``None`` where every batch brings its own.
    """

    images: jax.Array | None
    labels: jax.Array
    normalisation: Normalisation

    def pixels(self, batch: Batches) -> Any:
        """Return a batch's images as uint8."""
        return batch.images if self.images is None else self.images[batch.indices]


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


class Order:
    """The order in which a run's steps see the images: a function of seeds and epoch alone.

    So a run may go on at any step. Indexed by a step it gives the images of its batch, int32
    [seeds, batch].

    Parameters
    ----------
    seeds : sequence of int
    rows : int array
        The images to train on.
    recipe : Recipe
    columns : int array or slice
        The part of every batch that indexing gives.
    """

    def __init__(
        self,
        seeds: Sequence[int],
        rows: NDArray[np.int64],
        recipe: Recipe,
        columns: NDArray[np.int64] | slice = slice(None),
    ) -> None:
        self.seeds, self.rows, self.recipe, self.columns = seeds, rows, recipe, columns
        self.steps = math.ceil(len(rows) / recipe.batch_size)
        self._latest: tuple[int, Batches] | None = None

    def __len__(self) -> int:
        """Return the number of steps of all epochs."""
        return self.recipe.epochs * self.steps

    def __getitem__(self, step: int) -> NDArray[np.int32]:
        epoch, place = divmod(step, self.steps)
        return np.asarray(self.epoch(epoch).indices)[:, place, self.columns]

    def epoch(self, epoch: int) -> Batches:
        """Return the batches of one epoch; it is asked for again and again."""
        if self._latest is None or self._latest[0] != epoch:
            self._latest = epoch, shuffled(self.seeds, self.rows, self.recipe, epoch)
        return self._latest[1]

    def calls(self, done: int, length: int) -> Generator[Batches, None, None]:
        """Yield the batches after `done` steps, at most `length` of one epoch at a time."""
        while done < len(self):
            epoch, first = divmod(done, self.steps)
            some = self.epoch(epoch).part(slice(first, first + length))
            done += len(some.steps)
            yield some
