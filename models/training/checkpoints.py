"""Checkpoints of running trainings, so that a killed one goes on where it was.

They lie in a folder named after a hash of everything that decides the result, and are deleted when
the result has been written. Of several hosts the first one writes and reads. Orbax is imported at
the first save only: short runs never need it.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils

from models.training import devices


class Checkpoints:
    """Where one training saves itself.

    Parameters
    ----------
    folder : Path or None
        ``None`` saves nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = None if folder is None else folder.absolute()
        self._here = self.folder is not None and devices.first_host()
        self._saved = time.monotonic()

    def due(self, seconds: float) -> bool:
        """Tell whether the start or the last save is `seconds` ago."""
        return self._here and time.monotonic() - self._saved > seconds

    def save(self, step: int, state: Any) -> None:
        """Save a tree of arrays after `step` steps; older ones go once this one is complete."""
        if self.folder is None:
            return
        leaves = {str(place): np.asarray(leaf) for place, leaf in enumerate(jax.tree.leaves(state))}
        with _checkpointer() as checkpointer:
            checkpointer.save(self.folder / str(step), leaves, force=True)
        for older in self._steps():
            if older < step:
                shutil.rmtree(self.folder / str(older))
        self._saved = time.monotonic()

    def restore(self, like: Any) -> tuple[int, Any]:
        """Return the newest complete checkpoint as (step, state), or (0, `like`) without one.

        Parameters
        ----------
        like : tree of arrays
            Gives the structure.
        """
        found = self._read(like) if self._here else (0, like)
        if jax.process_count() > 1:
            step, state = multihost_utils.broadcast_one_to_all(found)
            return int(step), jax.tree.map(np.array, state)
        return found

    def _read(self, like: Any) -> tuple[int, Any]:
        steps = self._steps()
        if self.folder is None or not steps:
            return 0, like
        with _checkpointer() as checkpointer:
            leaves = checkpointer.restore(self.folder / str(steps[-1]))
        ordered = [np.array(leaves[str(place)]) for place in range(len(leaves))]
        return steps[-1], jax.tree.unflatten(jax.tree.structure(like), ordered)

    def _steps(self) -> list[int]:
        """List the complete checkpoints; Orbax renames a folder to its number when it is whole."""
        if self.folder is None or not self.folder.is_dir():
            return []
        return sorted(int(path.name) for path in self.folder.iterdir() if path.name.isdecimal())


def _checkpointer() -> Any:
    """Return what reads and writes for this host alone, without waiting for others."""
    from orbax import checkpoint

    alone = checkpoint.options.MultiprocessingOptions(
        primary_host=0, active_processes={0}, barrier_sync_key_prefix="first"
    )
    handler = checkpoint.PyTreeCheckpointHandler(multiprocessing_options=alone)
    return checkpoint.Checkpointer(handler, multiprocessing_options=alone)
