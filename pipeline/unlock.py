"""Mend what a killed dvc may leave: `python -m pipeline.unlock`, which `make repro` begins with.

dvc keeps a list of who reads and writes which file, and writes it in place. Killed in these
microseconds it leaves half a list, which every later dvc refuses to read. The list names processes
that run; where it cannot be read there is nothing in it to keep.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path

from zc.lockfile import LockError, LockFile

from pipeline.stage.entry import tool

LIST = Path(".dvc/tmp/rwlock")
GUARD = LIST.with_name("rwlock.lock")  # a living dvc holds it while it writes the list


@tool()
def main() -> int:
    """Delete dvc's list where it is half written and nobody is writing it; return 0."""
    if not LIST.exists():
        return 0
    with suppress(LockError):
        guard = LockFile(str(GUARD))
        try:
            json.loads(LIST.read_bytes())
        except ValueError:
            LIST.unlink()
            print(f"{LIST}: half written by a dvc that was killed; deleted", file=sys.stderr)
        finally:
            guard.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
