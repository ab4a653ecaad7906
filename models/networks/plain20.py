"""Plain twin of ResNet-20: the same layers without shortcuts (He et al. 2015).

Published on CIFAR-10 with augmentation: about 9.5 % error, read off figure 6.
"""

from __future__ import annotations

from models.layers.residual import CifarResidual

TITLE = "Plain-20"
YEAR = 2015
CITATION = (
    "K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, "
    "arXiv 1512.03385, 2015, section 4.2"
)
DEVIATIONS = (
    "pixels are brought to mean 0 and deviation 1 per channel (the paper: the mean image is "
    "subtracted)",
    "in params.yaml the data set's 20 epochs, 7,820 steps (the paper: 64,000)",
    "weight decay on kernels only, not on biases and batch normalisation",
)

IMAGE_SHAPE = (32, 32, 3)
CLASSES = 10
PARAMETERS = 269_722
MACS = 40_551_040


class Network(CifarResidual):
    """3 blocks in each of three stages, no shortcuts."""

    blocks = (3, 3, 3)
    shortcut = "none"
