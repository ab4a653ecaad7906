"""AlexNet as published: two towers, local response normalisation, overlapping pooling, dropout.

Published on ImageNet (ILSVRC-2012): 40.7 % top-1 and 18.2 % top-5 error for one network.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx

from models.layers.convolution import Convolution
from models.layers.dense_head import DenseHead
from models.layers.image_size import check_image_size, overhang, positions
from models.layers.pooling import max_pool, pooled_side
from models.layers.response_normalisation import across_maps

TITLE = "AlexNet 2012"
YEAR = 2012
CITATION = (
    "A. Krizhevsky, I. Sutskever, G. Hinton, ImageNet classification with deep convolutional "
    "neural networks, Advances in Neural Information Processing Systems 25, 2012, pp. 1097-1105"
)
DEVIATIONS = (
    "both towers on one device",
    "pixels are brought to mean 0 and deviation 64 per channel (the paper: the mean image is "
    "subtracted)",
    "mirrored, and shifted by up to 4 pixels (the paper: mirrored crops of images of 256 pixels, "
    "and colours changed by principal components)",
    "one crop in prediction (the paper: ten crops)",
    "30 epochs in params.yaml, the learning rate falls at half and at three quarters of them (the "
    "paper: about 90 epochs, three times, when the error stalls)",
)

IMAGE_SHAPE = (224, 224, 3)
CLASSES = 1000
PARAMETERS = 60_965_224
MACS = 724_406_816

# The images come with deviation 1. The paper's run from 0 to 255 with the mean subtracted, and its
# initial weights and learning rates are made for that: this is about the deviation of photographs.
GREY_LEVELS = 64.0

KERNEL, STRIDE = 11, 4
SMALLEST = 52  # one whole window is left for the last pooling
GAUSSIAN = nnx.initializers.normal(0.01)


class Network(nnx.Module):
    """Five convolutions, three of them in two towers, and three fully connected layers.

    Windows of convolution and pooling reach over the right and lower border where the stride
    leaves a rest, as in the paper's program: 224x224 pixels give the same 55x55 maps as 227x227.

    Parameters
    ----------
    image_shape : tuple of int
        Height, width, channels.
    classes : int
    rngs : nnx.Rngs

    Raises
    ------
    ValueError
        The images leave no whole window for the last pooling.
    """

    def __init__(self, *, image_shape: tuple[int, int, int], classes: int, rngs: nnx.Rngs) -> None:
        check_image_size(image_shape, SMALLEST)
        rows, columns = (_last_side(side) for side in image_shape[:2])

        def convolution(
            channels: int, filters: int, size: int, groups: int, bias: float
        ) -> Convolution:
            return Convolution(
                channels,
                filters,
                size,
                padding=size // 2,
                groups=groups,
                kernel_init=GAUSSIAN,
                initial_bias=bias,
                rngs=rngs,
            )

        self.conv1 = Convolution(
            image_shape[2], 96, KERNEL, stride=STRIDE, kernel_init=GAUSSIAN, rngs=rngs
        )
        self.conv2 = convolution(96, 256, 5, groups=2, bias=1.0)
        self.conv3 = convolution(256, 384, 3, groups=1, bias=0.0)
        self.conv4 = convolution(384, 384, 3, groups=2, bias=1.0)
        self.conv5 = convolution(384, 256, 3, groups=2, bias=1.0)
        self.head = DenseHead(
            256 * rows * columns, classes, kernel_init=GAUSSIAN, hidden_bias=1.0, rngs=rngs
        )

    def __call__(self, images: jax.Array) -> jax.Array:
        """Map images [n, height, width, channels] to logits [n, classes]."""
        over = [(0, overhang(side, KERNEL, STRIDE)) for side in images.shape[1:3]]
        maps = self.conv1(jnp.pad(GREY_LEVELS * images, ((0, 0), *over, (0, 0))))
        maps = max_pool(within_towers(nnx.relu(maps)), 3, 2, partial=True)
        maps = max_pool(within_towers(nnx.relu(self.conv2(maps))), 3, 2, partial=True)
        maps = nnx.relu(self.conv3(maps))
        maps = nnx.relu(self.conv4(maps))
        maps = max_pool(nnx.relu(self.conv5(maps)), 3, 2, partial=True)
        return self.head(maps)


def within_towers(maps: jax.Array) -> jax.Array:
    """Normalise responses across the maps of each tower by itself.

    The paper does not say so, but its towers, each on a GPU, exchange maps at the third convolution
    and not before (section 3.2 and figure 2).

    Parameters
    ----------
    maps : float array [n, height, width, channels]
        The first half of the channels is one tower's, the second half the other's.

    Returns
    -------
    float array [n, height, width, channels]
    """
    towers = maps.reshape(*maps.shape[:3], 2, -1)
    return jax.vmap(across_maps, in_axes=3, out_axes=3)(towers).reshape(maps.shape)


def _last_side(side: int) -> int:
    """Return the pixels of the last map's side."""
    side = positions(side + overhang(side, KERNEL, STRIDE), KERNEL, STRIDE)
    for _ in range(3):
        side = pooled_side(side, 3, 2, partial=True)
    return side
