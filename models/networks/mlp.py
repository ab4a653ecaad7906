"""One hidden layer of 300 units: LeCun's fully connected 28x28-300-10 net.

Published on MNIST: 4.7 % error (LeCun et al. 1998, figure 9).
"""

from __future__ import annotations

from flax import nnx

from models.layers.perceptron import Perceptron

TITLE = "MLP 300"
YEAR = 1998
CITATION = (
    "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "
    "Gradient-based learning applied to document recognition, "
    "Proceedings of the IEEE 86(11), 1998, pp. 2278-2324, section III.C.5"
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
PARAMETERS = 238_510
MACS = 238_200


class Network(Perceptron):
    """Pixels, 300 squashed units, one linear output a class.

    Parameters
    ----------
    image_shape : tuple of int
        Height, width, channels.
    classes : int
    rngs : nnx.Rngs
    hidden : int
        Units of the hidden layer.

    Raises
    ------
    ValueError
        `hidden` is below 1.
    """

    def __init__(
        self,
        *,
        image_shape: tuple[int, int, int],
        classes: int,
        rngs: nnx.Rngs,
        hidden: int = 300,
    ) -> None:
        super().__init__(image_shape=image_shape, classes=classes, rngs=rngs, hidden=(hidden,))
