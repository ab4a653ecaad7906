"""A network's learned arrays under flat names, to be kept in a file, and back."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from numpy.typing import NDArray

from models.training.blueprint import Blueprint
from models.training.data import Normalisation
from models.training.program import Learned

MEAN, STD = "normalisation.mean", "normalisation.std"


def _named(state: Any) -> list[tuple[str, Any]]:
    """List the leaves of a state with names such as ``c1.kernel``."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(nnx.to_pure_dict(state))
    return [(".".join(str(key.key) for key in path), leaf) for path, leaf in leaves]


def to_arrays(
    learned: Learned, normalisation: Normalisation, seed: int = 0
) -> dict[str, NDArray[Any]]:
    """Name the arrays of one seed's network, its normalisation included."""
    arrays = {name: np.asarray(leaf)[seed] for part in learned for name, leaf in _named(part)}
    return {MEAN: normalisation.mean, STD: normalisation.std, **arrays}


def from_arrays(
    blueprint: Blueprint, arrays: dict[str, NDArray[Any]]
) -> tuple[Learned, Normalisation]:
    """Rebuild what :func:`to_arrays` named, with an axis of one seed.

    Raises
    ------
    ValueError
        The names or shapes are not those of the blueprint's network.
    """
    model = blueprint.abstract()
    _, *states = nnx.split(model, nnx.Param, nnx.RngState, ...)
    params, _, statistics = states
    expected = {name: leaf.shape for part in (params, statistics) for name, leaf in _named(part)}
    found = {name: array.shape for name, array in arrays.items() if name not in (MEAN, STD)}
    if found != expected:
        raise ValueError(f"found arrays {found}, expected {expected}")

    def fill(state: Any) -> Any:
        leaves = [jnp.asarray(arrays[name])[None] for name, _ in _named(state)]
        return jax.tree.unflatten(jax.tree.structure(state), leaves)

    return Learned(fill(params), fill(statistics)), Normalisation(arrays[MEAN], arrays[STD])
