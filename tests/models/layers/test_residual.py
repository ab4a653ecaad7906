"""Residual blocks by hand, and both families on a small scale."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from models.layers.residual import (
    BasicBlock,
    CifarResidual,
    ImageNetResidual,
    Shortcut,
    Stages,
)
from models.training.program import Blueprint


class TinyImageNet(ImageNetResidual):
    blocks = (1, 1)
    shortcut = "projection"


class TinyCifar(CifarResidual):
    blocks = (1, 1, 1)
    shortcut = "identity"


def silent(shortcut: Shortcut, channels: int, filters: int, stride: int) -> BasicBlock:
    """Make a block whose convolutions have learned nothing: only the shortcut is left."""
    block = BasicBlock(channels, filters, stride=stride, shortcut=shortcut, rngs=nnx.Rngs(0))
    block.conv2.kernel[...] = jnp.zeros_like(block.conv2.kernel[...])
    block.eval()
    return block


MAPS = jnp.asarray(np.random.default_rng(0).normal(size=(2, 5, 6, 2)).astype(np.float32))


def test_an_identity_shortcut_hands_its_input_on():
    np.testing.assert_array_equal(silent("identity", 2, 2, 1)(MAPS), nnx.relu(MAPS))


def test_option_a_takes_every_second_pixel_and_fills_channels_with_zeros():
    maps = silent("identity", 2, 5, 2)(MAPS)
    assert maps.shape == (2, 3, 3, 5)
    np.testing.assert_array_equal(maps[..., :2], nnx.relu(MAPS[:, ::2, ::2]))
    np.testing.assert_array_equal(maps[..., 2:], 0)


def test_option_b_projects_where_the_shape_changes_and_only_there():
    block = silent("projection", 2, 5, 2)
    kernel = block.project.kernel[...][0, 0]
    scale = 1 / np.sqrt(1 + 1e-5)  # running averages of a new batch normalisation
    np.testing.assert_allclose(
        block(MAPS), nnx.relu(MAPS[:, ::2, ::2] @ kernel * scale), rtol=1e-5, atol=1e-6
    )
    assert silent("projection", 2, 2, 1).project is None


def test_a_plain_block_has_no_shortcut():
    np.testing.assert_array_equal(silent("none", 2, 5, 2)(MAPS), np.zeros((2, 3, 3, 5)))


@pytest.mark.parametrize(
    ("family", "shape", "sides"),
    [(TinyImageNet, (64, 96, 3), (16, 24)), (TinyCifar, (12, 9, 1), (12, 9))],
)
def test_sides_of_the_maps_that_the_stages_see(
    family: type[nnx.Module], shape: tuple[int, int, int], sides: tuple[int, int]
):
    # Global averaging hides them: the maps are found where they enter the stages.
    seen = []

    def forward(images: jax.Array):
        model = family(image_shape=shape, classes=10, rngs=nnx.Rngs(0))
        model.stages = lambda maps: seen.append(maps.shape)
        return model(images)

    jax.eval_shape(forward, jax.ShapeDtypeStruct((1, *shape), jnp.float32))
    assert seen[0][1:3] == sides


@pytest.mark.parametrize(("family", "shape"), [(TinyImageNet, (32, 32, 3)), (TinyCifar, (8, 8, 1))])
def test_every_parameter_has_a_gradient(family: type[nnx.Module], shape: tuple[int, int, int]):
    model = family(image_shape=shape, classes=3, rngs=nnx.Rngs(0))
    images = jax.random.normal(jax.random.key(1), (4, *shape))
    graph, params, statistics = nnx.split(model, nnx.Param, ...)

    @jax.jit
    @jax.grad
    def gradients(params: nnx.State):
        scores = nnx.merge(graph, params, statistics, copy=True)(images)
        return jax.nn.log_softmax(scores)[:, 0].sum()

    for name, leaf in jax.tree_util.tree_leaves_with_path(gradients(params)):
        assert np.isfinite(leaf).all(), name
        assert np.any(leaf), name


@pytest.mark.parametrize(("family", "smallest"), [(TinyImageNet, 32), (TinyCifar, 4)])
def test_small_images_are_refused_by_their_size(family: type[nnx.Module], smallest: int):
    assert Blueprint(family, (smallest, smallest, 3), 10).abstract()
    message = f"at least {smallest}x{smallest} are needed, got {smallest}x{smallest - 1}"
    with pytest.raises(ValueError, match=message):
        Blueprint(family, (smallest, smallest - 1, 3), 10).abstract()


def test_the_first_block_of_each_further_stage_halves_sides_and_doubles_filters():
    stages = Stages((2, 1, 2), 3, 4, shortcut="identity", rngs=nnx.Rngs(0))
    maps, shapes = jnp.ones((1, 8, 8, 3)), []
    for block in stages.blocks:
        maps = block(maps)
        shapes.append(maps.shape[1:])
    assert shapes == [(8, 8, 3), (8, 8, 3), (4, 4, 6), (2, 2, 12), (2, 2, 12)]
    assert stages(jnp.ones((1, 8, 8, 3))).shape == (1, 4)
