"""LeNet-5 as the paper built it: a connection table, trainable subsampling, bitmaps as targets.

Published on MNIST: 0.95 % error (LeCun et al. 1998, figure 9). `lenet5` is its simplification.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from numpy.typing import NDArray

from models.layers.field import centre
from models.layers.squashing import fan_in_kernel, squash
from models.layers.subsampling import Subsampling
from models.layers.table_convolution import TableConvolution, everything

TITLE = "LeNet-5 1998"
YEAR = 1998
CITATION = (
    "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "
    "Gradient-based learning applied to document recognition, "
    "Proceedings of the IEEE 86(11), 1998, pp. 2278-2324"
)
DEVIATIONS = (
    "bitmaps of our own drawing (the paper prints its own in figure 3)",
    "pixels are brought to mean 0 and deviation 1, on MNIST -0.42 for the background and 2.8 for "
    "ink (the paper: -0.1 and 1.175)",
    "the constant j of the criterion is 1 (the paper: positive)",
    "a new order of the images in every pass (the paper, appendix C: always the same one)",
    "on images above 32x32 C5 is a fully connected layer (the paper: still a 5x5 convolution)",
    "mini-batches with momentum, the learning rate along a cosine (the paper: stochastic diagonal "
    "Levenberg-Marquardt, steps that fall from 0.0005 to 0.00001 in five stages)",
)

# The paper's configuration and what it counts; the outputs' bitmaps are not learned.
IMAGE_SHAPE = (32, 32, 1)
CLASSES = 10
PARAMETERS = 60_000
MACS = 326_520
# One connection for each input of each unit, and one for its bias: C1 122,304, S2 5,880,
# C3 151,600, S4 2,000, C5 48,120, F6 10,164, outputs 840. MACS leaves out the biases and the
# subsampling.
CONNECTIONS = 340_908

FIELD = 32
# The maps of S2 that each of the 16 maps of C3 sees: the paper's table I.
TABLE = (
    *(tuple(sorted((first + step) % 6 for step in range(3))) for first in range(6)),
    *(tuple(sorted((first + step) % 6 for step in range(4))) for first in range(6)),
    *((first, first + 1, (first + 3) % 6, (first + 4) % 6) for first in range(3)),
    tuple(range(6)),
)

# 7x12 pixels a digit, 0 to 4 above 5 to 9.
BITMAPS = """
.#####. ...##.. .#####. .#####. ....##.
##...## ..###.. ##...## ##...## ...###.
##...## .####.. .....## .....## ..####.
##...## ...##.. .....## .....## .##.##.
##...## ...##.. ....##. .....## ##..##.
##...## ...##.. ...##.. ..####. ##..##.
##...## ...##.. ..##... .....## #######
##...## ...##.. .##.... .....## ....##.
##...## ...##.. ##..... .....## ....##.
##...## ...##.. ##..... ##...## ....##.
.#####. .###### ####### .#####. ....##.
....... ....... ....... ....... .......

####### ..####. ####### .#####. .#####.
##..... .##.... .....## ##...## ##...##
##..... ##..... .....## ##...## ##...##
##..... ##..... ....##. ##...## ##...##
######. ##..... ....##. .##.##. ##...##
.....## ######. ...##.. ..###.. .######
.....## ##...## ...##.. .##.##. .....##
.....## ##...## ..##... ##...## .....##
.....## ##...## ..##... ##...## .....##
##...## ##...## .##.... ##...## ....##.
.#####. .#####. .##.... .#####. .####..
....... ....... ....... ....... .......
"""
CODE_LENGTH = 7 * 12


def codes(classes: int) -> NDArray[np.float32]:
    """Return the target of F6 for each class.

    Parameters
    ----------
    classes : int
        Ten classes have the digits' bitmaps; any other number has codes drawn once for all, which
        the paper holds for equally good where classes do not look alike.

    Returns
    -------
    float32 array [classes, 84]
        1 for ink, -1 for paper.
    """
    if classes != CLASSES:
        bits = np.random.default_rng(1998).integers(2, size=(classes, CODE_LENGTH))
        return (2 * bits - 1).astype(np.float32)
    blocks = [block.split("\n") for block in BITMAPS.strip().split("\n\n")]
    rows = np.array([[list("".join(row.split())) for row in block] for block in blocks])
    ink = (rows == "#").reshape(2, 12, 5, 7).transpose(0, 2, 1, 3)
    return np.where(ink, 1, -1).reshape(classes, CODE_LENGTH).astype(np.float32)


class Network(nnx.Module):
    """Two convolutions with trainable subsampling, two full layers, distances to bitmaps.

    Images smaller than 32x32 are centred in a field of that size, as in the paper.

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
        self.classes = classes
        self.c1 = TableConvolution(everything(channels, 6), 5, rngs=rngs)
        self.s2 = Subsampling(6, rngs=rngs)
        self.c3 = TableConvolution(TABLE, 5, rngs=rngs)
        self.s4 = Subsampling(16, rngs=rngs)
        self.c5 = nnx.Linear(16 * rows * columns, 120, kernel_init=fan_in_kernel, rngs=rngs)
        self.f6 = nnx.Linear(120, CODE_LENGTH, kernel_init=fan_in_kernel, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """Map images [n, height, width, channels] to scores [n, classes], all below 0.

        A score is the negative squared distance of F6 to the class's code.
        """
        maps = self.s2(squash(self.c1(centre(images, FIELD))))
        maps = self.s4(squash(self.c3(maps)))
        units = squash(self.c5(maps.reshape(len(maps), -1)))
        # The distances, of some 100, would be whole numbers in bfloat16.
        units = squash(self.f6(units)).astype(jnp.float32)
        # Codes are +-1, so that each has the squared length 84.
        lengths = jnp.square(units).sum(-1, keepdims=True) + CODE_LENGTH
        return 2 * units @ codes(self.classes).T - lengths
