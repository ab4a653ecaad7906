"""The networks for ImageNet: initial weights, oracles of other settings, the smallest image."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from models import counting
from models.layers.dense_head import DenseHead
from models.layers.response_normalisation import across_maps
from models.networks import alexnet, alexnet_2012, plain34, resnet34_b, vgg19
from models.training.program import Blueprint


@pytest.mark.parametrize(
    ("module", "options", "classes", "parameters"),
    [
        (alexnet, (("convolution_bias", True),), 1000, 62_381_096),
        (plain34, (), 10, 21_115_978),
        (resnet34_b, (), 10, 21_289_802),
        (vgg19, (), 10, 139_611_210),
    ],
    ids=lambda value: getattr(value, "TITLE", None),
)
def test_parameters_in_other_settings(module, options, classes: int, parameters: int):  # noqa: ANN001
    plan = Blueprint(module.Network, module.IMAGE_SHAPE, classes, options)
    assert counting.parameters(plan) == parameters


@pytest.mark.parametrize("side", [224, 225, 227])
def test_alexnet_counts_the_same_at_224_and_227_pixels(side: int):
    plan = Blueprint(alexnet_2012.Network, (side, side, 3), 1000)
    assert counting.parameters(plan) == alexnet_2012.PARAMETERS
    assert counting.macs(plan) == alexnet_2012.MACS


@pytest.mark.parametrize("module", [alexnet, alexnet_2012, vgg19], ids=lambda module: module.TITLE)
def test_the_smallest_image_and_one_pixel_less(module):  # noqa: ANN001
    needed = module.SMALLEST
    assert Blueprint(module.Network, (needed, needed, 1), 2).abstract()
    message = f"at least {needed}x{needed} are needed, got {needed - 1}x{needed}"
    with pytest.raises(ValueError, match=message):
        Blueprint(module.Network, (needed - 1, needed, 1), 2).abstract()


def test_first_weights_of_alexnet():
    # Drawn for two classes and the smallest images: the fully connected layers stay small.
    shape = (alexnet_2012.SMALLEST,) * 2 + (3,)
    model = Blueprint(alexnet_2012.Network, shape, 2).abstract()
    names = [f"conv{place}" for place in range(1, 6)]
    layers = [getattr(model, name) for name in names]
    assert [layer.groups for layer in layers] == [1, 2, 1, 2, 2]

    def first():
        model = alexnet_2012.Network(image_shape=shape, classes=2, rngs=nnx.Rngs(0))
        layers = [getattr(model, name) for name in names]
        return [(layer.bias[...], layer.kernel[...].std()) for layer in layers]

    biases, deviations = zip(*jax.jit(first)(), strict=True)
    assert [float(bias[0]) for bias in biases] == [0, 1, 0, 1, 1]
    np.testing.assert_allclose(deviations, 0.01, rtol=0.02)


def test_the_head_leaves_half_of_the_units_out_while_it_learns():
    rngs = nnx.Rngs(params=0, dropout=1)
    head = DenseHead(4, 3, kernel_init=nnx.initializers.normal(0.01), hidden_bias=1, rngs=rngs)
    maps = jnp.ones((2, 1, 2, 2))
    assert float(head.hidden1.bias[...].min()) == 1
    assert not np.any(head.output.bias[...])
    units = head.dropout1(jnp.ones((1, 4096)))
    assert set(np.unique(units)) == {0, 2}  # what stays is doubled: prediction changes nothing
    assert float((units > 0).mean()) == pytest.approx(0.5, abs=0.04)
    assert np.any(head(maps) != head(maps))
    head.eval()
    np.testing.assert_array_equal(head(maps), head(maps))


def test_every_parameter_of_the_head_has_a_gradient():
    head = DenseHead(4, 3, kernel_init=alexnet_2012.GAUSSIAN, rngs=nnx.Rngs(0))
    head.eval()
    graph, params, streams = nnx.split(head, nnx.Param, ...)

    def objective(params: nnx.State):
        scores = nnx.merge(graph, params, streams)(jnp.ones((2, 1, 2, 2)))
        return jax.nn.log_softmax(scores)[:, 0].sum()

    for name, leaf in jax.tree_util.tree_leaves_with_path(jax.grad(objective)(params)):
        assert np.any(leaf), name


def test_alexnet_sees_grey_levels_and_nothing_beyond_the_lower_and_the_right_border():
    class SeenError(Exception):
        pass

    def first(field: jax.Array):
        raise SeenError(field)

    model = Blueprint(alexnet_2012.Network, (52, 52, 3), 2).abstract()
    model.conv1 = first
    with pytest.raises(SeenError) as seen:
        model(jnp.ones((1, 52, 52, 3)))
    expected = np.zeros((1, 55, 55, 3))
    expected[:, :52, :52] = 64
    np.testing.assert_array_equal(seen.value.args[0], expected)


def test_the_towers_of_alexnet_are_normalised_apart():
    maps = jax.random.normal(jax.random.key(0), (1, 2, 2, 12))
    left, right = maps[..., :6], maps[..., 6:]
    apart = jnp.concatenate([across_maps(left), across_maps(right)], axis=-1)
    np.testing.assert_allclose(alexnet_2012.within_towers(maps), apart, rtol=1e-6)
