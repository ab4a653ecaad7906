"""Two locks: one run per stage, and nothing timed while something else runs."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.stage.environment import several_hosts

LOCKS = Path("artifacts/locks")
# One for all users and jobs, who may each have a TMPDIR; HINDSIGHT_LOCK names another file.
MACHINE_LOCK = Path(os.environ.get("HINDSIGHT_LOCK", "/tmp/hindsight-machine.lock"))  # noqa: S108
EVERYBODY = 0o666  # may open it


@contextmanager
def _flock(path: Path, *, shared: bool, waiting: str) -> Iterator[None]:
    """Hold a lock on `path`; it ends with the process, however that dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Another user's lock file in a sticky folder may be opened, but not with O_CREAT.
    if path.exists():
        descriptor = os.open(path, os.O_RDONLY)
    else:
        descriptor = os.open(path, os.O_RDONLY | os.O_CREAT, EVERYBODY)
        os.fchmod(descriptor, EVERYBODY)  # whatever the umask
    mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        try:
            fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            print(waiting, file=sys.stderr, flush=True)
            fcntl.flock(descriptor, mode)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def stage_lock(stage: str) -> Iterator[None]:
    """Keep a second run of the same stage waiting, so that two never write the same files.

    The hosts that train together hold it together: only the first of them writes.
    """
    waiting = f"{stage}: waiting for an earlier run to end"
    with _flock(LOCKS / f"{stage}.lock", shared=several_hosts(), waiting=waiting):
        yield


@contextmanager
def machine_lock(*, timing: bool) -> Iterator[None]:
    """Let stages run side by side, but a timing stage only alone on the whole machine."""
    waiting = "waiting until nothing else runs" if timing else "waiting until a timing is done"
    with _flock(MACHINE_LOCK, shared=not timing, waiting=waiting):
        yield
