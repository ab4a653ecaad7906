"""AlexNet as lectures list it: one tower, batch normalisation.

Published on ImageNet for the two towers of 2012: 40.7 % top-1 error.
"""

from __future__ import annotations

import jax
from flax import nnx

from models.layers.convolution import HE_NORMAL, Convolution
from models.layers.dense_head import DenseHead
from models.layers.image_size import check_image_size, positions
from models.layers.normalisation import batch_norm
from models.layers.pooling import max_pool, pooled_side

TITLE = "AlexNet"
YEAR = 2012
CITATION = (
    "A. Krizhevsky, I. Sutskever, G. Hinton, ImageNet classification with deep convolutional "
    "neural networks, Advances in Neural Information Processing Systems 25, 2012, pp. 1097-1105"
)
DEVIATIONS = (
    "one tower (the paper: two, which see each other in the third convolution and the fully "
    "connected layers)",
    "batch normalisation before the ReLU of each convolution (the paper: local response "
    "normalisation after the first two)",
    "convolutions without bias: the shift of batch normalisation takes its place",
    "images are padded by 2, and the padding 2, 2, 1, 1, 1 is an assumption: the list shows none, "
    "which taken literally leaves maps too small for the paper's fully connected layers",
    "initial weights by He's rule, biases at 0 (the paper: Gaussians of 0.01, some biases at 1)",
    "pixels are brought to mean 0 and deviation 1 per channel (the paper: the mean image is "
    "subtracted)",
    "no weight decay on batch normalisation",
    "mirrored, and shifted by up to 4 pixels (the paper: mirrored crops of images of 256 pixels, "
    "and colours changed by principal components); one crop in prediction (the paper: ten)",
    "30 epochs in params.yaml, the learning rate falls at half and at three quarters of them (the "
    "paper: about 90 epochs, three times, when the error stalls)",
)

IMAGE_SHAPE = (224, 224, 3)
CLASSES = 1000
PARAMETERS = 62_379_720
MACS = 1_135_256_096

# Filters, kernel size, stride, padding, whether pooled.
LAYERS = (
    (96, 11, 4, 2, True),
    (256, 5, 1, 2, True),
    (384, 3, 1, 1, False),
    (384, 3, 1, 1, False),
    (256, 3, 1, 1, True),
)
SMALLEST = 63  # one window is left for the last pooling


class Network(nnx.Module):
    """Five convolutions with batch normalisation, three of them pooled, a fully connected head.

    Parameters
    ----------
    image_shape : tuple of int
        Height, width, channels.
    classes : int
    rngs : nnx.Rngs
    convolution_bias : bool
        Give the convolutions biases too, which batch normalisation makes useless.

    Raises
    ------
    ValueError
        The images leave no window for the last pooling.
    """

    def __init__(
        self,
        *,
        image_shape: tuple[int, int, int],
        classes: int,
        rngs: nnx.Rngs,
        convolution_bias: bool = False,
    ) -> None:
        check_image_size(image_shape, SMALLEST)
        rows, columns, channels = image_shape
        self.convolutions: nnx.List[Convolution] = nnx.List([])
        self.norms: nnx.List[nnx.BatchNorm] = nnx.List([])
        for filters, size, stride, padding, pooled in LAYERS:
            convolution = Convolution(
                channels,
                filters,
                size,
                stride=stride,
                padding=padding,
                use_bias=convolution_bias,
                kernel_init=HE_NORMAL,
                rngs=rngs,
            )
            self.convolutions.append(convolution)
            self.norms.append(batch_norm(filters, rngs=rngs))
            rows, columns = (positions(side, size, stride, padding) for side in (rows, columns))
            if pooled:
                rows, columns = (pooled_side(side, 3, 2) for side in (rows, columns))
            channels = filters
        self.head = DenseHead(rows * columns * channels, classes, kernel_init=HE_NORMAL, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """Map images [n, height, width, channels] to logits [n, classes]."""
        maps = images
        for convolution, norm, layer in zip(self.convolutions, self.norms, LAYERS, strict=True):
            maps = nnx.relu(norm(convolution(maps)))
            if layer[-1]:
                maps = max_pool(maps, 3, 2)
        return self.head(maps)
