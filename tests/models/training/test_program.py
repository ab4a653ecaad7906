"""The compiled step and prediction of a network."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from numpy.typing import NDArray

from models.networks import cuda_convnet
from models.training import program
from models.training.blueprint import Blueprint
from models.training.data import Data, Normalisation, shuffled
from models.training.program import Pace, Progress
from models.training.recipe import Recipe

Images = tuple[NDArray[np.uint8], NDArray[np.int64]]

RECIPE = Recipe(epochs=2, batch_size=8, learning_rate=0.1)
SEEDS = [0, 1]


def resident(data: Images):
    images, labels = data
    normalisation = Normalisation.of(images)
    return Data(jnp.asarray(images), jnp.asarray(labels, jnp.int32), normalisation)


def one_epoch(
    blueprint: Blueprint,
    data: Images,
    seeds: list[int],
    recipe: Recipe = RECIPE,
    *,
    at_once: bool = False,
):
    """Train from `seeds` for one epoch, step by step or in one program."""
    prepared = program.program(blueprint, recipe)
    batches = shuffled(seeds, np.arange(len(data[1])), recipe, epoch=0)
    pace = Pace(recipe.learning_rate, 2 * len(batches.steps), np.array(seeds, np.uint32))
    prepared = replace(prepared, steps_per_call=program.STEPS_PER_CALL if at_once else 1)
    start = program.start(prepared, pace.seeds)
    return program.advance(prepared, resident(data), pace, start, batches)


def assert_close(found: Progress, expected: Progress):
    for ours, theirs in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def test_one_program_for_all_steps_ends_where_single_steps_end(deep: Blueprint, data: Images):
    assert_close(one_epoch(deep, data, SEEDS, at_once=True), one_epoch(deep, data, SEEDS))


def test_seeds_together_learn_what_each_learns_alone(deep: Blueprint, data: Images):
    together = one_epoch(deep, data, SEEDS)
    for place, seed in enumerate(SEEDS):
        alone = one_epoch(deep, data, [seed])
        assert_close(jax.tree.map(lambda leaf, at=place: leaf[at : at + 1], together), alone)


def test_every_seed_starts_from_weights_of_its_own(deep: Blueprint):
    prepared = program.program(deep, RECIPE)
    started = program.start(prepared, np.array(SEEDS, np.uint32)).learned.params
    drawn = [leaf for leaf in jax.tree.leaves(started) if np.ptp(leaf)]
    assert len(drawn) >= 2
    for first, second in drawn:
        assert not np.array_equal(first, second)


def test_one_step_by_hand(linear: Blueprint, data: Images):
    images, labels = data
    recipe = Recipe(epochs=1, batch_size=22, learning_rate=0.01, loss="squared_error", momentum=0)
    prepared = program.program(linear, recipe)
    first = program.start(prepared, np.zeros(1, np.uint32)).learned.params["output"]
    kernel, bias = np.array(first["kernel"][...])[0], np.array(first["bias"][...])[0]
    inputs = (images.reshape(22, -1) - images.mean()) / images.std()
    errors = inputs @ kernel + bias - (2 * np.eye(3)[labels] - 1)

    after = one_epoch(linear, data, [0], recipe)
    learned = after.learned.params["output"]
    np.testing.assert_allclose(
        learned["kernel"][...][0], kernel - 0.01 * inputs.T @ errors / 22, rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(
        learned["bias"][...][0], bias - 0.01 * errors.mean(0), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(after.loss, (errors**2).sum() / 2, rtol=1e-5)


def test_images_that_only_fill_a_batch_change_nothing(linear: Blueprint, data: Images):
    few = data[0][:6], data[1][:6]
    filled = one_epoch(linear, few, [0])
    assert_close(filled, one_epoch(linear, few, [0], replace(RECIPE, batch_size=6)))
    assert filled.correct <= 6


def test_batch_normalisation_gathers_statistics(deep: Blueprint, data: Images):
    prepared = program.program(deep, RECIPE)
    before = program.start(prepared, np.zeros(1, np.uint32)).learned.statistics["norm"]
    assert not before["mean"][...].any()
    after = one_epoch(deep, data, [0]).learned.statistics["norm"]
    assert np.all(after["mean"][...] != 0)
    assert np.all(after["var"][...] != 1)


@pytest.mark.parametrize("augmentation", ["crop_flip", "planar", "elastic"])
def test_training_images_are_distorted_and_no_others(
    augmentation: str, linear: Blueprint, data: Images
):
    recipe = replace(RECIPE, augmentation=augmentation)
    plain, distorted = (one_epoch(linear, data, SEEDS, one) for one in (RECIPE, recipe))
    assert not np.allclose(*(run.learned.params["output"]["kernel"] for run in (plain, distorted)))
    assert_close(distorted, one_epoch(linear, data, SEEDS, recipe, at_once=True))
    scores = [
        program.predict(
            program.program(linear, one), plain.learned, Normalisation.of(data[0]), data[0]
        )
        for one in (RECIPE, recipe)
    ]
    np.testing.assert_array_equal(*scores)


def test_bfloat16_is_of_activations_and_not_of_weights(deep: Blueprint, data: Images):
    recipe = replace(RECIPE, dtype="bfloat16")
    half, full = (one_epoch(deep, data, SEEDS, one) for one in (recipe, RECIPE))
    assert {str(leaf.dtype) for leaf in jax.tree.leaves(half)} == {"float32"}
    errors = [
        np.abs(a - b).max()
        for a, b in zip(jax.tree.leaves(half.learned), jax.tree.leaves(full.learned), strict=True)
    ]
    assert 1e-5 < max(errors) < 0.05
    normalisation = Normalisation.of(data[0])
    rough = program.predict(program.program(deep, recipe), full.learned, normalisation, data[0])
    exact = program.predict(program.program(deep, RECIPE), full.learned, normalisation, data[0])
    assert rough.dtype == np.float32
    assert 1e-4 < np.abs(rough - exact).max() < 0.3


def test_prediction_leaves_no_unit_out(masks: Blueprint, data: Images):
    learned = one_epoch(masks, data, [0]).learned
    normalisation = Normalisation.of(data[0])
    scores = program.predict(program.program(masks, RECIPE), learned, normalisation, data[0])[0]
    means = normalisation(jnp.asarray(data[0])).mean((1, 2)) * 2 * jnp.ones(64)
    output = learned.params["output"]
    expected = means @ output["kernel"][...][0] + output["bias"][...][0]
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)


def test_prediction_does_not_look_at_the_rest_of_the_batch(deep: Blueprint, data: Images):
    prepared = program.program(deep, RECIPE)
    learned, normalisation = one_epoch(deep, data, [0]).learned, Normalisation.of(data[0])
    others = np.concatenate([data[0][:1], np.zeros_like(data[0][1:])])
    in_company, alone = (
        program.predict(prepared, learned, normalisation, images)[0, 0]
        for images in (data[0], others)
    )
    np.testing.assert_allclose(in_company, alone, rtol=1e-5, atol=1e-6)


def test_prediction_leaves_nothing_behind(deep: Blueprint, data: Images):
    prepared = program.program(deep, RECIPE)
    learned = one_epoch(deep, data, [0]).learned
    before = [np.array(leaf) for leaf in jax.tree.leaves(learned)]
    normalisation = Normalisation.of(data[0])
    first, again = (
        np.asarray(program.predict(prepared, learned, normalisation, data[0])) for _ in range(2)
    )
    assert first.shape == (1, 22, 3)
    assert first.dtype == np.float32
    assert first.tobytes() == again.tobytes()
    for old, new in zip(before, jax.tree.leaves(learned), strict=True):
        np.testing.assert_array_equal(old, new)


def test_dropout_masks_differ_between_layers_steps_and_seeds(masks: Blueprint, data: Images):
    drawn = [
        np.asarray(one_epoch(masks, (data[0][:n], data[1][:n]), [seed]).learned.statistics["masks"])
        for n in (8, 16)  # one step, two steps
        for seed in (0, 1)
    ]
    layers = [layer.tobytes() for masks in drawn for layer in masks[0]]
    assert set(np.unique(drawn)) == {0, 2}
    assert len(set(layers)) == len(layers) == 8


@pytest.mark.parametrize("channels", [1, 3])
def test_normalisation_is_that_of_numpy(channels: int):
    images = np.random.default_rng(0).integers(0, 256, (9, 5, 4, channels), dtype=np.uint8)
    found = Normalisation.of(images)
    assert found.mean.dtype == found.std.dtype == np.float32
    np.testing.assert_allclose(found.mean, images.mean((0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(found.std, images.std((0, 1, 2)), rtol=1e-6)
    normal = np.asarray(found(jnp.asarray(images)))
    assert normal.dtype == np.float32
    np.testing.assert_allclose(normal.mean((0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(normal.std((0, 1, 2)), 1, rtol=1e-5)


def test_a_constant_channel_becomes_zero():
    images = np.zeros((2, 3, 3, 2), np.uint8)
    images[..., 0], images[0, ..., 1] = 200, 10
    found = Normalisation.of(images)
    np.testing.assert_array_equal(found.std, [1, 5])
    assert not np.asarray(found(jnp.asarray(images)))[..., 0].any()
    np.testing.assert_allclose(Normalisation.of(images // 10).std, [1, 0.5])


def test_joined_seeds_stand_one_after_the_other():
    parts = [{"a": np.zeros((1, 2))}, {"a": np.ones((2, 2))}]
    np.testing.assert_array_equal(program.join(parts)["a"][:, 0], [0, 1, 1])


@pytest.mark.parametrize(("backend", "in_a_loop"), [("cpu", False), ("gpu", True), ("tpu", True)])
def test_convolutions_of_xla_run_in_a_loop_but_on_a_cpu(
    backend: str, monkeypatch: pytest.MonkeyPatch, *, in_a_loop: bool
):
    convolution = Blueprint(cuda_convnet.Network, (32, 32, 3), 10)
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    assert program._runs_in_a_loop.__wrapped__(convolution) is in_a_loop


def test_equal_blueprints_and_recipes_share_their_programs(linear: Blueprint):
    same = Blueprint(linear.network, linear.image_shape, linear.classes)
    other_rate = Recipe(epochs=9, batch_size=8, learning_rate=0.7, seeds=1)
    ours, theirs = program.program(linear, RECIPE), program.program(same, other_rate)
    assert ours == theirs
    assert hash(ours) == hash(theirs)
    assert ours != program.program(linear, Recipe(epochs=1, batch_size=9))


@pytest.mark.parametrize("at_once", [False, True])
def test_all_steps_run_one_compiled_program(
    deep: Blueprint, data: Images, monkeypatch: pytest.MonkeyPatch, *, at_once: bool
):
    def compiled() -> int:
        return program.one_step._cache_size() + program.many_steps._cache_size()

    monkeypatch.setattr(program, "STEPS_PER_CALL", 2)  # several calls an epoch
    recipe = replace(RECIPE, batch_size=6)  # no other test has compiled this
    before = compiled()
    # An array whose type is open, as that of jnp.full(6, 0.0), is another type after a step.
    one_epoch(deep, data, SEEDS, recipe, at_once=at_once)
    one_epoch(deep, data, SEEDS, replace(recipe, learning_rate=0.01), at_once=at_once)
    assert compiled() == before + 1


def test_decay_and_warmup_reach_the_step(linear: Blueprint, data: Images):
    recipe = Recipe(epochs=1, batch_size=22, learning_rate=0.01)
    prepared = program.program(linear, recipe)
    first = program.start(prepared, np.zeros(1, np.uint32)).learned.params["output"]
    before = np.array(first["kernel"][...])
    plain, decayed, warm = (
        one_epoch(linear, data, [0], replace(recipe, **options)).learned.params["output"]
        for options in ({}, {"weight_decay": 0.5}, {"warmup": 0.5})
    )
    expected = plain["kernel"][...] - 0.01 * 0.5 * before
    np.testing.assert_allclose(decayed["kernel"][...], expected, rtol=1e-4, atol=1e-7)
    np.testing.assert_array_equal(decayed["bias"][...], plain["bias"][...])
    np.testing.assert_array_equal(warm["kernel"][...], before)  # it begins at 0


def test_distortions_differ_between_steps_and_seeds(data: Images):
    images, labels = np.repeat(data[0][:1], 16, axis=0), data[1][:16]
    recipe = replace(RECIPE, augmentation="crop_flip")
    seen = [
        one_epoch(Blueprint(Seen, (4, 4, 1), 3), (images[:n], labels[:n]), [seed], recipe)
        for n in (8, 16)  # one step, two steps
        for seed in (0, 1)
    ]
    batches = [np.asarray(run.learned.statistics["seen"][...]).tobytes() for run in seen]
    assert len(set(batches)) == 4


class Seen(nnx.Module):
    """Keeps the batch of 8 images that it saw last."""

    def __init__(self, *, image_shape: tuple[int, int, int], classes: int, rngs: nnx.Rngs):
        self.seen = nnx.BatchStat(jnp.zeros((8, *image_shape)))
        self.output = nnx.Linear(int(np.prod(image_shape)), classes, rngs=rngs)

    def __call__(self, images: jax.Array):
        self.seen[...] = images
        return self.output(images.reshape(len(images), -1))
