"""Residual network of 34 layers, identity shortcuts: option A (He et al. 2015).

Published on ImageNet (ILSVRC-2012, ten crops): 25.03 % top-1 error.
"""

from __future__ import annotations

from models.layers.residual import ImageNetResidual

TITLE = "ResNet-34"
YEAR = 2015
CITATION = (
    "K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, "
    "arXiv 1512.03385, 2015, tables 1 and 2"
)
DEVIATIONS = (
    "weight decay on kernels only, not on biases and batch normalisation",
    "pixels are brought to mean 0 and deviation 1 per channel (the paper: the mean image is "
    "subtracted)",
    "images of one size, mirrored, and shifted by up to 4 pixels (the paper: mirrored crops of "
    "images scaled to 256 to 480 pixels, and colours changed)",
    "one crop in prediction (the paper: ten crops, and five scales for its best results)",
    "30 epochs in params.yaml, the learning rate falls at half and at three quarters of them (the "
    "paper: up to 600,000 steps of 256 images, about 120 epochs, when the error stalls)",
)

IMAGE_SHAPE = (224, 224, 3)
CLASSES = 1000
PARAMETERS = 21_623_848
MACS = 3_644_493_824


class Network(ImageNetResidual):
    """3, 4, 6 and 3 residual blocks, zeros for missing channels."""

    blocks = (3, 4, 6, 3)
    shortcut = "identity"
