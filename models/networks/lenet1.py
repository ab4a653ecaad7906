"""LeNet-1, the smaller and deeper network of 1990: convolution and subsampling take turns.

Published on MNIST: 1.7 % error (LeCun et al. 1998, figure 9). It is another network than the
zip-code network of 1989, which has 9,760 parameters.
"""

from __future__ import annotations

import jax
from flax import nnx

from models.layers.field import centre
from models.layers.squashing import fan_in_kernel, squash
from models.layers.subsampling import Subsampling
from models.layers.table_convolution import TableConvolution, everything

TITLE = "LeNet-1"
YEAR = 1990
CITATION = (
    "Y. LeCun, B. Boser, J. S. Denker, D. Henderson, R. E. Howard, W. Hubbard, L. D. Jackel, "
    "Handwritten digit recognition with a back-propagation network, "
    "Advances in Neural Information Processing Systems 2, 1990, pp. 396-404; "
    "on MNIST: LeCun et al. 1998, section III.C.7"
)
DEVIATIONS = (
    "pixels are brought to mean 0 and deviation 1",
    "images of 28x28 fill the input (the paper: 16x16 digits in the middle of it)",
    "softmax cross-entropy on linear outputs (the paper: squared error on squashed ones)",
    "mini-batches with momentum, the learning rate along a cosine (the paper: one image at a time "
    "with a diagonal second-order step)",
)

# The paper's configuration and what it counts.
IMAGE_SHAPE = (28, 28, 1)
CLASSES = 10
PARAMETERS = 2_578
MACS = 91_520
# One connection for each input of each unit, and one for its bias: H1 4 x 24^2 x 26, H2
# 4 x 12^2 x 5, H3 8^2 x (20 x 25 + 12), H4 12 x 4^2 x 5, outputs 10 x 193. MACS leaves out the
# biases and the subsampling of H2 and H4.
CONNECTIONS = 98_442

FIELD = 28
# The maps of H2 that each of the 12 maps of H3 sees: the paper's table 1.
TABLE = ((0,), (0, 1), (0, 1), (1,), (0, 1), (0, 1), (2,), (2, 3), (2, 3), (3,), (2, 3), (2, 3))


class Network(nnx.Module):
    """Two 5x5 convolutions, each with trainable subsampling, and one fully connected layer.

    Images smaller than 28x28 are centred in a field of that size, as in the paper.

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
        self.h1 = TableConvolution(everything(channels, 4), 5, rngs=rngs)
        self.h2 = Subsampling(4, rngs=rngs)
        self.h3 = TableConvolution(TABLE, 5, rngs=rngs)
        self.h4 = Subsampling(12, rngs=rngs)
        self.output = nnx.Linear(12 * rows * columns, classes, kernel_init=fan_in_kernel, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """Map images [n, height, width, channels] to logits [n, classes]."""
        maps = self.h2(squash(self.h1(centre(images, FIELD))))
        maps = self.h4(squash(self.h3(maps)))
        return self.output(maps.reshape(len(maps), -1))
