"""Where joblib's tasks run: in threads of this process, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from joblib import parallel_config

from pipeline.stage.environment import cluster, threads
from pipeline.stage.errors import UserError

# Bytes that tasks beside each other may take: a stage of MNIST stays under 2 GiB.
MEMORY = 3 * 2**29
SECONDS_TO_ANSWER = 10


@contextmanager
def workers() -> Iterator[None]:
    """Have ``joblib.Parallel`` use the threads of this process or, where there is one, the cluster.

    Raises
    ------
    UserError
        ``HINDSIGHT_DASK`` names a cluster that does not answer, or Dask is not installed.
    """
    address = cluster()
    if not address:
        with parallel_config("threading", n_jobs=threads()):
            yield
        return
    try:
        from dask.distributed import Client
    except ImportError:
        raise UserError(
            f"HINDSIGHT_DASK: found {address}, but the package distributed is missing; "
            "`pip install distributed` brings it"
        ) from None
    try:
        client = Client(address, timeout=SECONDS_TO_ANSWER)
    except (OSError, ValueError) as error:
        raise UserError(
            f"HINDSIGHT_DASK: found {address}, where no Dask scheduler answers ({error})"
        ) from error
    with client, parallel_config("dask"):
        yield


def tasks_at_once(memory: int) -> int:
    """Return how many tasks of so many bytes may run beside each other, for joblib's `n_jobs`.

    As many as there are workers in a cluster, where each task takes its worker's own memory.
    """
    return -1 if cluster() else max(1, min(threads(), MEMORY // max(memory, 1)))
