"""The small networks for CIFAR-10 that come with Krizhevsky's program cuda-convnet.

``layers-19pct.cfg`` and ``layers-18pct.cfg`` differ in two layers of response normalisation.
"""

from __future__ import annotations

import jax
from flax import nnx

from models.layers.convolution import HE_NORMAL, Convolution
from models.layers.materialised import materialised
from models.layers.pooling import average_pool, max_pool, pooled_side

WINDOW, STRIDE = 3, 2


class CudaConvnet(nnx.Module):
    """Three 5x5 convolutions, each pooled by overlapping 3x3 windows, and one linear layer.

    The first layer is pooled before its ReLU, by the maximum; the others after it, by the average.

    Parameters
    ----------
    image_shape : tuple of int
        Height, width, channels.
    classes : int
    rngs : nnx.Rngs
    """

    def __init__(self, *, image_shape: tuple[int, int, int], classes: int, rngs: nnx.Rngs) -> None:
        rows, columns, channels = image_shape
        for _ in range(3):
            rows, columns = (
                pooled_side(side, WINDOW, STRIDE, partial=True) for side in (rows, columns)
            )
        self.conv1 = Convolution(channels, 32, 5, padding=2, kernel_init=HE_NORMAL, rngs=rngs)
        self.conv2 = Convolution(32, 32, 5, padding=2, kernel_init=HE_NORMAL, rngs=rngs)
        self.conv3 = Convolution(32, 64, 5, padding=2, kernel_init=HE_NORMAL, rngs=rngs)
        self.output = nnx.Linear(64 * rows * columns, classes, kernel_init=HE_NORMAL, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """Map images [n, height, width, channels] to logits [n, classes]."""
        maps = max_pool(materialised(self.conv1(images)), WINDOW, STRIDE, partial=True)
        maps = self.normalise(nnx.relu(materialised(maps)))
        maps = self.normalise(_averaged(nnx.relu(self.conv2(maps))))
        maps = _averaged(nnx.relu(self.conv3(maps)))
        return self.output(maps.reshape(len(maps), -1))

    def normalise(self, maps: jax.Array) -> jax.Array:
        """Leave what the first two poolings give as it is; a subclass may normalise it."""
        return maps


def _averaged(maps: jax.Array) -> jax.Array:
    # The pixels in a window, which the sum is divided by, are counted in float32.
    return average_pool(maps, WINDOW, STRIDE, partial=True).astype(maps.dtype)
