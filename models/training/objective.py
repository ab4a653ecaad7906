"""What a step minimises and how it moves: losses, schedules, optimisers."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax.tree_util import GetAttrKey, keystr

from models.training.recipe import Recipe

RUBBISH = -1.0  # the score of what is no class at all


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
    if recipe.loss == "map":
        rubbish = jnp.full_like(outputs[:, :1], RUBBISH)
        with_rubbish = jnp.concatenate([outputs, rubbish], axis=-1)
        return optax.softmax_cross_entropy_with_integer_labels(with_rubbish, labels)
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
    """Mark what decays: what has more than one axis, as kernels have."""
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
    # Flax wraps each array: the attribute that holds it is no part of its name.
    paths = [[key for key in path if not isinstance(key, GetAttrKey)] for path, _ in leaves]
    fan_ins = [
        math.prod(leaf.shape[:-1]) if "kernel" in keystr(tuple(path)) else None
        for path, (_, leaf) in zip(paths, leaves, strict=True)
    ]

    def of_layer(layer: list[Any]) -> int:
        """Look up a bias's layer, whose kernels may lie in a list."""
        inside = [
            fan_in
            for path, fan_in in zip(paths, fan_ins, strict=True)
            if fan_in and path[: len(layer)] == layer
        ]
        return max(inside) if layer and inside else 1

    return jax.tree.unflatten(
        structure,
        [
            leaf / (fan_in or of_layer(path[:-1]))
            for path, fan_in, (_, leaf) in zip(paths, fan_ins, leaves, strict=True)
        ],
    )
