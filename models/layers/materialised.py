"""Maps that are computed once, not again wherever they are read."""

from __future__ import annotations

import jax
from jax import lax


def materialised(maps: jax.Array) -> jax.Array:
    """Have XLA write maps to memory on a CPU before anything reads them.

    It would rather compute cheap maps, such as a normalisation and a ReLU or a maximum of shifted
    views, once more inside what reads them. The gradient of a convolution's kernel reads them in
    another order, for which that costs about as much as the convolution with JAX 0.12; with 0.10 it
    makes next to no difference.

    Parameters
    ----------
    maps : float array
        Of any shape.

    Returns
    -------
    float array
        The same values. Its gradient is written to memory, too.
    """
    return lax.optimization_barrier(maps) if jax.default_backend() == "cpu" else maps
