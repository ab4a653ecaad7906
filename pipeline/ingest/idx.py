"""The IDX format of MNIST: a magic number, the dimensions, then the bytes.

The magic number is 0x0000, the type of the values (0x08, unsigned bytes) and the number of
dimensions; each dimension is a big-endian 32-bit integer.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.ingest.gunzip import gunzip
from pipeline.stage.errors import UserError


def read_idx(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Read an array of unsigned bytes from a gzipped IDX file.

    Parameters
    ----------
    path : Path
        The gzip file.
    shape : tuple of int
        The dimensions that the file must state.

    Returns
    -------
    uint8 array of `shape`

    Raises
    ------
    UserError
        Where the magic number, the dimensions or the length are others, or the file is damaged.
    """
    magic = bytes((0, 0, 0x08, len(shape)))
    header = struct.Struct(f">4s{len(shape)}I")
    expected = header.size + math.prod(shape)
    content = gunzip(path, expected + 1)
    if not content.startswith(magic):
        raise UserError(
            f"{path}: magic number 0x{content[:4].hex()}, expected 0x{magic.hex()} "
            f"(unsigned bytes in {len(shape)} dimensions)"
        )
    if len(content) < header.size:
        raise UserError(f"{path}: {len(content)} bytes, expected an IDX header of {header.size}")
    _, *found = header.unpack_from(content)
    if tuple(found) != shape:
        raise UserError(f"{path}: an array of {tuple(found)}, expected {shape}")
    if len(content) != expected:
        length = "more" if len(content) > expected else len(content)
        raise UserError(f"{path}: {length} bytes unpacked, expected {expected}")
    return np.frombuffer(content, np.uint8, offset=header.size).reshape(shape)
