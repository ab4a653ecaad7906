"""Files from a local mirror or a public one, checked and kept in one cache folder.

The environment variable HINDSIGHT_MIRROR names a folder or a URL that is tried before the public
mirrors, HINDSIGHT_CACHE the folder that keeps the files. Both hold `<dataset's folder>/<file>`.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pooch

from pipeline.stage.errors import UserError

Check = Callable[[Path], None]
"""Raises UserError, its message opening with the path, where a file is not the one wanted."""

_TIMEOUT = 30  # seconds without a byte from the server
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def fetch(folder: str, name: str, urls: Sequence[str], check: Check) -> Path:
    """Return the cached copy of a file, fetched from the first source whose copy passes `check`.

    Parameters
    ----------
    folder, name : str
        The file's place in the cache and in the mirror, `<folder>/<name>`.
    urls : sequence of str
        Where else the file can be had, in the order of trial.
    check : Check
        Tells the file from any other; see `checksum_check`.

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
                fault = _transfer(source, partial) or _fault(partial, check)
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
    return Path(named).expanduser().resolve() if named else Path(pooch.os_cache("hindsight"))


def mirror() -> str | Path | None:
    """Return the user's mirror, a URL or an absolute folder, or None without one."""
    named = os.environ.get("HINDSIGHT_MIRROR")
    if not named:
        return None
    return named.rstrip("/") if is_url(named) else Path(named).expanduser().resolve()


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


def _transfer(source: str | Path, target: Path) -> str | None:
    """Copy or download one source; return what is wrong with it, or None.

    A full disk is no fault of the source, so it is raised.
    """
    try:
        if isinstance(source, Path):
            shutil.copyfile(source, target)
        else:
            download = pooch.HTTPDownloader(
                progressbar=sys.stderr.isatty(), chunk_size=2**16, timeout=_TIMEOUT
            )
            download(source, str(target), None)
    except OSError as error:  # requests' exceptions are OSErrors too
        if error.errno in _DISK_FULL:
            raise
        response = getattr(error, "response", None)
        if response is not None:
            return f"HTTP status {response.status_code}"
        return error.strerror or type(error).__name__
    return None


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
