"""Finding the folder or archive that a user names in params.yaml."""

from __future__ import annotations

import sys
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import pooch

from pipeline.ingest.archives import MAX_TOTAL_BYTES, check_archive
from pipeline.ingest.download import absolute, checksum_check, fetch, is_url, mirror
from pipeline.stage.errors import UserError


def locate(source: str, checksum: str | None) -> Path:
    """Return the local path of a folder or archive, downloaded where need be.

    Parameters
    ----------
    source : str
        A URL, an absolute path, or a path relative to the project's root or to HINDSIGHT_MIRROR.
        A URL's place in the mirror is `<host>/<folders>/<file>`, as in the URL itself.
    checksum : str or None
        Of the archive, as `md5:...` or `sha256:...`.

    Raises
    ------
    UserError
        Where nothing is found, or the checksum is another.
    """
    check = check_archive if checksum is None else checksum_check(checksum)
    if is_url(source):
        path = fetch(*_place_of(source), [source], check, MAX_TOTAL_BYTES)
        if checksum is None:
            found = pooch.file_hash(str(path), alg="sha256")
            print(f"{source}: to pin its content, add checksum: sha256:{found}", file=sys.stderr)
        return path
    own = mirror()
    candidates = [absolute("source", source)]
    if isinstance(own, Path):
        candidates.append(own / source)
    for path in candidates:
        if path.is_dir() or path.is_file():  # reading a pipe or a device may not end
            if checksum is not None:
                _refuse_folder(path)
                check(path)
            return path
    if isinstance(own, str) and _stays_inside(source):
        place = PurePosixPath(source)
        return fetch(str(place.parent), place.name, [], check, MAX_TOTAL_BYTES)
    raise UserError(
        f"source {source!r}: not found (tried {', '.join(map(str, candidates))}), expected a "
        "folder or an archive; HINDSIGHT_MIRROR may name the folder that holds it"
    )


def _place_of(url: str) -> tuple[str, str]:
    """Return the folder and the name under which a URL's file is cached and mirrored."""
    split = urlsplit(url)
    path = PurePosixPath(unquote(split.path))
    place = PurePosixPath(f"{split.hostname}{path.parent}")
    if (
        not split.hostname
        or not path.name
        or split.query
        or not _stays_inside(str(place / path.name))
    ):
        raise UserError(f"source {url!r}: expected https://<host>/<path>/<archive>")
    return str(place), path.name


def _stays_inside(place: str) -> bool:
    """Say whether a place in the mirror is one in the cache too, and not outside of it."""
    pure = PurePosixPath(place)
    return not pure.is_absolute() and ".." not in pure.parts


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise UserError(f"checksum: given for the folder {path}, expected for an archive")
