"""How far a stage has come: a part of its work is saved as it grows, and a killed run goes on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.stage.files import appending, read_json, write_json


class Progress:
    """One part of a stage's work, in a folder that a killed run leaves behind.

    Parameters
    ----------
    folder : Path
        Named after all that decides the work: see `pipeline.stage.checkpoints.folder`.
    name : str
        The part's.
    file : Path, optional
        Where its work lies: if it is not there, moved by a run that was killed at its very end,
        nothing is done.

    Attributes
    ----------
    done : dict
        What was saved last; empty at the start.
    seconds : float
        How long the work up to there took, in all runs together.
    """

    def __init__(self, folder: Path, name: str, file: Path | None = None) -> None:
        self._file = folder / f"{name}.json"
        there = self._file.exists() and (file is None or file.exists())
        found = read_json(self._file) if there else {}
        self.done: dict[str, Any] = found.get("done", {})
        self.seconds: float = found.get("seconds", 0.0)
        self._saved = time.perf_counter()

    def save(self, **done: Any) -> None:
        """Note what is done, of JSON's types: what belongs to it must have been written before."""
        now = time.perf_counter()
        self.seconds += now - self._saved
        self.done, self._saved = done, now
        write_json(self._file, {"done": done, "seconds": self.seconds})


class GrowingArray:
    """A .npy file that grows by some rows at a time: the same bytes as if written at once.

    Parameters
    ----------
    folder : Path
        The file is ``<name>.npy`` there, beside the part's ``<name>.json``.
    name : str
    n : int
        How many rows there will be.

    Attributes
    ----------
    file : Path
    rows : int
        How many there are.
    seconds : float
        How long these took, in all runs together.
    """

    def __init__(self, folder: Path, name: str, n: int) -> None:
        self.file = folder / f"{name}.npy"
        self._n = n
        self._progress = Progress(folder, name, self.file)
        self.rows: int = self._progress.done.get("rows", 0)
        self._end: int = self._progress.done.get("bytes", 0)

    @property
    def seconds(self) -> float:
        """Of `Progress`."""
        return self._progress.seconds

    def append(self, rows: NDArray[Any]) -> None:
        """Write some rows at the end, over what a killed run wrote without noting it."""
        rows = np.ascontiguousarray(rows)
        with appending(self.file, self._end) as file:
            if not self.rows:
                header = np.lib.format.header_data_from_array_1_0(rows)
                header["shape"] = (self._n, *rows.shape[1:])
                np.lib.format.write_array_header_1_0(file, header)
            file.write(rows.data)
            self._end = file.tell()
        self.rows += len(rows)
        self._progress.save(rows=self.rows, bytes=self._end)
