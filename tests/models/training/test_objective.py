"""Losses, schedules and optimisers, by hand."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from models.training.objective import direction, losses, rate
from models.training.recipe import Recipe

RECIPE = Recipe(epochs=1)
PARAMS = {"kernel": jnp.array([[1.0, -2.0]]), "bias": jnp.array([3.0, 4.0])}
GRADIENTS = {"kernel": jnp.array([[0.5, -0.1]]), "bias": jnp.array([-2.0, 0.0])}


def test_cross_entropy():
    outputs = jnp.log(jnp.array([[0.7, 0.2, 0.1], [0.25, 0.5, 0.25]]))
    found = losses(RECIPE, outputs, jnp.array([0, 2]))
    np.testing.assert_allclose(found, [-np.log(0.7), -np.log(0.25)], rtol=1e-6)


def test_squared_error_is_half_the_distance_to_plus_and_minus_one():
    recipe = replace(RECIPE, loss="squared_error")
    outputs = jnp.array([[1.0, -1.0, 0.0], [0.0, 2.0, 1.0]])
    found = losses(recipe, outputs, jnp.array([0, 2]))
    np.testing.assert_allclose(found, [(0 + 0 + 1) / 2, (1 + 9 + 0) / 2], rtol=1e-6)


def test_the_map_criterion_is_equation_9_of_1998():
    # The scores are negative distances: y - log-sum of exp(-j) and all exp(-y), j = 1.
    outputs = np.array([[-0.5, -2.0, -3.0], [-4.0, -0.1, -1.0]])
    labels = np.array([0, 2])
    found = losses(replace(RECIPE, loss="map"), jnp.array(outputs), jnp.array(labels))
    expected = -outputs[[0, 1], labels] + np.log(np.exp(-1) + np.exp(outputs).sum(1))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_cosine_falls_from_one_to_zero():
    found = rate(RECIPE, jnp.array([0, 0.25, 0.5, 0.75, 1]))
    expected = [1, (1 + np.sqrt(0.5)) / 2, 0.5, (1 - np.sqrt(0.5)) / 2, 0]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_constant_stays():
    found = rate(replace(RECIPE, schedule="constant"), jnp.array([0, 0.3, 1]))
    np.testing.assert_array_equal(found, [1, 1, 1])


def test_steps_divide_by_ten_at_half_and_at_three_quarters():
    found = rate(replace(RECIPE, schedule="steps"), jnp.array([0, 0.49, 0.5, 0.74, 0.75, 1]))
    np.testing.assert_allclose(found, [1, 1, 0.1, 0.1, 0.01, 0.01], rtol=1e-6)


def test_a_warmup_rises_to_the_schedule():
    recipe = replace(RECIPE, schedule="steps", warmup=0.2)
    found = rate(recipe, jnp.array([0, 0.1, 0.2, 0.3, 0.6]))
    np.testing.assert_allclose(found, [0, 0.5, 1, 1, 0.1], rtol=1e-6)


def test_fan_in_divides_each_layer_by_the_inputs_of_its_units():
    ones = {
        "h1": {"kernels": [jnp.ones((5, 5, 1, 4)), jnp.ones((5, 5, 3, 2))], "bias": jnp.ones(6)},
        "output": {"kernel": jnp.ones((30, 10)), "bias": jnp.ones(10)},
        "scale": jnp.ones(4),
    }
    optimizer = direction(replace(RECIPE, learning_rate_by="fan_in", momentum=0))
    found, _ = optimizer.update(ones, optimizer.init(ones), ones)
    first = [float(leaf.ravel()[0]) for leaf in jax.tree.leaves(found)]
    assert first == pytest.approx([1 / 75, 1 / 25, 1 / 75, 1 / 30, 1 / 30, 1])
    state = nnx.state(nnx.Linear(30, 10, rngs=nnx.Rngs(0)), nnx.Param)
    ones = jax.tree.map(jnp.ones_like, nnx.State({"output": state}))
    found, _ = optimizer.update(ones, optimizer.init(ones), ones)
    for leaf in jax.tree.leaves(found):
        np.testing.assert_allclose(leaf, 1 / 30, rtol=1e-6)


def test_sgd_gathers_momentum():
    optimizer = direction(replace(RECIPE, momentum=0.9))
    state = optimizer.init(PARAMS)
    first, state = optimizer.update(GRADIENTS, state, PARAMS)
    second, _ = optimizer.update(GRADIENTS, state, PARAMS)
    np.testing.assert_allclose(first["bias"], [-2.0, 0.0])
    np.testing.assert_allclose(second["bias"], [-2.0 * 1.9, 0.0], rtol=1e-6)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_weights_decay_and_biases_do_not(optimizer: str):
    recipe = replace(RECIPE, optimizer=optimizer)
    without, with_decay = (
        direction(one).update(GRADIENTS, direction(one).init(PARAMS), PARAMS)[0]
        for one in (recipe, replace(recipe, weight_decay=0.1))
    )
    np.testing.assert_allclose(with_decay["kernel"], without["kernel"] + 0.1 * PARAMS["kernel"])
    np.testing.assert_array_equal(with_decay["bias"], without["bias"])


def test_adam_begins_with_the_signs_of_the_gradients():
    optimizer = direction(replace(RECIPE, optimizer="adam"))
    first, state = optimizer.update(GRADIENTS, optimizer.init(PARAMS), PARAMS)
    np.testing.assert_allclose(first["kernel"], [[1, -1]], rtol=1e-5)
    np.testing.assert_allclose(first["bias"], [-1, 0], rtol=1e-5)
    opposite = {name: -gradient for name, gradient in GRADIENTS.items()}
    second, _ = optimizer.update(opposite, state, PARAMS)
    mean = (0.9 * 0.1 - 0.1) / (1 - 0.9**2)  # of +1 and -1, without the bias of a start from 0
    np.testing.assert_allclose(second["kernel"], [[mean, -mean]], rtol=1e-4)


def test_decay_is_a_part_of_the_gradient_that_momentum_gathers():
    optimizer = direction(replace(RECIPE, momentum=0.9, weight_decay=0.1))
    _, state = optimizer.update(GRADIENTS, optimizer.init(PARAMS), PARAMS)
    second, _ = optimizer.update(GRADIENTS, state, PARAMS)
    penalised = GRADIENTS["kernel"] + 0.1 * PARAMS["kernel"]
    np.testing.assert_allclose(second["kernel"], 1.9 * penalised, rtol=1e-6)


def test_losses_are_float32_whatever_the_outputs_are():
    outputs = jnp.array([[0.0, 3.0]], jnp.bfloat16)
    found = losses(RECIPE, outputs, jnp.array([1]))
    assert found.dtype == jnp.float32
    np.testing.assert_allclose(found, np.log1p(np.exp(-3)), rtol=1e-5)
