"""LeNet-5 as it is usually drawn, layer by layer."""

from __future__ import annotations

import jax
import pytest
from flax import nnx

from models import counting
from models.networks.lenet5 import Network
from models.training.blueprint import Blueprint


@pytest.mark.parametrize("side", [8, 28, 32])
def test_cost_at_ten_classes(side: int):
    plan = Blueprint(Network, (side, side, 1), 10)
    assert counting.parameters(plan) == 61_706
    assert counting.macs(plan) == 416_520


def test_parameters_of_each_layer():
    model = Blueprint(Network, (32, 32, 1), 10).abstract()
    counts = {
        name: sum(leaf.size for leaf in jax.tree.leaves(nnx.state(getattr(model, name))))
        for name in ("c1", "c3", "c5", "f6", "output")
    }
    assert counts == {"c1": 156, "c3": 2_416, "c5": 48_120, "f6": 10_164, "output": 850}
