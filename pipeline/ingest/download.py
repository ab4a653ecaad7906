"""Files from a local mirror or a public one, checked and kept in one cache folder.

The environment variable HINDSIGHT_MIRROR names a folder or a URL that is tried before the public
mirrors, HINDSIGHT_CACHE the folder that keeps the files. Both hold `<dataset's folder>/<file>`.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedWriter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pooch
from urllib3.exceptions import HTTPError

from pipeline.stage.errors import UserError

Check = Callable[[Path], None]
"""Raises UserError, its message opening with the path, where a file is not the one wanted."""

MAX_BYTES = 2**30  # CIFAR-10, the largest file that a reader fetches by itself, has 2**27

_TIMEOUT = 30  # seconds without a byte from the server
_PATIENCE = 60  # seconds for the next chunk
_CHUNK = 2**16
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def fetch(
    folder: str, name: str, urls: Sequence[str], check: Check, max_bytes: int = MAX_BYTES
) -> Path:
    """Return the cached copy of a file, fetched from the first source whose copy passes `check`.

    Parameters
    ----------
    folder, name : str
        The file's place in the cache and in the mirror, `<folder>/<name>`.
    urls : sequence of str
        Where else the file can be had, in the order of trial.
    check : Check
        Tells the file from any other; see `checksum_check`.
    max_bytes : int
        A download that is larger is given up.

    Returns
    -------
    Path
        A file that passed `check`.

    Raises
    ------
    UserError
        Where no source has the file, or the cache folder cannot be written.
    """
    target = cache_folder() / folder / name
    failures: list[str] = []
    if target.is_file():
        fault = _fault(target, check)
        if fault is None:
            return target
        _report(target, fault, failures)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=target.parent, prefix=".partial-") as partial_folder:
            partial = Path(partial_folder) / name
            for source in _sources(folder, name, urls):
                fault = _transfer(source, partial, max_bytes) or _fault(partial, check)
                if fault is None:
                    return partial.replace(target)
                _report(source, fault, failures)
    except OSError as error:
        raise UserError(
            f"{target.parent}: cannot be written ({error.strerror}), expected a folder with free "
            "space (HINDSIGHT_CACHE names another)"
        ) from error
    raise UserError(
        f"{folder}/{name}: not to be had ({'; '.join(failures) or 'no source is known'}); "
        f"set HINDSIGHT_MIRROR to a folder or URL that holds {folder}/{name}"
    )


def cache_folder() -> Path:
    """Return the absolute folder that keeps what was downloaded."""
    named = os.environ.get("HINDSIGHT_CACHE")
    return absolute("HINDSIGHT_CACHE", named) if named else Path(pooch.os_cache("hindsight"))


def mirror() -> str | Path | None:
    """Return the user's mirror, a URL or an absolute folder, or None without one."""
    named = os.environ.get("HINDSIGHT_MIRROR")
    if not named:
        return None
    return named.rstrip("/") if is_url(named) else absolute("HINDSIGHT_MIRROR", named)


def absolute(key: str, named: str) -> Path:
    """Return the absolute path that the user named under a key.

    Raises
    ------
    UserError
        Where it cannot be found out.
    """
    try:
        return Path(named).expanduser().resolve()
    except RuntimeError as error:  # a user who does not exist, or links in a circle
        raise UserError(f"{key} {named!r}: {error}, expected a folder or an archive") from error


def is_url(source: str) -> bool:
    """Tell a URL that can be downloaded from a path."""
    return source.startswith(("http://", "https://"))


def checksum_check(checksum: str) -> Check:
    """Return the check that a file has a checksum.

    Parameters
    ----------
    checksum : str
        `md5:` or `sha256:` and the hexadecimal digits.

    Raises
    ------
    UserError
        Where `checksum` has another form.
    """
    algorithm, _, digest = checksum.lower().partition(":")
    if not re.fullmatch(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}", checksum.lower()):
        raise UserError(
            f"checksum: {checksum!r}, expected md5:<32 hexadecimal digits> or sha256:<64>"
        )

    def check(path: Path) -> None:
        found = pooch.file_hash(str(path), alg=algorithm)
        if found != digest:
            raise UserError(
                f"{path}: {_kind(path)} with {algorithm} {found}, expected {algorithm} {digest}"
            )

    return check


def _kind(path: Path) -> str:
    """Describe a file: servers that refuse a download like to send a web page instead."""
    with path.open("rb") as file:
        is_web_page = file.read(64).lstrip().lower().startswith((b"<!doctype html", b"<html"))
    return "a web page" if is_web_page else f"{path.stat().st_size} bytes"


def _sources(folder: str, name: str, urls: Sequence[str]) -> Iterator[str | Path]:
    own = mirror()
    if isinstance(own, Path):
        yield own / folder / name
    elif own:
        yield f"{own}/{folder}/{name}"
    yield from urls


def _transfer(source: str | Path, target: Path, max_bytes: int) -> str | None:
    """Copy or download one source; return what is wrong with it, or None.

    A full disk is no fault of the source, so it is raised.
    """
    try:
        if isinstance(source, Path):
            shutil.copyfile(source, target)
        else:
            _download(source, target, max_bytes)
    except OSError as error:  # requests' exceptions are OSErrors too
        if error.errno in _DISK_FULL:
            raise
        response = getattr(error, "response", None)
        if response is not None and not response.ok:
            return f"HTTP status {response.status_code}"
        return error.strerror or type(error).__name__
    except (_TransferError, ValueError, HTTPError) as error:  # URLs and headers may be nonsense
        return " ".join(str(error).split())
    return None


class _TransferError(Exception):
    """A transfer too large or too slow; none of what the HTTP libraries catch."""


def _download(url: str, target: Path, max_bytes: int) -> None:
    download = pooch.HTTPDownloader(
        progressbar=sys.stderr.isatty(), chunk_size=_CHUNK, timeout=_TIMEOUT
    )
    with _Partial(target, max_bytes) as file, _growing(file):
        download(url, file, None)


class _Partial(BufferedWriter):
    """A new file that knows its size and refuses to grow without end."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        super().__init__(path.open("wb", buffering=0))
        self.n_bytes = 0
        self._max_bytes = max_bytes

    def write(self, content: Any) -> int:
        self.n_bytes += len(content)
        if self.n_bytes > self._max_bytes:
            raise _TransferError(f"more than {self._max_bytes} bytes")
        return super().write(content)


@contextmanager
def _growing(file: _Partial) -> Iterator[None]:
    """Raise _TransferError where a file hardly grows.

    A server that sends one byte a second never runs into the timeout of a read.
    """
    seen = 0

    def look(*_: object) -> None:
        nonlocal seen
        if file.n_bytes < seen + _CHUNK:
            raise _TransferError(f"fewer than {_CHUNK} bytes in {_PATIENCE} s")
        seen = file.n_bytes

    before = signal.signal(signal.SIGALRM, look)
    try:
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE, _PATIENCE)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _report(source: str | Path, fault: str, failures: list[str]) -> None:
    failures.append(f"{source}: {fault}")
    print(failures[-1], file=sys.stderr)


def _fault(path: Path, check: Check) -> str | None:
    """Return what is wrong with a file, or None."""
    try:
        check(path)
    except UserError as error:
        return str(error).removeprefix(f"{path}: ")
    return None
