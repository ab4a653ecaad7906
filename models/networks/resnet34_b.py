"""Residual network of 34 layers, projections where the shape changes: option B.

Published on ImageNet (ILSVRC-2012, ten crops): 24.52 % top-1 error.
"""

from __future__ import annotations

from models.layers.residual import ImageNetResidual

TITLE = "ResNet-34 B"
YEAR = 2015
CITATION = (
    "K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, "
    "arXiv 1512.03385, 2015, table 1"
)
DEVIATIONS = (
    "weight decay on kernels only, not on biases and batch normalisation",
    "images come at one size (the paper: crops of images scaled to 256 to 480 pixels)",
    "one crop in prediction (the paper: ten crops, and six scales for its best results)",
)

IMAGE_SHAPE = (224, 224, 3)
CLASSES = 1000
PARAMETERS = 21_797_672
MACS = 3_663_761_408


class Network(ImageNetResidual):
    """3, 4, 6 and 3 residual blocks, 1x1 convolutions where the shape changes."""

    blocks = (3, 4, 6, 3)
    shortcut = "projection"
