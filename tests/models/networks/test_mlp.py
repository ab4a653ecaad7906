"""The fully connected nets of LeCun et al. 1998."""

from __future__ import annotations

import pytest

from models import counting
from models.networks.mlp import Network
from models.training.blueprint import Blueprint


@pytest.mark.parametrize(
    ("hidden", "parameters", "macs"),
    [(300, 238_510, 238_200), (1000, 795_010, 794_000), (800, 636_010, 635_200), (2, 1_600, 1_588)],
)
def test_cost_on_mnist(hidden: int, parameters: int, macs: int):
    plan = Blueprint(Network, (28, 28, 1), 10, (("hidden", hidden),))
    assert counting.parameters(plan) == parameters
    assert counting.macs(plan) == macs


def test_the_paper_has_300_hidden_units():
    assert counting.parameters(Blueprint(Network, (28, 28, 1), 10)) == 238_510


def test_a_layer_without_units_is_refused():
    with pytest.raises(ValueError, match="hidden: found 0, expected at least 1"):
        Blueprint(Network, (28, 28, 1), 10, (("hidden", 0),)).abstract()
