"""The three fully connected layers at the end of AlexNet and VGG, with dropout."""

from __future__ import annotations

import jax
from flax import nnx

UNITS = 4096
DROPOUT = 0.5


class DenseHead(nnx.Module):
    """Two layers of 4096 ReLUs, each followed by dropout, and a linear output.

    Parameters
    ----------
    inputs, classes : int
    kernel_init : initializer
        Draws the weights of all three layers.
    hidden_bias : float
        What the biases of the two hidden layers start from.
    rngs : nnx.Rngs
        Its `params` stream draws the weights, its `dropout` stream what is left out in training.
    """

    def __init__(
        self,
        inputs: int,
        classes: int,
        *,
        kernel_init: nnx.Initializer,
        hidden_bias: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        bias_init = nnx.initializers.constant(hidden_bias)
        self.hidden1 = nnx.Linear(
            inputs, UNITS, kernel_init=kernel_init, bias_init=bias_init, rngs=rngs
        )
        self.hidden2 = nnx.Linear(
            UNITS, UNITS, kernel_init=kernel_init, bias_init=bias_init, rngs=rngs
        )
        self.output = nnx.Linear(UNITS, classes, kernel_init=kernel_init, rngs=rngs)
        self.dropout1 = nnx.Dropout(DROPOUT, rngs=rngs)
        self.dropout2 = nnx.Dropout(DROPOUT, rngs=rngs)

    def __call__(self, maps: jax.Array) -> jax.Array:
        """Map [n, height, width, channels] to logits [n, classes]."""
        units = maps.reshape(len(maps), -1)
        units = self.dropout1(nnx.relu(self.hidden1(units)))
        units = self.dropout2(nnx.relu(self.hidden2(units)))
        return self.output(units)
