"""Hash everything again: `python -m pipeline.verify`.

DVC trusts a file whose size and date are as before, and hands out a damaged object of its cache
without a word. This reads every byte of the cache, and of what dvc.lock says was written, and names
what has another checksum. Exit code 0: all as it was written; 1: something is not; 2: an error.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from tqdm import tqdm

from pipeline.stage.entry import blame, tool
from pipeline.stage.errors import UserError

LOCK = Path("dvc.lock")
UNREADABLE = (YAMLError, KeyError, TypeError)
FOLDER = ".dir"  # how dvc marks the checksum of a folder


def md5(file: Path) -> str:
    """Return the checksum of a file, as dvc computes it."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def folder_md5(folder: Path) -> str:
    """Return the checksum of a folder: that of the list of its files' checksums."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    listed = [{"md5": md5(file), "relpath": file.relative_to(folder).as_posix()} for file in files]
    listed.sort(key=lambda entry: entry["relpath"])
    text = json.dumps(listed, sort_keys=True).encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest() + FOLDER


def objects(cache: Path) -> list[Path]:
    """List the files of dvc's cache that are named by their content."""
    return sorted(cache.glob("files/md5/??/*"))


def damaged_objects(cache: Path) -> Iterator[str]:
    """Name the objects of dvc's cache whose content is not what their name says."""
    for file in tqdm(objects(cache), desc="cache", unit="file", disable=None):
        expected = file.parent.name + file.name.removesuffix(FOLDER)
        if (found := md5(file)) != expected:
            yield f"{file}: checksum {found}, expected {expected}; delete it and run `dvc repro`"


def stages_of(lock: Path) -> dict[str, Any]:
    """Read what dvc.lock says of every stage."""
    with blame(f"{lock}: not as dvc wrote it; run python -m pipeline.unlock", *UNREADABLE):
        stages: dict[str, Any] = YAML(typ="safe").load(lock.read_text(encoding="utf-8"))["stages"]
    return stages


def altered_outputs(lock: Path) -> Iterator[str]:
    """Name the files and folders in dvc.lock that are there with another content."""
    stages = stages_of(lock)
    outs = [(name, out) for name, stage in stages.items() for out in stage.get("outs", [])]
    for name, out in tqdm(outs, desc="outputs", unit="output", disable=None):
        path = Path(out["path"])
        if not path.exists():
            continue  # `dvc repro` or `dvc checkout` brings it back
        found = folder_md5(path) if path.is_dir() else md5(path)
        if found != out["md5"]:
            yield f"{path}: checksum {found}, expected {out['md5']} of {name}"


def cache_folder() -> Path:
    """Ask dvc where its cache is."""
    command = [sys.executable, "-m", "dvc", "cache", "dir"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise UserError(f"dvc cache dir: {done.stderr}")
    return Path(done.stdout.strip())


@tool(failed=2)
def main() -> int:
    """Check cache and outputs, print what is wrong, and return the exit code."""
    cache = cache_folder()
    wrong = [*damaged_objects(cache), *altered_outputs(LOCK)]
    for line in wrong:
        print(line)
    hashed = f"{len(objects(cache))} objects in {cache} and what is here of {LOCK}"
    print(f"{hashed}: {len(wrong)} damaged" if wrong else f"{hashed}: all as it was written")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
