"""The papers' counts, apart from the networks' own files: a slip cannot change both."""

from __future__ import annotations

import importlib

import pytest

from models import counting
from models.layers.residual import CifarResidual, ImageNetResidual, Shortcut
from models.training.blueprint import Blueprint

# Parameters and multiply-accumulates; None where a paper counts something else.
FIGURES = {
    "lenet_1989": (9_760, 63_660),
    "lenet1": (2_578, None),
    "lenet5_1998": (60_000, None),
    "lenet5": (61_706, 416_520),
    "mlp": (238_510, 238_200),
    "mlp2": (1_600, 1_588),
    "mlp_300_100": (266_610, 266_200),
    "cuda_convnet": (89_578, None),
    "cuda_convnet_lrn": (89_578, None),
    "alexnet_2012": (60_965_224, 724_406_816),
    "alexnet": (62_379_720, 1_135_256_096),
    "vgg19": (143_667_240, 19_632_062_464),
    "resnet34_b": (21_797_672, 3_663_761_408),
    "resnet34": (21_623_848, 3_644_493_824),
    "plain34": (21_623_848, 3_644_493_824),
    "resnet20": (269_722, 40_551_040),
    "plain20": (269_722, 40_551_040),
    "resnet56": (853_018, 125_485_696),
    "plain56": (853_018, 125_485_696),
}


@pytest.mark.parametrize("key", FIGURES)
def test_a_network_states_the_papers_figures(key: str):
    module = importlib.import_module(f"models.networks.{key}")
    parameters, macs = FIGURES[key]
    assert parameters == module.PARAMETERS
    assert macs in (None, module.MACS)


@pytest.mark.parametrize(
    ("family", "blocks", "shortcut", "channels", "parameters", "macs"),
    [
        (CifarResidual, (3, 3, 3), "identity", 1, 269_434, None),
        (CifarResidual, (5, 5, 5), "none", 3, 464_154, 68_862_592),
        (CifarResidual, (7, 7, 7), "identity", 3, 658_586, 97_174_144),
        (CifarResidual, (18, 18, 18), "identity", 3, 1_727_962, 252_887_680),
        (ImageNetResidual, (2, 2, 2, 2), "projection", 3, 11_689_512, 1_814_073_344),
        (ImageNetResidual, (2, 2, 2, 2), "none", 3, 11_515_688, 1_794_805_760),
    ],
    ids=["ResNet-20, grey", "plain-32", "ResNet-44", "ResNet-110", "ResNet-18 B", "plain-18"],
)
def test_siblings_that_no_file_makes(
    family: type,
    blocks: tuple[int, ...],
    shortcut: Shortcut,
    channels: int,
    parameters: int,
    macs: int | None,
):
    network = type("Network", (family,), {"blocks": blocks, "shortcut": shortcut})
    side, classes = (32, 10) if family is CifarResidual else (224, 1000)
    plan = Blueprint(network, (side, side, channels), classes)
    assert counting.parameters(plan) == parameters
    if macs is not None:
        assert counting.macs(plan) == macs
