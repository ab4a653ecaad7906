"""Gabor energy on an accelerator: `features.gabor` in JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from features.accelerated.ops.grey import grey_levels
from features.gabor import RATIO
from features.ops.cells import cell_shares
from features.ops.gabor import constant_response, filter_pair

EXACT = jax.lax.Precision.HIGHEST  # a GPU would round the factors to 10 bits


def describe(
    images: jax.Array, *, orientations: int, wavelengths: int, shortest: float, pool: int
) -> jax.Array:
    """Average the energies of all wavelengths and directions over squares.

    Parameters
    ----------
    images : uint8 array [n, height, width, channels]
    orientations, wavelengths, shortest, pool
        As of `features.gabor.Feature`.

    Returns
    -------
    float32 array [n, d]
    """
    grey = grey_levels(images, jnp.float32)
    down, across = (
        (cell_shares(side, pool, interpolate=False) / pool).astype(np.float32)
        for side in grey.shape[1:]
    )
    means = [
        jnp.einsum(
            "yh,nohw,xw->noyx",
            down,
            gabor_energy(grey, shortest * RATIO**step, orientations),
            across,
            precision=EXACT,
        )
        for step in range(wavelengths)
    ]
    return jnp.stack(means, axis=1).reshape(len(images), -1)


def gabor_energy(grey: jax.Array, wavelength: float, orientations: int) -> jax.Array:
    """Compute the amplitude of a wavelength, float32 [n, orientations, height, width]."""
    n, height, width = grey.shape
    down, across = filter_pair(height, width, wavelength, orientations)
    rows = jnp.matmul(grey, across, precision=EXACT).reshape(n, height, 1 + orientations, width, 2)
    rows = jax.lax.complex(rows[..., 0], rows[..., 1])
    responses = jnp.einsum("oyh,nhow->noyw", down, rows, precision=EXACT)
    balanced = responses[:, 1:] - np.float32(constant_response(wavelength)) * responses[:, :1]
    return jnp.sqrt(balanced.real**2 + balanced.imag**2)
