"""One hidden layer of 300 units: LeCun's fully connected 28x28-300-10 net.

Published on MNIST: 4.7 % error (LeCun et al. 1998, figure 9).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx

TITLE = "MLP 300"
YEAR = 1998
CITATION = (
    "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "
    "Gradient-based learning applied to document recognition, "
    "Proceedings of the IEEE 86(11), 1998, pp. 2278-2324, section III.C.4"
)
DEVIATIONS = (
    "mini-batches with momentum and a falling learning rate "
    "(the paper: one image at a time with a diagonal second-order step)",
)

IMAGE_SHAPE = (28, 28, 1)
CLASSES = 10
PARAMETERS = 238_510
MACS = 238_200


def squash(values: jax.Array) -> jax.Array:
    """Squash with the paper's function, 1.7159 tanh(2/3 x) (its appendix A)."""
    return 1.7159 * jnp.tanh(2 / 3 * values)


class Network(nnx.Module):
    """Pixels, 300 squashed units, one linear output a class.

    Parameters
    ----------
    image_shape : tuple of int
        Height, width, channels.
    classes : int
    rngs : nnx.Rngs
    hidden : int
        Units of the hidden layer.
    """

    def __init__(
        self,
        *,
        image_shape: tuple[int, int, int],
        classes: int,
        rngs: nnx.Rngs,
        hidden: int = 300,
    ) -> None:
        if hidden < 1:
            raise ValueError(f"hidden: found {hidden}, expected at least 1")
        height, width, channels = image_shape
        self.hidden = nnx.Linear(height * width * channels, hidden, rngs=rngs)
        self.output = nnx.Linear(hidden, classes, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """Map images [n, height, width, channels] to scores [n, classes]."""
        return self.output(squash(self.hidden(images.reshape(len(images), -1))))
