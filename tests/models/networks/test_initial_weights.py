"""Initial weights of the networks that begin by He's or by Glorot's rule."""

from __future__ import annotations

from types import ModuleType

import jax
import numpy as np
import pytest
from flax import nnx

from models.layers.convolution import Convolution
from models.networks import alexnet, cuda_convnet, resnet20, resnet34_b, vgg19


def he(inputs: int, outputs: int):
    """Return the deviation that keeps the variance through a ReLU (He et al. 2015)."""
    return np.sqrt(2 / inputs)


def glorot(inputs: int, outputs: int):
    """Return the deviation of Glorot and Bengio 2010."""
    return np.sqrt(2 / (inputs + outputs))


@pytest.mark.parametrize(
    ("module", "side", "rule"),
    [
        (cuda_convnet, 32, he),
        (resnet20, 32, he),
        (resnet34_b, 32, he),
        (alexnet, 224, he),
        (vgg19, 32, glorot),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_every_convolution_begins_by_the_rule(module: ModuleType, side: int, rule):  # noqa: ANN001
    def kernels():
        model = module.Network(image_shape=(side, side, 3), classes=2, rngs=nnx.Rngs(0))
        layers = [layer for _, layer in nnx.iter_graph(model) if isinstance(layer, Convolution)]
        return [layer.kernel[...] for layer in layers]

    found = jax.jit(lambda: [(one.mean(), one.std()) for one in kernels()])()
    assert found
    for (mean, deviation), kernel in zip(found, jax.eval_shape(kernels), strict=True):
        *window, inputs, outputs = kernel.shape
        expected = rule(np.prod(window) * inputs, np.prod(window) * outputs)
        noise = 5 / np.sqrt(kernel.size)  # five standard errors
        assert float(deviation) == pytest.approx(expected, rel=noise)
        assert float(mean) == pytest.approx(0, abs=noise * expected)
