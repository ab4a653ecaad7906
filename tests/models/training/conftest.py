"""Networks of a few weights, and images for them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from PIL import Image

from models.layers.convolution import Convolution
from models.training.blueprint import Blueprint
from pipeline.ingest.records import Records, recording

SHAPE, CLASSES = (4, 4, 1), 3


class Linear(nnx.Module):
    """Pixels to scores."""

    def __init__(self, *, image_shape: tuple[int, int, int], classes: int, rngs: nnx.Rngs):
        self.output = nnx.Linear(int(np.prod(image_shape)), classes, rngs=rngs)

    def __call__(self, images: jax.Array):
        return self.output(images.reshape(len(images), -1))


class Deep(nnx.Module):
    """A convolution, and all that differs between training and prediction."""

    def __init__(self, *, image_shape: tuple[int, int, int], classes: int, rngs: nnx.Rngs):
        self.convolution = Convolution(image_shape[-1], 4, 3, padding=1, rngs=rngs)
        self.norm = nnx.BatchNorm(4, momentum=0.9, rngs=rngs)
        self.hidden = nnx.Linear(4 * image_shape[0] * image_shape[1], 8, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)
        self.output = nnx.Linear(8, classes, rngs=rngs)

    def __call__(self, images: jax.Array):
        maps = jnp.tanh(self.norm(self.convolution(images)))
        units = jnp.tanh(self.hidden(maps.reshape(len(maps), -1)))
        return self.output(self.dropout(units))


class Masks(nnx.Module):
    """Two dropout layers of one size that note what they leave out."""

    def __init__(self, *, image_shape: tuple[int, int, int], classes: int, rngs: nnx.Rngs):
        self.first = nnx.Dropout(0.5, rngs=rngs)
        self.second = nnx.Dropout(0.5, rngs=rngs)
        self.masks = nnx.BatchStat(jnp.zeros((2, 64)))
        self.output = nnx.Linear(64, classes, rngs=rngs)

    def __call__(self, images: jax.Array):
        masks = jnp.stack([self.first(jnp.ones(64)), self.second(jnp.ones(64))])
        self.masks[...] = masks
        return self.output(images.mean((1, 2)) * masks.sum(0))


@pytest.fixture
def linear():
    return Blueprint(Linear, SHAPE, CLASSES)


@pytest.fixture
def deep():
    return Blueprint(Deep, SHAPE, CLASSES)


@pytest.fixture
def masks():
    return Blueprint(Masks, SHAPE, CLASSES)


@pytest.fixture(params=[Linear, Deep])
def blueprint(request: pytest.FixtureRequest):
    return Blueprint(request.param, SHAPE, CLASSES)


@pytest.fixture(scope="session")
def data() -> tuple[Any, Any]:
    """Twenty-two images, uint8 [22, 4, 4, 1], and labels: two batches of 8 and one of 6."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, 22)
    images = rng.integers(0, 100, (22, *SHAPE)) + 70 * labels[:, None, None, None]
    return images.astype(np.uint8), labels


@pytest.fixture(scope="session")
def record() -> Callable[[Path, Any], Records]:
    """Record grey images, uint8 [n, size, size, 1], as PNG, which loses nothing."""

    def write(file: Path, images: Any) -> Records:
        with recording(file, len(images)) as recorder:
            for number, image in enumerate(images):
                content = io.BytesIO()
                Image.fromarray(image[..., 0]).save(content, "png")
                recorder.write(number, content.getvalue())
                recorder.measure(number, image.repeat(3, axis=-1))
        return Records(file, images.shape[1:])

    return write


@pytest.fixture
def recorded(data: tuple[Any, Any], record: Callable[[Path, Any], Records], tmp_path: Path):
    """The images of `data` as records, and their labels."""
    return record(tmp_path / "train_images.bin", data[0]), data[1]
