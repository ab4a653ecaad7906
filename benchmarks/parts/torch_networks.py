"""The networks of `models/networks` in PyTorch: same layers, same number of parameters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    """A residual block of two 3x3 convolutions with the identity past it (option A)."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.stride, self.missing = filters // channels, filters - channels
        self.conv1 = nn.Conv2d(channels, filters, 3, self.stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(filters)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Map [n, channels, height, width] to [n, filters, out_height, out_width]."""
        learned = functional.relu(self.norm1(self.conv1(maps)))
        learned = self.norm2(self.conv2(learned))
        past = maps[:, :, :: self.stride, :: self.stride]
        return functional.relu(learned + functional.pad(past, (0, 0, 0, 0, 0, self.missing)))


def residual(widths: list[int], classes: int) -> Iterator[nn.Module]:
    """Yield the blocks between maps of these widths, and what ends a residual network."""
    yield from (Block(*pair) for pair in pairwise(widths))
    yield from (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], classes))


def dense_head(inputs: int, classes: int) -> Iterator[nn.Module]:
    """Yield the three fully connected layers of AlexNet and VGG."""
    yield nn.Flatten()
    for units in (inputs, 4096):
        yield from (nn.Linear(units, 4096), nn.ReLU(), nn.Dropout(0.5))
    yield nn.Linear(4096, classes)


def lenet5() -> nn.Module:
    """Return LeNet-5."""
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten()),
        *(nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)),
    )


def cuda_convnet() -> nn.Module:
    """Return cuda-convnet's small network."""
    pool = partial(nn.AvgPool2d, 3, 2, ceil_mode=True)
    return nn.Sequential(
        *(nn.Conv2d(3, 32, 5, padding=2), nn.MaxPool2d(3, 2, ceil_mode=True), nn.ReLU()),
        *(nn.Conv2d(32, 32, 5, padding=2), nn.ReLU(), pool()),
        *(nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), pool(), nn.Flatten(), nn.Linear(1024, 10)),
    )


def resnet20() -> nn.Module:
    """Return ResNet-20."""
    return nn.Sequential(
        *(nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()),
        *residual([16] * 4 + [32] * 3 + [64] * 3, 10),
    )


def alexnet() -> nn.Module:
    """Return AlexNet of one tower."""
    layers: list[nn.Module] = []
    channels = 3
    for filters, size, stride, padding, pooled in (
        (96, 11, 4, 2, True),
        (256, 5, 1, 2, True),
        (384, 3, 1, 1, False),
        (384, 3, 1, 1, False),
        (256, 3, 1, 1, True),
    ):
        layers.append(nn.Conv2d(channels, filters, size, stride, padding, bias=False))
        layers += [nn.BatchNorm2d(filters), nn.ReLU()]
        layers += [nn.MaxPool2d(3, 2)] if pooled else []
        channels = filters
    return nn.Sequential(*layers, *dense_head(6 * 6 * 256, 1000))


def vgg19() -> nn.Module:
    """Return VGG-19."""
    layers: list[nn.Module] = []
    channels = 3
    for count, filters in ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512)):
        for _ in range(count):
            layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
            channels = filters
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, *dense_head(7 * 7 * 512, 1000))


def resnet34() -> nn.Module:
    """Return ResNet-34."""
    return nn.Sequential(
        *(nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()),
        nn.MaxPool2d(3, 2, 1),
        *residual([64] * 4 + [128] * 4 + [256] * 6 + [512] * 3, 1000),
    )
