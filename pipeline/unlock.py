"""Mend what a killed dvc may leave: `python -m pipeline.unlock`, which `make repro` begins with.

dvc writes two files in place; killed meanwhile, it leaves half of one, which every later dvc
refuses to read. Its list of who reads and writes which file names processes that run: nothing in
half of it is worth keeping. dvc.lock says of every stage what went in and came out: the stages
before the breaking point stay. The others dvc runs again, or finds in its cache.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zc.lockfile import LockError, LockFile

from pipeline.stage.entry import tool
from pipeline.stage.files import write_text

LIST = Path(".dvc/tmp/rwlock")
STAGES = Path("dvc.lock")
# A living dvc holds the second while it writes the first.
GUARDS = {LIST: Path(".dvc/tmp/rwlock.lock"), STAGES: Path(".dvc/tmp/lock")}
_HEAD = "schema: '2.0'\nstages:\n"


@contextmanager
def nobody_writes(file: Path) -> Iterator[bool]:
    """Keep dvc from writing a file; False where it is writing now."""
    try:
        guard = LockFile(str(GUARDS[file]))
    except LockError:
        yield False
        return
    try:
        yield True
    finally:
        guard.close()


def mend_list() -> str | None:
    """Delete the list where it is half written; return what was done."""
    try:
        json.loads(LIST.read_bytes())
    except ValueError:
        LIST.unlink()
        return "deleted"
    return None


def mend_stages() -> str | None:
    """Cut the last stage off where dvc.lock is half written; return what was done."""
    text = STAGES.read_text(encoding="utf-8", errors="ignore")
    if readable(text):
        return None
    stages = [found.start() for found in re.finditer(r"^  \S", text, re.MULTILINE)]
    if len(stages) > 1:
        kept = text[: stages[-1]]
        if not readable(kept):
            return None  # it breaks elsewhere, as after a merge: dvc says where
        write_text(STAGES, kept)
        return f"{len(stages) - 1} stages kept"
    if not text.startswith(_HEAD[: len(text)]):
        return None
    STAGES.unlink()
    return "deleted"


def readable(text: str) -> bool:
    """Say whether dvc would read this dvc.lock."""
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from voluptuous import Invalid

    try:
        COMPILED_LOCKFILE_SCHEMA(YAML(typ="safe").load(text))
    except (YAMLError, Invalid):
        return False
    return True


@tool()
def main() -> int:
    """Mend each file that is half written and that nobody is writing; return 0."""
    for file, mend in ((LIST, mend_list), (STAGES, mend_stages)):
        # Without dvc's folder none has run here: dvc.lock is as git brought it.
        if file.exists() and GUARDS[file].parent.exists():
            with nobody_writes(file) as free:
                if free and (done := mend()):
                    print(f"{file}: half written by a dvc that was killed; {done}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
