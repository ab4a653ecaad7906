"""One hidden layer of two neurons: the smallest network that is not linear, drawn in lectures.

Two numbers must carry ten classes, so it says more about the picture of the plane that they span
than about recognition: 65 % of the zip codes' digits (USPS) are right.
"""

from __future__ import annotations

from flax import nnx

from models.layers.perceptron import Perceptron

TITLE = "MLP 2"
YEAR = 1986
CITATION = (
    "D. E. Rumelhart, G. E. Hinton, R. J. Williams, "
    "Learning representations by back-propagating errors, Nature 323, 1986, pp. 533-536 "
    "(the method; the network itself is a lecture's drawing)"
)
DEVIATIONS = (
    "1.7159 tanh(2/3 x) and linear outputs, like the other perceptrons here "
    "(the paper: logistic units throughout)",
    "mini-batches, a learning rate along a cosine and softmax cross-entropy (the paper: the whole "
    "training set, squared error)",
)

IMAGE_SHAPE = (28, 28, 1)
CLASSES = 10
PARAMETERS = 1_600
MACS = 1_588


class Network(Perceptron):
    """Pixels, 2 squashed units, one linear output a class.

    Parameters
    ----------
    image_shape : tuple of int
        Height, width, channels.
    classes : int
    rngs : nnx.Rngs
    """

    def __init__(self, *, image_shape: tuple[int, int, int], classes: int, rngs: nnx.Rngs) -> None:
        super().__init__(image_shape=image_shape, classes=classes, rngs=rngs, hidden=(2,))
