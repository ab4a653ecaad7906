"""Krizhevsky's small network with local response normalisation, ``layers-18pct.cfg``.

Published on CIFAR-10: 18 % error without augmentation.
"""

from __future__ import annotations

import jax

from models.layers.cuda_convnet import CudaConvnet
from models.layers.response_normalisation import within_maps

TITLE = "cuda-convnet + LRN"
YEAR = 2012
CITATION = (
    "A. Krizhevsky, cuda-convnet: high-performance C++/CUDA implementation of convolutional "
    "neural networks, code.google.com/p/cuda-convnet, 2012, example-layers/layers-18pct.cfg"
)
DEVIATIONS = (
    "pixels are brought to mean 0 and deviation 1 per channel (cuda-convnet: 0 to 255 minus the "
    "mean image)",
    "maps count as grey levels in the response normalisation, whose constants are made for pixels "
    "from 0 to 255: on maps of deviation 1 they would change next to nothing",
    "initial weights by He's rule, biases at 0 (cuda-convnet: Gaussians of 0.0001 and 0.01, made "
    "for pixels from 0 to 255)",
    "one learning rate and one weight decay for all layers (cuda-convnet: biases "
    "learn twice as fast, the last layer decays 250 times as much as the others)",
    "in params.yaml the data set's 20 epochs, the learning rate along a cosine (cuda-convnet: to a "
    "tenth after 120 epochs, and again after 10 more)",
)

IMAGE_SHAPE = (32, 32, 3)
CLASSES = 10
PARAMETERS = 89_578
MACS = 12_298_240

# The images come with deviation 1. Those of cuda-convnet run from 0 to 255, less the mean image,
# and the constants of the normalisation are made for that: this is about photographs' deviation.
GREY_LEVELS = 64.0


class Network(CudaConvnet):
    """Three convolutions and a linear layer, the first two poolings normalised within each map."""

    def normalise(self, maps: jax.Array) -> jax.Array:
        """Damp every unit by its neighbours in the map."""
        return within_maps(GREY_LEVELS * maps) / GREY_LEVELS
