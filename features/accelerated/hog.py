"""Histograms of oriented gradients on an accelerator: `features.hog` in JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from features.hog import CLIP
from features.ops.blocks import EPSILON
from features.ops.cells import cell_shares
from features.ops.orientation import LARGEST, STEPS, vote_table

EXACT = jax.lax.Precision.HIGHEST  # a GPU would round the factors to 10 bits


def describe(
    images: jax.Array, *, orientations: int, pixels_per_cell: int, cells_per_block: int, votes: str
) -> jax.Array:
    """Sum the votes of gradients in cells, and normalise them over blocks of cells.

    Parameters
    ----------
    images : uint8 array [n, height, width, channels]
    orientations, pixels_per_cell, cells_per_block, votes
        As of `features.hog.Feature`.

    Returns
    -------
    float32 array [n, d]
    """
    interpolate = votes == "bilinear"
    rows, columns = (
        cell_shares(side, pixels_per_cell, interpolate).astype(np.float32)
        for side in images.shape[1:3]
    )
    # Looked up as in the reference: a computed angle may fall into the next bin.
    cast = jnp.asarray(vote_table(orientations, interpolate))[gradient_codes(images)]
    histograms = jnp.einsum("yh,nhwo,xw->nyxo", rows, cast, columns, precision=EXACT)
    return normalised_blocks(histograms, cells_per_block).reshape(len(images), -1)


def gradient_codes(images: jax.Array) -> jax.Array:
    """Find the row of the table of votes for every pixel, int32 [n, height, width]."""
    levels = images.astype(jnp.int32)
    down = jnp.pad(levels[:, 2:] - levels[:, :-2], ((0, 0), (1, 1), (0, 0), (0, 0)))
    right = jnp.pad(levels[:, :, 2:] - levels[:, :, :-2], ((0, 0), (0, 0), (1, 1), (0, 0)))
    codes = STEPS * (down + LARGEST) + (right + LARGEST)
    strongest = jnp.argmax(down**2 + right**2, axis=-1, keepdims=True)
    return jnp.take_along_axis(codes, strongest, axis=-1)[..., 0]


def normalised_blocks(histograms: jax.Array, side: int) -> jax.Array:
    """Cut cells into overlapping blocks and normalise each by L2-Hys, as the reference does."""
    rows, columns = (cells - side + 1 for cells in histograms.shape[1:3])
    cells = [
        histograms[:, row : row + rows, column : column + columns]
        for row in range(side)
        for column in range(side)
    ]
    blocks = jnp.concatenate(cells, axis=-1)
    clipped = jnp.minimum(blocks / _length(blocks), CLIP)
    return clipped / _length(clipped)


def _length(blocks: jax.Array) -> jax.Array:
    squares = (blocks**2).sum(axis=-1, keepdims=True)
    return jnp.sqrt(squares + np.float32(EPSILON**2))
