"""What a killed stage has left to go on from, unless it was killed while it deleted that.

A part that is missing is found one array at a time with TensorStore, in which Orbax keeps the
arrays: Orbax reads all at once and writes a traceback for each that it was still waiting for.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.stage import paths
from pipeline.stage.environment import several_hosts
from pipeline.stage.errors import RESOURCE_EXHAUSTED, UserError
from pipeline.stage.files import read_json

FOLDER = paths.ARTIFACTS / "checkpoints"
DIGEST = "[0-9a-f]" * 16  # in the name of a training's folder
DAMAGED = (UserError, ValueError, KeyError, FileNotFoundError)  # raised where a part is missing


def folder(stage_names: str, decides: dict[str, Any], code: Iterable[Path]) -> Path:
    """Return a folder named after a stage and all that decides what it learns.

    Parameters
    ----------
    stage_names : str
        Such as ``digits-ablation``.
    decides : dict
        Data and parameters, of JSON's types.
    code : iterable of Path
        Files, and folders of Python files.
    """
    digest = hashlib.sha256(json.dumps(decides, sort_keys=True).encode())
    for source in code:
        for file in sorted(source.rglob("*.py")) if source.is_dir() else [source]:
            digest.update(file.read_bytes())
    return FOLDER / f"{stage_names}-{digest.hexdigest()[:16]}"


def discard(kept: Path) -> None:
    """Delete a stage's folder when its results are written, and what its killed runs left.

    Parameters
    ----------
    kept : Path
        From :func:`folder`. Those of other data, parameters or code go too.
    """
    stage_names, _, _ = kept.name.rpartition("-")
    for one in FOLDER.glob(f"{stage_names}-{DIGEST}"):
        shutil.rmtree(one, ignore_errors=True)


def discard_unreadable(stage_names: str) -> None:
    """Delete the checkpoints of a stage's training that lack a part, and say so.

    A training deletes its checkpoints file by file when its results are written.

    Parameters
    ----------
    stage_names : str
        Data set and network, as in the folder's name: ``digits-lenet5``.
    """
    if several_hosts():  # each would delete the same folder
        return
    steps = FOLDER.glob(f"{stage_names}-{DIGEST}/*/*/*")
    for step in sorted(step for step in steps if step.name.isdecimal()):
        try:
            _read(step.absolute())
        except DAMAGED as error:
            if RESOURCE_EXHAUSTED in str(error):
                raise
            shutil.rmtree(step)
            print(f"{step}: half deleted by a killed run, left out", file=sys.stderr)


def _read(checkpoint: Path) -> None:
    """Read every array that the checkpoint lists."""
    import tensorstore

    for leaf in read_json(checkpoint / "_METADATA")["tree_metadata"].values():
        (key,) = leaf["key_metadata"]
        base = {"driver": "file", "path": f"{checkpoint}/"}
        kvstore = {"driver": "ocdbt", "base": base, "path": f"{key['key']}/"}
        tensorstore.open({"driver": "zarr", "kvstore": kvstore}).result().read().result()
