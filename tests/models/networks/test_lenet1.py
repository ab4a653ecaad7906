"""LeNet-1, layer by layer."""

from __future__ import annotations

import jax
import pytest
from flax import nnx

from models import counting
from models.networks.lenet1 import CONNECTIONS, TABLE, Network
from models.training.program import Blueprint

LAYERS = ("h1", "h2", "h3", "h4", "output")


def parameters_of_each_layer():
    model = Blueprint(Network, (28, 28, 1), 10).abstract()
    return {
        name: sum(leaf.size for leaf in jax.tree.leaves(nnx.state(getattr(model, name))))
        for name in LAYERS
    }


def test_parameters_of_each_layer():
    assert parameters_of_each_layer() == {"h1": 104, "h2": 8, "h3": 512, "h4": 24, "output": 1_930}


def test_connections_are_the_papers():
    # A shared weight or bias is one connection for each unit of its map; a subsampling unit has
    # its four inputs and its bias.
    counts = parameters_of_each_layer()
    convolutions = 24 * 24 * counts["h1"] + 8 * 8 * counts["h3"]
    subsampling = (4 * 12 * 12 + 12 * 4 * 4) * 5
    assert convolutions + subsampling + counts["output"] == CONNECTIONS == 98_442


def test_four_maps_see_one_and_eight_see_two_of_the_same_half():
    assert sorted(len(seen) for seen in TABLE) == [1] * 4 + [2] * 8
    assert all(set(seen) <= {0, 1} or set(seen) <= {2, 3} for seen in TABLE)
    assert [sum(channel in seen for seen in TABLE) for channel in range(4)] == [5] * 4


@pytest.mark.parametrize("side", [8, 16, 28])
def test_small_images_cost_what_the_field_costs(side: int):
    plan = Blueprint(Network, (side, side, 1), 10)
    assert counting.parameters(plan) == 2_578
    assert counting.macs(plan) == 91_520
