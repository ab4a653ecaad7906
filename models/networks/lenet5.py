"""LeNet-5 as it is usually drawn (LeCun et al. 1998, figure 2, in the form of today's lectures).

Measured on MNIST: 99.2 % after 20 epochs without augmentation.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx

from models.layers.convolution import Convolution
from models.layers.field import centre

TITLE = "LeNet-5"
YEAR = 1998
CITATION = (
    "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "
    "Gradient-based learning applied to document recognition, "
    "Proceedings of the IEEE 86(11), 1998, pp. 2278-2324"
)
DEVIATIONS = (
    "C3 sees all six maps of S2 (the paper: a sparse connection table)",
    "average pooling without trainable coefficients and without a squashing function of its own",
    "a linear output layer and cross-entropy (the paper: Euclidean RBF units, MAP criterion)",
    "plain tanh (the paper: 1.7159 tanh(2/3 x))",
    "initial weights: truncated normal of variance 1 / inputs (paper: uniform within 2.4 / inputs)",
    "pixels are brought to mean 0 and deviation 1, on MNIST -0.42 for the background and 2.8 for "
    "ink (the paper: -0.1 and 1.175)",
    "on images above 32x32 C5 is a fully connected layer (the paper: still a 5x5 convolution)",
    "mini-batches with momentum, the learning rate along a cosine (the paper: stochastic diagonal "
    "Levenberg-Marquardt, steps that fall from 0.0005 to 0.00001 in five stages)",
)

# The paper's configuration and what it counts.
IMAGE_SHAPE = (32, 32, 1)
CLASSES = 10
PARAMETERS = 61_706
MACS = 416_520

FIELD = 32


class Network(nnx.Module):
    """Two convolutions with average pooling, three fully connected layers, tanh throughout.

    Images smaller than 32x32 are centred in a field of that size, as the paper does with the
    28x28 images of MNIST.

    Parameters
    ----------
    image_shape : tuple of int
        Height, width, channels.
    classes : int
    rngs : nnx.Rngs
    """

    def __init__(self, *, image_shape: tuple[int, int, int], classes: int, rngs: nnx.Rngs) -> None:
        height, width, channels = image_shape
        rows, columns = (((max(side, FIELD) - 4) // 2 - 4) // 2 for side in (height, width))
        self.c1 = Convolution(channels, 6, 5, rngs=rngs)
        self.c3 = Convolution(6, 16, 5, rngs=rngs)
        self.c5 = nnx.Linear(16 * rows * columns, 120, rngs=rngs)
        self.f6 = nnx.Linear(120, 84, rngs=rngs)
        self.output = nnx.Linear(84, classes, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """Map images [n, height, width, channels] to logits [n, classes]."""
        maps = centre(images, FIELD)
        maps = nnx.avg_pool(jnp.tanh(self.c1(maps)), (2, 2), (2, 2))
        maps = nnx.avg_pool(jnp.tanh(self.c3(maps)), (2, 2), (2, 2))
        units = jnp.tanh(self.c5(maps.reshape(len(maps), -1)))
        units = jnp.tanh(self.f6(units))
        return self.output(units)
