"""Two hidden layers, of 300 and 100 units: LeCun's fully connected 28x28-300-100-10 net.

Published on MNIST: 3.05 % error (LeCun et al. 1998, figure 9).
"""

from __future__ import annotations

from flax import nnx

from models.layers.perceptron import Perceptron

TITLE = "MLP 300-100"
YEAR = 1998
CITATION = (
    "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "
    "Gradient-based learning applied to document recognition, "
    "Proceedings of the IEEE 86(11), 1998, pp. 2278-2324, section III.C.6"
)
DEVIATIONS = (
    "pixels are brought to mean 0 and deviation 1",
    "mini-batches with momentum and a falling learning rate "
    "(the paper: one image at a time with a diagonal second-order step)",
    "cross-entropy by default (the paper: squared error, which is `loss: squared_error`)",
    "initial weights: truncated normal of variance 1 / inputs (paper: uniform within 2.4 / inputs)",
)

IMAGE_SHAPE = (28, 28, 1)
CLASSES = 10
PARAMETERS = 266_610
MACS = 266_200


class Network(Perceptron):
    """Pixels, 300 and 100 squashed units, one linear output a class.

    Parameters
    ----------
    image_shape : tuple of int
        Height, width, channels.
    classes : int
    rngs : nnx.Rngs
    """

    def __init__(self, *, image_shape: tuple[int, int, int], classes: int, rngs: nnx.Rngs) -> None:
        super().__init__(image_shape=image_shape, classes=classes, rngs=rngs, hidden=(300, 100))
