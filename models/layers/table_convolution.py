"""Convolution in which each map sees only some of the maps below, by a connection table."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import nnx

from models.layers.convolution import convolve, is_direct
from models.layers.squashing import fan_in_kernel

Table = Sequence[Sequence[int]]


def everything(channels: int, filters: int) -> tuple[tuple[int, ...], ...]:
    """Return the table in which each of `filters` maps sees all `channels`."""
    return (tuple(range(channels)),) * filters


class TableConvolution(nnx.Module):
    """A bank of square kernels, one for each connection of a table, with biases.

    Only the connections that exist have weights, and only these count: counted, each map gathers
    the channels it sees. To run, the kernels are laid out in one dense bank with zeros for the
    rest, since one product over all is faster than many small ones.

    Parameters
    ----------
    table : sequence of sequences of int
        The channels that each map sees.
    kernel_size : int
        Rows and columns of each kernel.
    units : tuple of int, optional
        Rows and columns of a map whose every unit has a bias of its own. By default all units
        of a map share one.
    stride : int
        Pixels between two positions of the kernel, in both directions.
    rngs : nnx.Rngs
        Its `params` stream draws the kernels with `fan_in_kernel`.

    Attributes
    ----------
    kernels : list of float32 arrays [rows, columns, channels seen, maps]
        One array for all maps that see the same number of channels, fewest first.
    bias : float32 array [maps], or [*units, maps]
    """

    def __init__(
        self,
        table: Table,
        kernel_size: int,
        *,
        units: tuple[int, int] | None = None,
        stride: int = 1,
        rngs: nnx.Rngs,
    ) -> None:
        self.table = tuple(tuple(seen) for seen in table)
        self.stride = stride
        self.kernels = nnx.List(
            nnx.Param(
                fan_in_kernel(rngs.params(), (kernel_size, kernel_size, number, len(filters)))
            )
            for number, filters in self._groups()
        )
        self.bias = nnx.Param(jnp.zeros((*(units or ()), len(table))))

    def __call__(self, images: jax.Array) -> jax.Array:
        """Convolve images [n, height, width, channels] to [n, out_height, out_width, maps]."""
        maps = self._gathered(images) if is_direct() else self._dense(images)
        return maps + self.bias[...]

    def _groups(self) -> list[tuple[int, list[int]]]:
        """List the numbers of channels seen, each with the maps that see so many."""
        numbers = sorted({len(seen) for seen in self.table})
        return [
            (number, [place for place, seen in enumerate(self.table) if len(seen) == number])
            for number in numbers
        ]

    def _dense(self, images: jax.Array) -> jax.Array:
        rows, columns = self.kernels[0].shape[:2]
        bank = jnp.zeros((rows, columns, images.shape[-1], len(self.table)), images.dtype)
        for kernel, (_, filters) in zip(self.kernels, self._groups(), strict=True):
            seen = jnp.array([self.table[place] for place in filters]).T
            bank = bank.at[:, :, seen, jnp.array(filters)].set(kernel[...])
        return convolve(images, bank, self.stride)

    def _gathered(self, images: jax.Array) -> jax.Array:
        parts, order = [], []
        for kernel, (_, filters) in zip(self.kernels, self._groups(), strict=True):
            # Each map is a group of its own, with the channels that are gathered for it.
            seen = jnp.array([channel for place in filters for channel in self.table[place]])
            gathered = images[..., seen]
            parts.append(convolve(gathered, kernel[...], self.stride, groups=len(filters)))
            order += filters
        return jnp.concatenate(parts, axis=-1)[..., jnp.argsort(jnp.array(order))]
