"""Data parallelism: every device holds the networks and sees a part of each batch.

The compiled step is the one of a single device. XLA divides it as its inputs are divided and sums
over all devices where the step sums over the batch: gradients, losses and the averages of batch
normalisation are those of the whole batch, on however many devices and hosts.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from numpy.typing import NDArray

BATCH = "batch"


def join_hosts() -> None:
    """Meet the other hosts of this run; SLURM, MPI or the TPU pod says which and where they are.

    Raises
    ------
    ValueError
        Nothing here says so.
    """
    try:
        jax.distributed.initialize()
    except ValueError as error:
        raise ValueError(
            "HINDSIGHT_DISTRIBUTED: found 1, expected a process that SLURM (srun), Open MPI "
            f"(mpirun) or a TPU pod has started ({error})"
        ) from error


def first_host() -> bool:
    """Say whether this is the one process that writes."""
    return jax.process_index() == 0


def mesh(batch_size: int) -> Mesh:
    """Take as many devices, of all hosts, as divide a batch evenly.

    Raises
    ------
    ValueError
        There are several hosts and the batch is no multiple of their devices.
    """
    every = jax.devices()
    count = max(n for n in range(1, len(every) + 1) if batch_size % n == 0)
    if jax.process_count() > 1 and count < len(every):
        raise ValueError(
            f"batch_size: found {batch_size}, expected a multiple of {len(every)}, the devices of "
            f"all {jax.process_count()} hosts"
        )
    return Mesh(np.array(every[:count]), (BATCH,), axis_types=(AxisType.Auto,))


def copied(tree: Any, mesh: Mesh) -> Any:
    """Put a copy of every array of a tree on each device."""
    return jax.tree.map(lambda leaf: _placed(leaf, mesh, PartitionSpec()), tree)


def divided(array: Any, mesh: Mesh, axis: int) -> Any:
    """Give each device its part of an array, along an axis of images."""
    return _placed(array, mesh, PartitionSpec(*[None] * axis, BATCH))


def own_columns(size: int, mesh: Mesh) -> NDArray[np.int64]:
    """Return which of the `size` images of a batch this host's devices hold."""
    sharding = NamedSharding(mesh, PartitionSpec(BATCH))
    parts = sharding.addressable_devices_indices_map((size,)).values()
    return np.unique([np.arange(size)[part] for part in parts])


def joined(part: NDArray[Any], mesh: Mesh, axis: int, size: int) -> jax.Array:
    """Divide an array along an axis of `size` images, of which every host has its own columns."""
    if mesh.size == 1:
        return jnp.array(part)
    whole = (*part.shape[:axis], size, *part.shape[axis + 1 :])
    sharding = NamedSharding(mesh, PartitionSpec(*[None] * axis, BATCH))
    return jax.make_array_from_process_local_data(sharding, part, whole)


def mesh_of(array: jax.Array) -> Mesh | None:
    """Return the devices that an array was copied to, or ``None`` for one device."""
    mesh = array.sharding.mesh if isinstance(array.sharding, NamedSharding) else None
    return mesh if isinstance(mesh, Mesh) else None


def _placed(array: Any, mesh: Mesh, axes: PartitionSpec) -> Any:
    if mesh.size == 1:
        return jnp.array(array)
    whole = np.asarray(array)
    # Not device_put: with several hosts it would first compare the array between all of them.
    return jax.make_array_from_callback(
        whole.shape, NamedSharding(mesh, axes), lambda part: whole[part]
    )
