"""Where the images of a run's steps come from: the device's memory, or a file that is streamed.

Streamed images are decoded in processes of their own (Grain) while the device works on the steps
before: a few batches are in memory, however many images there are.
"""

from __future__ import annotations

import errno
import gc
import multiprocessing
import os
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import jax
import joblib
import numpy as np
from jax.sharding import Mesh
from numpy.typing import NDArray

from models.training import devices
from models.training.data import Batches, Data, Encoded, Images, Normalisation, Order

CALL_BYTES = 64 * 2**20  # of the streamed images that a call's steps may bring
AHEAD = 1  # batches in each of the two queues behind every worker
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (where Linux has it)
Calls = Generator[Batches, None, None]


@dataclass(frozen=True)
class Resident:
    """All images lie on the device, and a batch says which it wants."""

    data: Data

    def steps_per_call(self, steps: int, order: Order) -> int:
        """Return how many of the `steps` of a call may be made at once."""
        return steps

    def calls(self, order: Order, done: int, steps: int) -> Calls:
        """Yield the batches of every call, at most so many `steps`, after `done` steps."""
        return order.calls(done, steps)

    def wait(self, progress: Any) -> None:
        """Let the host run ahead of the device."""


@dataclass(frozen=True)
class Streamed:
    """Every batch brings its images, decoded just before; otherwise like `Resident`."""

    data: Data
    images: Encoded
    mesh: Mesh

    def steps_per_call(self, steps: int, order: Order) -> int:
        """Return how many of the `steps` of a call have room for their images."""
        n_images = len(order.seeds) * order.recipe.batch_size
        n_bytes = n_images * int(np.prod(self.images.shape[1:]))
        return min(steps, max(1, CALL_BYTES // n_bytes))

    def calls(self, order: Order, done: int, steps: int) -> Calls:
        """Yield the batches of every call with their images; of several hosts each its part."""
        size = order.recipe.batch_size
        columns = devices.own_columns(size, self.mesh)
        own = Order(order.seeds, order.rows, order.recipe, columns)
        shape = (len(order.seeds), steps, len(columns), *self.images.shape[1:])
        with closing(stream(self.images, own, done)) as decoded:
            for batches in order.calls(done, steps):
                images = np.zeros(shape, np.uint8)
                for place in range(len(batches.steps)):
                    images[:, place] = next(decoded)
                there = devices.joined(images, self.mesh, axis=2, size=size)
                yield batches._replace(images=there)

    def wait(self, progress: Any) -> None:
        """Keep the images of two calls on the device at most: at work, and next."""
        jax.block_until_ready(progress)


def source(
    images: Images, labels: NDArray[np.int64], rows: NDArray[np.int64], mesh: Mesh
) -> Resident | Streamed:
    """Put arrays on the devices; leave encoded images where they are.

    Parameters
    ----------
    images : uint8 array or Encoded [n, height, width, channels]
    labels : int array [n]
    rows : int array
        The images that the pixels' mean and deviation are measured on.
    mesh : Mesh
    """
    there = devices.copied(labels.astype(np.int32), mesh)
    if isinstance(images, np.ndarray):
        normalisation = Normalisation.of(images[rows] if len(rows) < len(images) else images)
        return Resident(Data(devices.copied(images, mesh), there, normalisation))
    return Streamed(Data(None, there, Normalisation.of_sums(*images.sums(rows))), images, mesh)


def parts(images: Images, rows: NDArray[np.int64], size: int) -> Iterator[NDArray[np.uint8]]:
    """Yield the images `rows` in their order, `size` at a time, decoded where they have to be."""
    orders = [rows[first : first + size] for first in range(0, len(rows), size)]
    if isinstance(images, np.ndarray):
        return (images[order] for order in orders)
    return stream(images, orders)


def stream(
    images: Encoded, orders: Sequence[NDArray[Any]] | Order, start: int = 0
) -> Generator[NDArray[np.uint8], None, None]:
    """Decode images in worker processes, ahead of their use.

    Parameters
    ----------
    images : Encoded
        Goes to every worker, as do the orders.
    orders : sequence of int arrays [...]
        Which images each element consists of.
    start : int
        The first element wanted.

    Yields
    ------
    uint8 array [..., height, width, channels]

    Raises
    ------
    ChildProcessError
        A worker died. What it raises itself is raised here.
    """
    import grain
    from absl import flags

    # Grain 0.2.18 reads its flags even where no program has parsed any (google/grain#1361).
    flags.FLAGS.mark_as_parsed()
    n_left = len(orders) - start
    if n_left == 0:
        return
    decoded = iter(
        grain.MapDataset.source(orders)[start:]
        .map(partial(_decode, images))
        .to_iter_dataset(grain.ReadOptions(num_threads=0, prefetch_buffer_size=0))
        .mp_prefetch(
            grain.MultiprocessingOptions(
                num_workers=min(joblib.cpu_count(), n_left), per_worker_buffer_size=AHEAD
            ),
            worker_init_fn=_end_with_parent,
        )
    )
    failure: Exception | None = None
    try:
        yield from decoded
    except Exception as error:
        failure = error.with_traceback(None)  # whose frames hold batches
    finally:
        decoded.close()
        gc.collect()  # the last batches, which Grain's ended threads keep in cycles
    if failure is not None and "terminated unexpectedly" in str(failure):
        raise ChildProcessError(
            errno.ECHILD, "a process that decodes it died (memory or /dev/shm full?)", str(images)
        )
    if failure is not None:
        raise failure


def _decode(images: Encoded, order: NDArray[Any]) -> NDArray[np.uint8]:
    """Decode images and put them where the parent reads them.

    Grain would do the second, by touching page after page of fresh memory: on Linux writing to it
    as a file takes half as long, and a full /dev/shm is an error and not the worker's death.
    """
    from grain.multiprocessing import SharedMemoryArray

    decoded = images[order]
    if not SHARED_MEMORY.is_dir():
        return decoded
    memory = SharedMemory(create=True, size=decoded.nbytes)
    try:
        (SHARED_MEMORY / memory.name).write_bytes(decoded.data)
    except OSError:
        memory.close()
        memory.unlink()
        raise
    shared: NDArray[np.uint8] = SharedMemoryArray.from_shared_memory(
        memory, decoded.shape, decoded.dtype
    )
    return shared


def _end_with_parent(worker: int, workers: int) -> None:
    """End this worker when its parent is killed: Grain's would wait for it for ever."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
