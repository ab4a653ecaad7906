"""Counting, on published networks that no method here uses and on cases worked by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from flax import nnx

from models import counting
from models.layers.convolution import Convolution, convolve
from models.training.blueprint import Blueprint

Layer = tuple[int | str, ...]
Transform = Callable[[Callable[..., Any]], Callable[..., Any]]


def conv(filters: int, size: int, *, stride: int = 1, padding: int = 0, groups: int = 1):
    return "conv", filters, size, stride, padding, groups


class Chain(nnx.Module):
    """A network from a table: convolutions, max poolings, then dense layers."""

    def __init__(
        self,
        *,
        image_shape: tuple[int, int, int],
        classes: int,
        rngs: nnx.Rngs,
        layers: tuple[Layer, ...] = (),
        normalised: bool = False,
        biased: bool = True,
    ):
        side, _, channels = image_shape
        self.table = (*layers, ("dense", classes))
        self.layers, self.norms = nnx.List([]), nnx.List([])
        for kind, *numbers in self.table:
            if kind == "conv":
                filters, size, stride, padding, groups = numbers
                self.layers.append(
                    Convolution(
                        channels,
                        filters,
                        size,
                        stride=stride,
                        padding=padding,
                        groups=groups,
                        use_bias=biased,
                        rngs=rngs,
                    )
                )
                if normalised:
                    self.norms.append(nnx.BatchNorm(filters, rngs=rngs))
                side, channels = (side + 2 * padding - size) // stride + 1, filters
            elif kind == "pool":
                size, stride = numbers
                side = (side - size) // stride + 1
            else:
                self.layers.append(nnx.Linear(side * side * channels, *numbers, rngs=rngs))
                side, channels = 1, *numbers

    def __call__(self, values: jax.Array):
        layers, norms = iter(self.layers), iter(self.norms)
        for kind, *numbers in self.table:
            if kind == "pool":
                size, stride = numbers
                values = nnx.max_pool(values, (size, size), (stride, stride))
                continue
            if kind == "dense":
                values = values.reshape(len(values), -1)
            values = next(layers)(values)
            if kind == "conv" and self.norms:
                values = next(norms)(values)
        return values


def alexnet(*filters: int, groups: int = 1):
    a, b, c, d, e = filters
    return (
        conv(a, 11, stride=4, padding=2),
        ("pool", 3, 2),
        conv(b, 5, padding=2, groups=groups),
        ("pool", 3, 2),
        conv(c, 3, padding=1),
        conv(d, 3, padding=1, groups=groups),
        conv(e, 3, padding=1, groups=groups),
        ("pool", 3, 2),
        ("dense", 4096),
        ("dense", 4096),
    )


TWO_TOWERS = alexnet(96, 256, 384, 384, 256, groups=2)
ONE_TOWER = alexnet(96, 256, 384, 384, 256)
TORCHVISION = alexnet(64, 192, 384, 256, 256)
VGG19 = tuple(
    layer
    for filters, count in ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
    for layer in (*(conv(filters, 3, padding=1),) * count, ("pool", 2, 2))
)
VGG16 = tuple(
    layer
    for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
    for layer in (*(conv(filters, 3, padding=1),) * count, ("pool", 2, 2))
)
HEAD = (("dense", 4096), ("dense", 4096))
CUDA_CONVNET = tuple(
    layer for filters in (32, 32, 64) for layer in (conv(filters, 5, padding=2), ("pool", 2, 2))
)


def plan(
    layers: tuple[Layer, ...],
    *,
    side: int = 224,
    channels: int = 3,
    classes: int = 1000,
    **options: bool,
):
    return Blueprint(Chain, (side, side, channels), classes, (("layers", layers), *options.items()))


@pytest.mark.parametrize(
    ("blueprint", "parameters", "macs"),
    [
        (plan((), side=28, channels=1, classes=10), 7_850, 7_840),
        (plan((), side=16, channels=1, classes=10), 2_570, 2_560),
        (plan((), side=32, classes=10), 30_730, 30_720),
        (plan((("dense", 300), ("dense", 100)), side=28, channels=1, classes=10), 266_610, 266_200),
        (plan((("dense", 500), ("dense", 150)), side=28, channels=1, classes=10), 469_160, 468_500),
        (plan(TWO_TOWERS), 60_965_224, 724_406_816),
        (plan(ONE_TOWER), 62_378_344, 1_135_256_096),
        (plan(ONE_TOWER, normalised=True), 62_381_096, 1_135_256_096),
        (plan(ONE_TOWER, normalised=True, biased=False), 62_379_720, 1_135_256_096),
        (plan(TORCHVISION), 61_100_840, 714_188_480),
        (plan((*VGG19, *HEAD)), 143_667_240, 19_632_062_464),
        (plan((*VGG19, *HEAD), normalised=True), 143_678_248, 19_632_062_464),
        (plan(VGG16, side=32, classes=10, normalised=True), 14_728_266, 313_201_664),
    ],
    ids=[
        "logistic regression, MNIST",
        "logistic regression, USPS",
        "logistic regression, CIFAR-10",
        "784-300-100-10",
        "784-500-150-10",
        "AlexNet, two towers",
        "AlexNet, one tower",
        "AlexNet, one tower, BatchNorm",
        "AlexNet, one tower, BatchNorm, no conv bias",
        "AlexNet, torchvision",
        "VGG-19",
        "VGG-19, BatchNorm",
        "VGG-16 for 32x32, BatchNorm",
    ],
)
def test_published_costs(blueprint: Blueprint, parameters: int, macs: int):
    assert counting.parameters(blueprint) == parameters
    assert counting.macs(blueprint) == macs


@pytest.mark.parametrize(
    ("layers", "side", "parameters"),
    [
        (ONE_TOWER, 224, 58_322_314),
        (TORCHVISION, 224, 57_044_810),
        ((*VGG19, *HEAD), 224, 139_611_210),
        (CUDA_CONVNET, 32, 89_578),
    ],
    ids=["AlexNet", "AlexNet, torchvision", "VGG-19", "cuda-convnet"],
)
def test_published_costs_with_ten_classes(layers: tuple[Layer, ...], side: int, parameters: int):
    assert counting.parameters(plan(layers, side=side, classes=10)) == parameters


@pytest.mark.parametrize(
    ("layer", "macs", "outputs"),
    [
        (conv(7, 3), 3 * 3 * 5 * 7 * 6 * 6, 6 * 6 * 7),
        (conv(7, 3, padding=1), 3 * 3 * 5 * 7 * 8 * 8, 8 * 8 * 7),  # the padding counts
        (conv(7, 3, stride=2), 3 * 3 * 5 * 7 * 3 * 3, 3 * 3 * 7),
        (conv(10, 3, groups=5), 3 * 3 * 1 * 10 * 6 * 6, 6 * 6 * 10),
        (("pool", 2, 2), 0, 4 * 4 * 5),
    ],
    ids=["plain", "padding", "stride", "groups", "pooling"],
)
def test_one_layer_by_hand(layer: Layer, macs: int, outputs: int):
    assert counting.macs(plan((layer,), side=8, channels=5, classes=2)) == macs + 2 * outputs


@pytest.mark.parametrize("transform", [jax.jit, jax.checkpoint])
def test_a_transformed_layer_counts_the_same_after_it_was_used(transform: Transform):
    transformed = transform(convolve)

    class Network(nnx.Module):
        def __init__(self, *, image_shape: tuple[int, ...], classes: int, rngs: nnx.Rngs):
            self.kernel = nnx.Param(jnp.ones((3, 3, image_shape[-1], classes)))

        def __call__(self, images: jax.Array):
            return transformed(images, self.kernel[...]).mean((1, 2))

    blueprint = Blueprint(Network, (8, 8, 1), 2)
    jax.make_jaxpr(blueprint(nnx.Rngs(0)))(jnp.ones((1, 8, 8, 1)))
    assert counting.macs(blueprint) == 3 * 3 * 2 * 6 * 6


def test_a_layer_that_is_used_again_counts_again():
    class Network(nnx.Module):
        def __init__(self, *, image_shape: tuple[int, ...], classes: int, rngs: nnx.Rngs):
            self.kernel = nnx.Param(jnp.ones((classes, classes)))

        def __call__(self, images: jax.Array):
            units = images[:, 0, :, 0]
            return jax.lax.scan(lambda u, _: (u @ self.kernel[...], None), units, length=5)[0]

    assert counting.macs(Blueprint(Network, (8, 3, 1), 3)) == 5 * 3 * 3


def test_statistics_and_random_streams_are_no_parameters():
    class Noisy(nnx.Module):
        def __init__(self, *, image_shape: tuple[int, ...], classes: int, rngs: nnx.Rngs):
            self.norm = nnx.BatchNorm(image_shape[-1], rngs=rngs)
            self.dropout = nnx.Dropout(0.5, rngs=rngs)

        def __call__(self, images: jax.Array):
            return self.dropout(self.norm(images)).mean((1, 2))

    plan = Blueprint(Noisy, (8, 8, 3), 3)
    assert counting.parameters(plan) == 6  # scale and bias, without mean and variance
    assert counting.macs(plan) == 0
