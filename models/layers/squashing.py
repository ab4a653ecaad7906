"""The squashing function of LeCun's networks, and the initial weights that belong to it."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp


def squash(values: jax.Array) -> jax.Array:
    """Squash with 1.7159 tanh(2/3 x), which keeps -1 and 1 (LeCun et al. 1998, appendix A)."""
    return 1.7159 * jnp.tanh(2 / 3 * values)


def fan_in_uniform(key: jax.Array, shape: tuple[int, ...], fan_in: int) -> jax.Array:
    """Draw initial weights between -2.4 and 2.4 over the inputs of a unit (LeCun et al. 1989).

    Parameters
    ----------
    key : jax.Array
        A random key.
    shape : tuple of int
    fan_in : int
        Inputs of each unit that the weights lead to.

    Returns
    -------
    float32 array [*shape]
        Small enough to stay on the steep part of `squash`.
    """
    limit = 2.4 / fan_in
    return jax.random.uniform(key, shape, minval=-limit, maxval=limit)


def fan_in_kernel(key: jax.Array, shape: tuple[int, ...], dtype: object = None) -> jax.Array:
    """Draw a kernel [..., inputs, units] with `fan_in_uniform`; an initialiser for Flax's layers.

    `dtype` is what Flax asks for, and always float32.
    """
    return fan_in_uniform(key, shape, math.prod(shape[:-1]))
