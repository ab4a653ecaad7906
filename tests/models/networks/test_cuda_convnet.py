"""The two CIFAR-10 networks of cuda-convnet, layer by layer."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from models.layers.cuda_convnet import CudaConvnet
from models.networks import cuda_convnet, cuda_convnet_lrn
from models.training.program import Blueprint


def test_parameters_of_each_layer():
    model = Blueprint(cuda_convnet.Network, (32, 32, 3), 10).abstract()
    counts = {
        name: sum(leaf.size for leaf in jax.tree.leaves(nnx.state(getattr(model, name))))
        for name in ("conv1", "conv2", "conv3", "output")
    }
    assert counts == {"conv1": 2_432, "conv2": 25_632, "conv3": 51_264, "output": 10_250}


def test_the_multiply_accumulates_by_hand():
    first = 32 * 32 * 5 * 5 * 3 * 32
    second = 16 * 16 * 5 * 5 * 32 * 32
    third = 8 * 8 * 5 * 5 * 32 * 64
    assert first + second + third + 4 * 4 * 64 * 10 == cuda_convnet.MACS


def test_normalisation_is_all_that_differs():
    images = jax.random.normal(jax.random.key(0), (2, 8, 8, 3))  # as they come: of deviation 1

    @partial(jax.jit, static_argnums=0)
    def scores(network: type[CudaConvnet], images: jax.Array):
        return network(image_shape=(8, 8, 3), classes=10, rngs=nnx.Rngs(0))(images)

    def both(images: jax.Array):
        return scores(cuda_convnet.Network, images), scores(cuda_convnet_lrn.Network, images)

    without, normalised = both(images)
    assert np.abs(normalised).max() < 0.9 * np.abs(without).max()
    # Small activations are left alone, and the same seed draws the same weights.
    without, normalised = both(images / 1e3)
    np.testing.assert_allclose(normalised, without, rtol=1e-4)


def test_windows_that_reach_over_the_border_leave_no_image_too_small():
    model = cuda_convnet.Network(image_shape=(1, 3, 1), classes=2, rngs=nnx.Rngs(0))
    assert np.isfinite(model(jnp.ones((1, 1, 3, 1)))).all()


def test_an_image_of_zeros_scores_zero():
    model = cuda_convnet.Network(image_shape=(8, 8, 1), classes=3, rngs=nnx.Rngs(0))
    np.testing.assert_array_equal(model(jnp.zeros((1, 8, 8, 1))), np.zeros((1, 3)))
