"""Feed the parsers mutated bytes, guided by what code they reach: `make fuzz`.

Needs atheris, which exists for some versions of Python only and is no dependency of the project:
`python -m pip install atheris`. Writes the section "Fuzzing" of RESULTS.md and exits with 1 where
a parser raises anything but a UserError, or takes what it should refuse. Such inputs, and slow
ones, are kept in artifacts/fuzz. Options are libFuzzer's: `python -m tests.faults.fuzz
-max_total_time=60` takes a minute for each parser, and `python -m tests.faults.fuzz idx -runs=1000`
runs one of them.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import atheris

with atheris.instrument_imports(include=["pipeline.datasets", "pipeline.ingest"]):
    from pipeline.datasets import cifar10, usps
    from pipeline.ingest import archives, idx, photographs
    from pipeline.ingest.gunzip import gunzip
from pipeline.stage.errors import UserError
from tests.faults.corpus.archives import packed, tar
from tests.faults.corpus.case import flat
from tests.faults.results import record

MODULE = "tests.faults.fuzz"
FOUND = Path(__file__).parents[2] / "artifacts/fuzz"
FILE = Path("input")
MEMORY = os.memfd_create("input")  # a file that is on no disk
IN_MEMORY = Path(f"/proc/self/fd/{MEMORY}")


class Target(NamedTuple):
    """A parser and what it is fed.

    Attributes
    ----------
    parse : callable
        Takes the bytes; asserts what must hold for those that it does not refuse.
    seeds : tuple of bytes
        Sound inputs to begin with.
    runs, longest : int
        How many inputs of how many bytes.
    """

    parse: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    runs: int
    longest: int


def stored(data: bytes) -> Path:
    """Return a path at which the bytes are found."""
    os.ftruncate(MEMORY, 0)
    os.pwrite(MEMORY, data, 0)
    return IN_MEMORY


def parse_idx(data: bytes) -> None:
    idx.gunzip = lambda _, limit: data[:limit]
    array = idx.read_idx(FILE, (3, 2, 2))
    assert data == IDX[:16] + array.tobytes()


def parse_gzip(data: bytes) -> None:
    assert gunzip(stored(data), 100) == zlib.decompressobj(31).decompress(data)[:100] or (
        data.count(b"\x1f\x8b") > 1  # members one after the other
    )


def parse_usps(data: bytes) -> None:
    """Parse images of 2 x 2 pixels, whatever their checksum."""
    usps._SIDE, usps.gunzip = 2, lambda _, limit: data[:limit]
    images, labels = usps.decode(FILE, (1, 2), mock.ANY)
    assert sorted(labels.tolist()) == [0, 1, 1]
    assert images.shape == (3, 2, 2, 1)


def parse_cifar(data: bytes) -> None:
    """Parse batches of ten images of one pixel."""

    def batches(*_: object) -> Iterator[tuple[str, bytes]]:
        return zip(cifar10._BATCHES, data.split(b"\xff\xfe"), strict=False)

    cifar10._SHAPE, cifar10.read_members = (3, 1, 1), batches
    found = cifar10.decode(FILE, 10)
    assert (len(found.train_images), len(found.test_images)) == (50, 10)
    assert 0 <= found.train_labels.min() <= found.train_labels.max() == 9


def parse_archive(data: bytes) -> None:
    path = stored(data)
    members = {member.name for member in archives.list_members(path) if not member.is_folder}
    for name, content in archives.read_members(path, members):
        assert name in members
        assert len(content) <= archives.MAX_MEMBER_BYTES


def parse_image(data: bytes) -> None:
    assert photographs.decode(data, "input", 4).shape == (4, 4, 3)


IDX = bytes((0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2)) + bytes(range(12))
ROWS = b"1 1 -1 0.5 -0.5\n0 1 1 1 1\n1 0 0 0 -.001\n"
BATCH = b"".join(bytes((label, 1, 2, 3)) for label in range(10))
SMALL = {"train/a/0.png": b"xy", "test/a/0.png": b"z"}


def images() -> tuple[bytes, ...]:
    """Return a small image of each kind."""
    from PIL import Image

    image = Image.open(io.BytesIO(flat(3)))
    found = []
    for kind in photographs.FORMATS:
        file = io.BytesIO()
        image.save(file, kind)
        found.append(file.getvalue())
    return tuple(found)


TARGETS = {
    "idx": Target(parse_idx, (IDX,), 3_000_000, 40),
    "usps": Target(parse_usps, (ROWS,), 3_000_000, 80),
    "cifar": Target(parse_cifar, (b"\xff\xfe".join([BATCH] * 6),), 3_000_000, 300),
    "gzip": Target(parse_gzip, (gzip.compress(IDX), gzip.compress(b"") * 2), 1_000_000, 100),
    "tar": Target(parse_archive, (tar(SMALL)[:3072], gzip.compress(tar(SMALL))), 200_000, 4096),
    "zip": Target(parse_archive, (packed(SMALL),), 200_000, 400),
    "images": Target(parse_image, images(), 50_000, 1200),
}


def attempt(target: Target) -> Callable[[bytes], None]:
    """Return the function that the fuzzer calls: refusing in one line is right."""

    def test(data: bytes) -> None:
        try:
            target.parse(data)
        except UserError as error:
            if "\n" in str(error):
                raise ValueError("more than one line") from error

    return test


def fuzz(name: str, options: list[str]) -> None:
    """Run one target in this process; the fuzzer ends it."""
    target = TARGETS[name]
    FOUND.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as seeds:
        for number, seed in enumerate(target.seeds):
            (Path(seeds) / str(number)).write_bytes(seed)
        given = [f"-runs={target.runs}", f"-max_len={target.longest}", "-timeout=10", "-seed=1"]
        given += [f"-artifact_prefix={FOUND}/{name}-", *options]
        atheris.Setup([sys.argv[0], *given, seeds], attempt(target))
        atheris.Fuzz()


def campaign(options: list[str]) -> None:
    """Run every target in a process of its own and write the table."""
    lines = ["| parser | inputs | seconds | finds |", "|---|---|---|---|"]
    inputs = seconds = finds = 0
    for name in TARGETS:
        command = [sys.executable, "-m", MODULE, name, *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        counted = re.search(r"Done (\d+) runs in (\d+) second", done.stderr)
        found = int(counted is None or done.returncode != 0)
        if found:
            print(done.stderr[-3000:], file=sys.stderr)
        ran, took = map(int, counted.groups()) if counted else (0, 0)
        inputs, seconds, finds = inputs + ran, seconds + took, finds + found
        lines.append(f"| {name} | {ran:,} | {took:,} | {found} |")
        print(lines[-1], flush=True)
    summary = f"{inputs:,} inputs in {seconds:,} s, {finds} finds (atheris, one process)."
    record("Fuzzing", "\n".join([summary, "", *lines]))
    raise SystemExit(bool(finds))


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word in TARGETS]
    if words:
        fuzz(words[0], sys.argv[2:])
    else:
        campaign(sys.argv[1:])
