"""The zip-code network of 1989, the first convolutional network that read real mail.

Published on the zip codes (USPS): 5.0 % error on 2,007 test images after 23 passes.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx

from models.layers.field import surround
from models.layers.squashing import fan_in_kernel, squash
from models.layers.table_convolution import TableConvolution, everything

TITLE = "LeNet 1989"
YEAR = 1989
CITATION = (
    "Y. LeCun, B. Boser, J. S. Denker, D. Henderson, R. E. Howard, W. Hubbard, L. D. Jackel, "
    "Backpropagation applied to handwritten zip code recognition, "
    "Neural Computation 1(4), 1989, pp. 541-551"
)
DEVIATIONS = (
    "map k of H2 sees maps k to k + 7 of H1, counted around "
    "(the paper: eight of the twelve by a scheme that it does not describe)",
    "biases start at 0 (the paper does not say)",
    "each image's darkest value becomes -1 and its lightest 1, as nearly all zip codes have it",
    "a new order of the images in every pass (the paper: always the same one)",
    "gradient descent with a step over each layer's fan-in (the paper: a diagonal second-order "
    "step for each weight)",
)

# The paper's configuration and what it counts: 64,660 connections with the biases of all units.
IMAGE_SHAPE = (16, 16, 1)
CLASSES = 10
PARAMETERS = 9_760
MACS = 63_660

BACKGROUND = -1.0  # what H2 sees beyond the border of H1's maps
MAPS = 12
SEEN = 8
TABLE = tuple(tuple((first + step) % MAPS for step in range(SEEN)) for first in range(MAPS))


def full_range(images: jax.Array) -> jax.Array:
    """Stretch each image [n, height, width, channels] to the paper's scale, -1 to 1."""
    darkest, lightest = (end(images, axis=(1, 2, 3), keepdims=True) for end in (jnp.min, jnp.max))
    return 2 * (images - darkest) / jnp.maximum(lightest - darkest, 1e-6) - 1


class Network(nnx.Module):
    """Two convolutions of stride 2 instead of pooling, two full layers, squashed throughout.

    The units of a map share their weights but not their biases.

    Parameters
    ----------
    image_shape : tuple of int
        Height, width, channels.
    classes : int
    rngs : nnx.Rngs
    """

    def __init__(self, *, image_shape: tuple[int, int, int], classes: int, rngs: nnx.Rngs) -> None:
        height, width, channels = image_shape
        h1, h2 = [((height + k) // (k + 1), (width + k) // (k + 1)) for k in (1, 3)]
        self.h1 = TableConvolution(everything(channels, MAPS), 5, units=h1, stride=2, rngs=rngs)
        self.h2 = TableConvolution(TABLE, 5, units=h2, stride=2, rngs=rngs)
        self.h3 = nnx.Linear(h2[0] * h2[1] * MAPS, 30, kernel_init=fan_in_kernel, rngs=rngs)
        self.output = nnx.Linear(30, classes, kernel_init=fan_in_kernel, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """Map images [n, height, width, channels] to scores [n, classes] in -1.7159 to 1.7159."""
        maps = squash(self.h1(surround(full_range(images), (2, 2), (2, 2))))
        around = ((0, 0), (2, 2), (2, 2), (0, 0))
        maps = squash(self.h2(jnp.pad(maps, around, constant_values=BACKGROUND)))
        units = squash(self.h3(maps.reshape(len(maps), -1)))
        return squash(self.output(units))
