"""What a killed training has left to go on from, unless it was killed while it deleted that."""

from __future__ import annotations

import shutil
import sys

from pipeline.stage import paths
from pipeline.stage.environment import several_hosts

DIGEST = "[0-9a-f]" * 16  # in the name of a training's folder
DAMAGED = (ValueError, KeyError, FileNotFoundError)  # what Orbax raises where a part is missing
OF_MEMORY = "RESOURCE_EXHAUSTED"


def discard_unreadable(stage_names: str) -> None:
    """Delete the checkpoints of a stage's training that lack a part, and say so.

    A training deletes its checkpoints file by file when its results are written.

    Parameters
    ----------
    stage_names : str
        Data set and network, as in the folder's name: ``digits-lenet5``.
    """
    steps = (paths.ARTIFACTS / "checkpoints").glob(f"{stage_names}-{DIGEST}/*/*/*")
    left = sorted(step for step in steps if step.name.isdecimal())
    if not left or several_hosts():  # reading starts JAX, which has to wait for the other hosts
        return
    from orbax.checkpoint import PyTreeCheckpointer

    with PyTreeCheckpointer() as checkpointer:
        for step in left:
            try:
                checkpointer.restore(step.absolute())
            except DAMAGED as error:
                if OF_MEMORY in str(error):
                    raise
                shutil.rmtree(step)
                print(f"{step}: half deleted by a killed run, left out", file=sys.stderr)
