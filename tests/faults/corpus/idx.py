"""IDX files, as of MNIST: the bytes that a gzip file should hold, and the gzip file itself."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

from pipeline.ingest.idx import read_idx
from tests.faults.corpus.case import Case, content

SHAPE = (3, 2, 2)
BODY = bytes(range(12))


def read(path: Path) -> object:
    return read_idx(path, SHAPE)


def idx(magic: int = 0x0803, shape: tuple[int, ...] = SHAPE, body: bytes = BODY) -> bytes:
    return gzip.compress(struct.pack(f">{1 + len(shape)}I", magic, *shape) + body)


def changed(place: int, value: int) -> bytes:
    good = bytearray(idx())
    good[place] = value
    return bytes(good)


SOUND = idx()
UNSOUND = "expected a sound gzip file"
CASES = {
    "sound": Case(content(SOUND), None),
    "sound, in two gzip members": Case(
        content(
            gzip.compress(gzip.decompress(SOUND)[:9])
            + gzip.compress(BODY[:0])
            + gzip.compress(gzip.decompress(SOUND)[9:])
        ),
        None,
    ),
    "sound, zeros behind": Case(content(SOUND + bytes(512)), None),
    "missing": Case(lambda path: path, f"No such file or directory: 'input', {UNSOUND}"),
    "a folder": Case(lambda path: (path.mkdir(), path)[1], "Is a directory"),
    "empty": Case(content(b""), "magic number 0x, expected 0x00000803"),
    "one byte": Case(content(b"\x1f"), UNSOUND),
    "no gzip": Case(
        content(gzip.decompress(SOUND)), f"Not a gzipped file (b'\\x00\\x00'), {UNSOUND}"
    ),
    "a web page": Case(
        content("<!doctype html><p>Sign in"), f"Not a gzipped file (b'<!'), {UNSOUND}"
    ),
    "a zip file": Case(content(b"PK\x03\x04" + bytes(99)), UNSOUND),
    "gzip's head alone": Case(content(SOUND[:10]), UNSOUND),
    "cut in the middle": Case(content(SOUND[:20]), UNSOUND),
    "cut before the checksum": Case(content(SOUND[:-8]), UNSOUND),
    "cut in the checksum": Case(content(SOUND[:-1]), UNSOUND),
    "another checksum": Case(content(changed(-8, SOUND[-8] ^ 1)), "CRC check failed"),
    "another length": Case(content(changed(-4, SOUND[-4] ^ 1)), "Incorrect length of data"),
    "another compression": Case(content(changed(2, 7)), f"Unknown compression method, {UNSOUND}"),
    "damaged blocks": Case(content(changed(10, 0xFF)), f"{UNSOUND}"),
    "letters behind": Case(content(SOUND + b"letters"), f"Not a gzipped file (b'le'), {UNSOUND}"),
    "a second image file behind": Case(content(SOUND * 2), "more bytes unpacked, expected 28"),
    "a name without end": Case(
        content(lambda: b"\x1f\x8b\x08\x08" + bytes(6) + b"x" * 2**23),
        "8388618 bytes, expected 29 unpacked",
    ),
    "a million empty members": Case(
        content(lambda: gzip.compress(b"") * 10**6), "20000000 bytes, expected 29 unpacked"
    ),
    "50 MB of zeros in 50 kB": Case(
        content(lambda: gzip.compress(bytes(2**20)) * 50), "magic number 0x00000000"
    ),
    "50 MB behind the array": Case(
        content(lambda: SOUND + gzip.compress(bytes(2**20)) * 50),
        "more bytes unpacked, expected 28",
    ),
    "labels in place of images": Case(content(idx(0x0801, (12,))), "magic number 0x00000801"),
    "floats": Case(content(idx(0x0D03)), "magic number 0x00000d03, expected 0x00000803"),
    "little-endian": Case(content(idx(0x03080000)), "magic number 0x03080000"),
    "two dimensions": Case(content(idx(0x0802, (3, 4))), "magic number 0x00000802"),
    "255 dimensions": Case(content(idx(0x08FF, (1,) * 255)), "magic number 0x000008ff"),
    "four images": Case(content(idx(shape=(4, 2, 2))), "an array of (4, 2, 2), expected (3, 2, 2)"),
    "four images' bytes": Case(content(idx(body=BODY + bytes(4))), "more bytes unpacked"),
    "no images": Case(content(idx(shape=(0, 2, 2), body=b"")), "an array of (0, 2, 2)"),
    "images of 4 GB": Case(
        content(idx(shape=(2**32 - 1,) * 3)), "an array of (4294967295, 4294967295"
    ),
    "sides the other way": Case(content(idx(shape=(2, 3, 2))), "an array of (2, 3, 2)"),
    "a byte short": Case(content(idx(body=BODY[:-1])), "27 bytes unpacked, expected 28"),
    "only a magic number": Case(
        content(idx(shape=(), body=b"")), "4 bytes, expected an IDX header of 16"
    ),
    "half a header": Case(content(idx(shape=(3, 2), body=b"")), "12 bytes, expected an IDX header"),
}
