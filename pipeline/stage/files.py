"""Reading and writing what passes between stages: whole files or none, reproducible bytes."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import IO, TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from pipeline.stage.errors import UserError

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that takes `path`'s place only when all of it has been written.

    The temporary name is always the same, so that what a killed run left is overwritten.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = os.fspath(path)  # a full disk names no file
        raise


@contextmanager
def appending(path: Path, end: int) -> Iterator[IO[bytes]]:
    """Open a file to write on from its byte `end`; what stands behind that is lost."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("r+b" if end else "wb") as file:
            file.seek(end)
            file.truncate()
            yield file
    except OSError as error:
        error.filename = error.filename or os.fspath(path)  # a full disk names no file
        raise


def move(file: Path, path: Path) -> None:
    """Give a whole file its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(file, path)


@contextmanager
def _expecting(what: str, path: Path) -> Iterator[None]:
    """Have a file that holds something else named in the error."""
    try:
        yield
    except (BadZipFile, EOFError, TypeError, ValueError) as error:
        reason, *_ = str(error).split(". ")  # without NumPy's advice to load it unsafely
        raise UserError(f"{path}: expected {what} ({reason})") from error


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with Unix line ends."""
    with replacing(path) as file:
        file.write(text.encode())


def write_csv(path: Path, table: pd.DataFrame, floats: str = "%.6f") -> None:
    """Write a table with a fixed float format and Unix line ends."""
    write_text(path, table.to_csv(index=False, float_format=floats, lineterminator="\n"))


def read_csv(path: Path, **columns: type) -> pd.DataFrame:
    """Read what :func:`write_csv` wrote: only an empty cell has no value, as a class may be NA.

    Parameters
    ----------
    path : Path
    **columns : type
        Of columns whose type is not to be guessed: a class may be called 007.

    Raises
    ------
    UserError
        The file holds no table.
    """
    import pandas as pd

    with _expecting("a table", path):
        return pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=columns or None)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a mapping as JSON, keys in their order."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read what :func:`write_json` wrote.

    Raises
    ------
    UserError
        The file holds no JSON.
    """
    with _expecting("JSON", path):
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write one array as .npy."""
    with replacing(path) as file:
        # Into a file NumPy writes by itself, and does not tell why it cannot.
        writer: Any = SimpleNamespace(write=file.write)
        np.save(writer, array, allow_pickle=False)


def read_array(path: Path, *, mmap: bool = False) -> NDArray[Any]:
    """Read one .npy array, or map it read-only where it is too large to copy.

    Raises
    ------
    UserError
        The file holds no array, or one of Python objects.
    """
    with _expecting("an array of numbers", path):
        array: NDArray[Any] = np.load(path, mmap_mode="r" if mmap else None, allow_pickle=False)
    return array


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write named arrays as .npz: the same bytes on every day and with every Python.

    ``np.savez`` has each member written in a form for 4 GiB and more, whose header depends on the
    Python.
    """
    with replacing(path) as file, ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            content = BytesIO()
            np.lib.format.write_array(content, np.asarray(array), allow_pickle=False)
            archive.writestr(ZipInfo(f"{name}.npy"), content.getvalue())  # dated 1980


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read what :func:`write_arrays` wrote.

    Raises
    ------
    UserError
        The file is no archive of arrays, or holds Python objects.
    """
    # Opened here: NumPy would leave a file open that is no archive.
    with (
        _expecting("named arrays of numbers", path),
        path.open("rb") as file,
        np.load(file, allow_pickle=False) as archive,
    ):
        return dict(archive)
