"""What a step minimises and how it moves: losses, schedules, optimisers."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax.tree_util import keystr

from models.training.recipe import Recipe


def losses(recipe: Recipe, outputs: jax.Array, labels: jax.Array) -> jax.Array:
    """Return each image's loss.

    Parameters
    ----------
    recipe : Recipe
        Its `loss` is used.
    outputs : float array [n, classes]
    labels : int array [n]

    Returns
    -------
    float32 array [n]
    """
    outputs = outputs.astype(jnp.float32)
    if recipe.loss == "cross_entropy":
        return optax.softmax_cross_entropy_with_integer_labels(outputs, labels)
    targets = 2 * jax.nn.one_hot(labels, outputs.shape[-1]) - 1
    return jnp.square(outputs - targets).sum(-1) / 2


def rate(recipe: Recipe, progress: jax.Array) -> jax.Array:
    """Return the learning rate's factor after `progress` (0 to 1) of all steps."""
    factor = jnp.ones_like(progress)
    if recipe.schedule == "cosine":
        factor = (1 + jnp.cos(jnp.pi * progress)) / 2
    elif recipe.schedule == "steps":
        factor = jnp.where(progress < 0.5, 1, jnp.where(progress < 0.75, 0.1, 0.01))
    if recipe.warmup > 0:
        factor = factor * jnp.minimum(progress / recipe.warmup, 1)
    return factor


def _weights(params: Any) -> Any:
    """Mark what decays: kernels and embeddings, which have more than one axis."""
    return jax.tree.map(lambda value: value.ndim > 1, params)


def direction(recipe: Recipe) -> optax.GradientTransformation:
    """Return the transformation from gradients to the direction of descent.

    The step itself is ``-learning_rate * rate * direction``: with the learning rate outside, one
    compiled program serves every learning rate that is tried.
    """
    decay = optax.add_decayed_weights(recipe.weight_decay, mask=_weights)
    if recipe.optimizer == "adam":
        parts = [optax.scale_by_adam(), decay]
    else:
        parts = [decay, optax.trace(decay=recipe.momentum)]
    if recipe.learning_rate_by == "fan_in":
        parts.append(optax.stateless(lambda updates, _: _over_fan_in(updates)))
    return optax.chain(*parts)


def _over_fan_in(updates: Any) -> Any:
    """Divide every layer's updates by the inputs of its units, which its kernels' shapes tell."""
    leaves, structure = jax.tree_util.tree_flatten_with_path(updates)
    fan_ins = {
        path: math.prod(leaf.shape[:-1]) for path, leaf in leaves if "kernel" in keystr(path)
    }

    def fan_in(path: tuple[Any, ...]) -> int:
        if path in fan_ins:
            return fan_ins[path]
        layer = path[:-1]  # of a bias; kernels may lie in a list of the layer's
        of_layer = [fan for other, fan in fan_ins.items() if other[: len(layer)] == layer]
        return max(of_layer) if layer and of_layer else 1

    return jax.tree.unflatten(structure, [leaf / fan_in(path) for path, leaf in leaves])
