"""VGG-19: sixteen 3x3 convolutions and three fully connected layers.

Published on ImageNet (ILSVRC-2012): 25.5 % top-1 and 8.0 % top-5 error.
"""

from __future__ import annotations

import jax
from flax import nnx

from models.layers.convolution import Convolution
from models.layers.dense_head import DenseHead
from models.layers.image_size import check_image_size
from models.layers.pooling import max_pool

TITLE = "VGG-19"
YEAR = 2014
CITATION = (
    "K. Simonyan, A. Zisserman, Very deep convolutional networks for large-scale image "
    "recognition, arXiv 1409.1556, 2014, configuration E"
)
DEVIATIONS = (
    "initial weights by Glorot's rule, which the paper names as an alternative (the paper: layers "
    "of a trained smaller network, Gaussians of variance 0.01 for the others)",
    "pixels are brought to mean 0 and deviation 1 per channel (the paper: the mean colour is "
    "subtracted)",
    "weight decay on kernels only, not on biases",
    "images of one size, mirrored, and shifted by up to 4 pixels (the paper: mirrored crops of "
    "images scaled to 256 to 512 pixels, and colours changed)",
    "one crop in prediction (the paper, for these figures: the whole image at 384 pixels, densely)",
    "30 epochs in params.yaml, the learning rate falls at half and at three quarters of them (the "
    "paper: 74 epochs, three times, when the error stalls)",
)

IMAGE_SHAPE = (224, 224, 3)
CLASSES = 1000
PARAMETERS = 143_667_240
MACS = 19_632_062_464

# Convolutions and filters of each stage; a 2x2 maximum of stride 2 ends each.
STAGES = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))
SMALLEST = 2 ** len(STAGES)
GLOROT = nnx.initializers.glorot_uniform()


class Network(nnx.Module):
    """Five stages of 3x3 convolutions with ReLU, each pooled, and three fully connected layers.

    Parameters
    ----------
    image_shape : tuple of int
        Height, width, channels.
    classes : int
    rngs : nnx.Rngs

    Raises
    ------
    ValueError
        The images are smaller than 32x32.
    """

    def __init__(self, *, image_shape: tuple[int, int, int], classes: int, rngs: nnx.Rngs) -> None:
        check_image_size(image_shape, SMALLEST)
        height, width, channels = image_shape
        self.stages: nnx.List[nnx.List[Convolution]] = nnx.List([])
        for count, filters in STAGES:
            stage: nnx.List[Convolution] = nnx.List([])
            for _ in range(count):
                stage.append(
                    Convolution(channels, filters, 3, padding=1, kernel_init=GLOROT, rngs=rngs)
                )
                channels = filters
            self.stages.append(stage)
        inputs = (height // SMALLEST) * (width // SMALLEST) * channels
        self.head = DenseHead(inputs, classes, kernel_init=GLOROT, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """Map images [n, height, width, channels] to logits [n, classes]."""
        maps = images
        for stage in self.stages:
            for convolution in stage:
                maps = nnx.relu(convolution(maps))
            maps = max_pool(maps, 2, 2)
        return self.head(maps)
