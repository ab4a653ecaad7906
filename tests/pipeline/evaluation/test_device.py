"""What a program costs on a device, and the device's peak."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models import counting
from models.networks import lenet5, mlp
from models.training import program as programs
from models.training.blueprint import Blueprint
from models.training.data import Normalisation
from models.training.recipe import Recipe
from pipeline.evaluation import device
from pipeline.evaluation.clock import Timed

SHAPE, CLASSES, BATCH = (32, 32, 1), 10, 4


def test_the_cost_of_a_matrix_product():
    cost = device.cost(jax.jit(jnp.matmul), np.ones((8, 16), np.float32), np.ones((16, 4)))
    assert cost.flops == 2 * 8 * 16 * 4
    assert cost.bytes >= 4 * (8 * 16 + 16 * 4 + 8 * 4)


def test_the_columns_are_of_one_image():
    timed = Timed(4, 1.0, 1.0, np.array([0.5]))  # 8 images a second
    columns = device.Cost(400.0, 80.0).columns(4, flops=90, peak=1440.0, timed=timed)
    assert columns == {"flops": 90, "xla_flops": 100, "bytes": 20, "peak_share": 0.5}


# XLA counts element by element work too, and what a lowering of convolutions adds: on this
# project's CPU lowering LeNet-5 needs 1.73 times the products, its direct one 1.0 and a little.
@pytest.mark.parametrize(
    ("network", "low", "high"), [(mlp.Network, 1.0, 1.05), (lenet5.Network, 1.0, 1.8)]
)
def test_xla_counts_about_what_we_count(network: type, low: float, high: float):
    plan = Blueprint(network, SHAPE, CLASSES)
    program = programs.program(plan, Recipe(epochs=1))
    learned = jax.eval_shape(lambda: programs.initial(program, jnp.zeros(1, jnp.uint32))).learned
    normalisation = Normalisation(np.zeros(1, np.float32), np.ones(1, np.float32))
    images = np.zeros((BATCH, *SHAPE), np.uint8)
    cost = device.cost(programs.predict, program, learned, normalisation, images)
    assert low < cost.flops / BATCH / (2 * counting.macs(plan)) < high


def test_the_peak_is_of_the_largest_matrices_that_are_needed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(device, "SIDES", (64, 128))
    seconds = iter([1.0, 0.001, *[1.0] * 3, 0.5, 0.02, *[1.0] * 3])
    monkeypatch.setattr(device, "_seconds", lambda *_: next(seconds))
    assert device.peak_flops("float32") == pytest.approx(2 * 64**3 / 0.001)
    assert next(seconds, None) is None


def test_no_accelerator_here_and_no_memory_of_its_own():
    assert device.accelerator() is None
    assert device.name() == "cpu"
    assert device.peak_memory_mib() is None
