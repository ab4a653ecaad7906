"""Reading gzip files that may be damaged, or larger than they should be."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from pipeline.stage.errors import UserError

_OVERHEAD = 2**16  # bytes by which gzip may enlarge what it cannot compress, and its header


def gunzip(path: Path, limit: int) -> bytes:
    """Return the first `limit` bytes of a gzip file's content, all of it where it is shorter.

    Parameters
    ----------
    path : Path
        A gzip file.
    limit : int
        Bytes; keeps a file that unpacks to gigabytes out of memory.

    Raises
    ------
    UserError
        Where the file is missing, truncated, damaged or no gzip file.
    """
    try:
        if path.stat().st_size > limit + limit // 1000 + _OVERHEAD:
            # Names and empty members without end are read in Python, slowly.
            raise UserError(f"{path}: {path.stat().st_size} bytes, expected {limit} unpacked")
        with gzip.open(path) as file:
            return file.read(limit)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: {error}, expected a sound gzip file") from error
