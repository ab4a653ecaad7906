"""Krizhevsky's small network for CIFAR-10, ``layers-19pct.cfg`` of cuda-convnet.

Published on CIFAR-10: 19 % error without augmentation.
"""

from __future__ import annotations

from models.layers.cuda_convnet import CudaConvnet

TITLE = "cuda-convnet"
YEAR = 2011
CITATION = (
    "A. Krizhevsky, cuda-convnet: high-performance C++/CUDA implementation of convolutional "
    "neural networks, code.google.com/p/cuda-convnet, 2011, example-layers/layers-19pct.cfg"
)
DEVIATIONS = (
    "pixels are brought to mean 0 and deviation 1 per channel (cuda-convnet: 0 to 255 minus the "
    "mean image)",
    "initial weights by He's rule, biases at 0 (cuda-convnet: Gaussians of 0.0001 and 0.01, made "
    "for pixels from 0 to 255)",
    "one learning rate and one weight decay for all layers (cuda-convnet: biases "
    "learn twice as fast, the last layer decays 750 times as much as the others)",
    "on CIFAR-10 60 epochs in params.yaml, the learning rate up a line for a tenth of the steps "
    "and then down a cosine (its files name no schedule; layer-params-18pct.cfg has a tenth after "
    "120 epochs, and another after 10 more)",
)

IMAGE_SHAPE = (32, 32, 3)
CLASSES = 10
PARAMETERS = 89_578
MACS = 12_298_240


class Network(CudaConvnet):
    """Three convolutions and a linear layer, without normalisation."""
