"""Residual network of 20 layers for CIFAR-10 (He et al. 2015).

Published on CIFAR-10 with augmentation: 8.75 % error.
"""

from __future__ import annotations

from models.layers.residual import CifarResidual

TITLE = "ResNet-20"
YEAR = 2015
CITATION = (
    "K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, "
    "arXiv 1512.03385, 2015, section 4.2"
)
DEVIATIONS = (
    "pixels are brought to mean 0 and deviation 1 per channel (the paper: the mean image is "
    "subtracted)",
    "in params.yaml a few epochs along a cosine with warm-up and five times the weight decay, for "
    "a CPU (the paper: 64,000 steps, a tenth of the learning rate after 32,000 and 48,000)",
    "weight decay on kernels only, not on biases and batch normalisation",
)

IMAGE_SHAPE = (32, 32, 3)
CLASSES = 10
PARAMETERS = 269_722
MACS = 40_551_040


class Network(CifarResidual):
    """3 residual blocks in each of three stages, identity shortcuts."""

    blocks = (3, 3, 3)
    shortcut = "identity"
