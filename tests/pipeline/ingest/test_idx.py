from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.ingest.idx import read_idx
from pipeline.stage.errors import UserError

SHAPE = (3, 2, 2)
BODY = bytes(range(12))


def write_idx(path: Path, magic: int = 0x0803, shape: tuple[int, ...] = SHAPE, body: bytes = BODY):
    path.write_bytes(gzip.compress(struct.pack(f">{1 + len(shape)}I", magic, *shape) + body))
    return path


def test_reads_the_bytes_in_order(tmp_path: Path):
    array = read_idx(write_idx(tmp_path / "a.gz"), SHAPE)
    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, np.arange(12).reshape(SHAPE))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"magic": 0x0801}, "magic number 0x00000801, expected 0x00000803"),
        ({"magic": 0x0D03}, "magic number 0x00000d03"),
        ({"shape": (4, 2, 2)}, r"an array of \(4, 2, 2\), expected \(3, 2, 2\)"),
        ({"body": BODY[:-1]}, "27 bytes unpacked, expected 28"),
        ({"body": BODY + b"more"}, "more bytes unpacked, expected 28"),
        ({"shape": (), "body": b""}, "4 bytes, expected an IDX header of 16"),
    ],
)
def test_other_content_is_refused(tmp_path: Path, change: dict[str, Any], message: str):
    path = write_idx(tmp_path / "a.gz", **change)
    with pytest.raises(UserError, match=f"{path}: {message}"):
        read_idx(path, SHAPE)


@pytest.mark.parametrize("kept", [0, 1, 5, 12, 20, -4, -1])
def test_truncated_file_is_refused(tmp_path: Path, kept: int):
    path = write_idx(tmp_path / "a.gz")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match=str(path)):
        read_idx(path, SHAPE)


@pytest.mark.parametrize("place", [0, 2, *range(10, 40, 3)])  # between: the time and the like
def test_damaged_file_is_refused(tmp_path: Path, place: int):
    path = write_idx(tmp_path / "a.gz")
    content = bytearray(path.read_bytes())
    content[place] ^= 0x55
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"^{path}: ") as caught:
        read_idx(path, SHAPE)
    assert "\n" not in str(caught.value)


def test_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match=r"nowhere.gz.*No such file"):
        read_idx(tmp_path / "nowhere.gz", SHAPE)
