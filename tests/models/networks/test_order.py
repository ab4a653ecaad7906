"""The order of the layers, which no count shows: written down from the papers."""

from __future__ import annotations

from types import ModuleType

import pytest
from flax import nnx

from models.layers import cuda_convnet as cuda_convnet_layers
from models.layers import perceptron, residual, subsampling
from models.layers.convolution import Convolution
from models.layers.subsampling import Subsampling
from models.layers.table_convolution import TableConvolution
from models.networks import (
    alexnet,
    alexnet_2012,
    cuda_convnet,
    cuda_convnet_lrn,
    lenet1,
    lenet5_1998,
    lenet_1989,
    mlp_300_100,
    plain20,
    resnet34,
    vgg19,
)
from models.training.blueprint import Blueprint

CLASSES = {
    Convolution: "conv",
    TableConvolution: "conv",
    Subsampling: "sum",
    nnx.Linear: "dense",
    nnx.BatchNorm: "norm",
    nnx.Dropout: "drop",
}
FUNCTIONS = ("squash", "max_pool", "average_pool", "across_maps", "within_maps")
HOMES = (cuda_convnet_layers, perceptron, residual, subsampling)

HEAD = "dense relu drop dense relu drop dense"
LOCAL = "conv relu across_maps max_pool "
BLOCK = "conv norm relu conv norm relu "
POOLED = "conv norm relu max_pool "


@pytest.mark.parametrize(
    ("module", "order"),
    [
        (lenet_1989, "conv squash conv squash dense squash dense squash"),
        (lenet1, "conv squash sum squash conv squash sum squash dense"),
        (lenet5_1998, "conv squash sum squash conv squash sum squash dense squash dense squash"),
        (mlp_300_100, "dense squash dense squash dense"),
        (cuda_convnet, "conv max_pool relu " + "conv relu average_pool " * 2 + "dense"),
        (
            cuda_convnet_lrn,
            "conv max_pool relu within_maps conv relu average_pool within_maps "
            "conv relu average_pool dense",
        ),
        (alexnet_2012, LOCAL * 2 + "conv relu " * 3 + "max_pool " + HEAD),
        (alexnet, POOLED * 2 + "conv norm relu " * 2 + POOLED + HEAD),
        (vgg19, "".join("conv relu " * n + "max_pool " for n in (2, 2, 4, 4, 4)) + HEAD),
        (plain20, "conv norm relu " + BLOCK * 9 + "dense"),
        (resnet34, POOLED + BLOCK * 16 + "dense"),
    ],
    ids=lambda value: getattr(value, "TITLE", ""),
)
def test_the_layers_are_in_the_papers_order(
    module: ModuleType, order: str, monkeypatch: pytest.MonkeyPatch
):
    called: list[str] = []

    def watch(owner: object, attribute: str, name: str):
        function = getattr(owner, attribute)

        def noted(*arguments: object, **options: object):
            called.append(name)
            return function(*arguments, **options)

        monkeypatch.setattr(owner, attribute, noted)

    for layer, name in CLASSES.items():
        watch(layer, "__call__", name)
    watch(nnx, "relu", "relu")
    for home in (module, *HOMES):
        for name in filter(vars(home).__contains__, FUNCTIONS):
            watch(home, name, name)
    Blueprint(module.Network, module.IMAGE_SHAPE, module.CLASSES).trace()
    assert called == order.split()
