"""Residual networks of He et al. 2015 and their plain twins, for small and for large images."""

from __future__ import annotations

from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
from flax import nnx

from models.layers.convolution import HE_NORMAL, Convolution
from models.layers.image_size import check_image_size
from models.layers.materialised import materialised
from models.layers.normalisation import batch_norm
from models.layers.pooling import max_pool

Shortcut = Literal["none", "identity", "projection"]


class BasicBlock(nnx.Module):
    """Two 3x3 convolutions, each with batch normalisation, and the input added to the second.

    Parameters
    ----------
    channels, filters : int
        Channels in and out.
    stride : int
        Of the first convolution, and of the shortcut.
    shortcut : {"none", "identity", "projection"}
        "none" makes a plain block. "identity" is the paper's option A: where the shape changes, the
        input is subsampled and its missing channels are 0. "projection" is option B: there, and
        only there, a 1x1 convolution with batch normalisation.
    rngs : nnx.Rngs
    """

    def __init__(
        self, channels: int, filters: int, *, stride: int, shortcut: Shortcut, rngs: nnx.Rngs
    ) -> None:
        self.conv1 = _convolution(channels, filters, 3, stride, rngs)
        self.norm1 = batch_norm(filters, rngs=rngs)
        self.conv2 = _convolution(filters, filters, 3, 1, rngs)
        self.norm2 = batch_norm(filters, rngs=rngs)
        self.stride, self.shortcut, self.missing = stride, shortcut, filters - channels
        reshaped = stride > 1 or filters != channels
        projected = shortcut == "projection" and reshaped
        self.project = _convolution(channels, filters, 1, stride, rngs) if projected else None
        self.norm3 = batch_norm(filters, rngs=rngs) if projected else None

    def __call__(self, maps: jax.Array) -> jax.Array:
        """Map [n, height, width, channels] to [n, out_height, out_width, filters]."""
        maps = materialised(maps)
        learned = materialised(nnx.relu(self.norm1(self.conv1(maps))))
        learned = self.norm2(self.conv2(learned))
        return nnx.relu(learned if self.shortcut == "none" else learned + self._past(maps))

    def _past(self, maps: jax.Array) -> jax.Array:
        """Bring the input of the block to the shape of its output."""
        if self.project is not None and self.norm3 is not None:
            return self.norm3(self.project(maps))
        seen = maps[:, :: self.stride, :: self.stride]
        return jnp.pad(seen, ((0, 0), (0, 0), (0, 0), (0, self.missing)))


class Stages(nnx.Module):
    """Blocks in stages, global average pooling and one linear layer.

    Parameters
    ----------
    blocks : tuple of int
        Blocks of each stage. Each stage after the first halves the sides of the maps.
    filters : int
        Of the maps that come in and of the first stage; each further stage has twice as many.
    classes : int
    shortcut : {"none", "identity", "projection"}
        See :class:`BasicBlock`.
    rngs : nnx.Rngs
    """

    def __init__(
        self,
        blocks: tuple[int, ...],
        filters: int,
        classes: int,
        *,
        shortcut: Shortcut,
        rngs: nnx.Rngs,
    ) -> None:
        self.blocks: nnx.List[BasicBlock] = nnx.List([])
        channels = filters
        for stage, count in enumerate(blocks):
            for place in range(count):
                stride = 2 if stage > 0 and place == 0 else 1
                out = filters * 2**stage
                block = BasicBlock(channels, out, stride=stride, shortcut=shortcut, rngs=rngs)
                self.blocks.append(block)
                channels = out
        self.output = nnx.Linear(channels, classes, kernel_init=HE_NORMAL, rngs=rngs)

    def __call__(self, maps: jax.Array) -> jax.Array:
        """Map [n, height, width, filters] to logits [n, classes]."""
        for block in self.blocks:
            maps = block(maps)
        return self.output(maps.mean((1, 2)))


class CifarResidual(nnx.Module):
    """The family of section 4.2: 3x3 convolutions throughout, stages of 16, 32 and 64 filters.

    With n blocks a stage the depth is 6n + 2.

    Parameters
    ----------
    image_shape : tuple of int
        Height, width, channels.
    classes : int
    rngs : nnx.Rngs

    Attributes
    ----------
    blocks : tuple of int
    shortcut : {"none", "identity", "projection"}

    Raises
    ------
    ValueError
        The images are smaller than 4x4.
    """

    blocks: ClassVar[tuple[int, ...]]
    shortcut: ClassVar[Shortcut]

    def __init__(self, *, image_shape: tuple[int, int, int], classes: int, rngs: nnx.Rngs) -> None:
        check_image_size(image_shape, 4)
        self.conv = _convolution(image_shape[2], 16, 3, 1, rngs)
        self.norm = batch_norm(16, rngs=rngs)
        self.stages = Stages(self.blocks, 16, classes, shortcut=self.shortcut, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """Map images [n, height, width, channels] to logits [n, classes]."""
        return self.stages(nnx.relu(self.norm(self.conv(images))))


class ImageNetResidual(nnx.Module):
    """The family of table 1 with basic blocks: stages of 64, 128, 256 and 512 filters.

    A 7x7 convolution and a 3x3 maximum, both of stride 2, come first. The paper's images are
    224x224 and leave maps of 7x7; any others of at least 32x32 work.

    Parameters
    ----------
    image_shape : tuple of int
        Height, width, channels.
    classes : int
    rngs : nnx.Rngs

    Attributes
    ----------
    blocks : tuple of int
    shortcut : {"none", "identity", "projection"}

    Raises
    ------
    ValueError
        The images are smaller than 32x32.
    """

    blocks: ClassVar[tuple[int, ...]]
    shortcut: ClassVar[Shortcut]

    def __init__(self, *, image_shape: tuple[int, int, int], classes: int, rngs: nnx.Rngs) -> None:
        check_image_size(image_shape, 32)
        self.conv = _convolution(image_shape[2], 64, 7, 2, rngs)
        self.norm = batch_norm(64, rngs=rngs)
        self.stages = Stages(self.blocks, 64, classes, shortcut=self.shortcut, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """Map images [n, height, width, channels] to logits [n, classes]."""
        maps = nnx.relu(self.norm(self.conv(images)))
        return self.stages(max_pool(maps, 3, 2, padding=1))


def _convolution(
    channels: int, filters: int, kernel_size: int, stride: int, rngs: nnx.Rngs
) -> Convolution:
    """Return a convolution that keeps the sides (divided by the stride); its bias is the norm's."""
    return Convolution(
        channels,
        filters,
        kernel_size,
        stride=stride,
        padding=kernel_size // 2,
        use_bias=False,
        kernel_init=HE_NORMAL,
        rngs=rngs,
    )
