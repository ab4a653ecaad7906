"""Images that stay encoded: their files one after the other in one, decoded when asked for.

Beside `<split>_images.bin` lie two tables with a row an image: where it is in the file and its
checksum, and the sums over its pixels that the normalisation is computed from.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.ingest.photographs import decode
from pipeline.stage.errors import UserError
from pipeline.stage.files import read_array, read_json, replacing, write_array

STREAMED = "streamed"  # in dataset.json


class Records:
    """Recorded images: like an array that decodes whatever is taken from it.

    Another process gets the name of the file only.

    Parameters
    ----------
    file : Path
        What :func:`recording` wrote.
    image_shape : tuple of int
        Height, width and channels to decode to; of one channel where all images are grey.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, file: Path, image_shape: tuple[int, int, int]) -> None:
        self.file, self.image_shape = file.absolute(), image_shape
        self._index = read_array(_beside(file, "index"), mmap=True)

    def __reduce__(self) -> tuple[type[Records], tuple[Path, tuple[int, int, int]]]:
        return Records, (self.file, self.image_shape)

    def __str__(self) -> str:
        return str(self.file)

    def __len__(self) -> int:
        return len(self._index)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of the array [n, height, width, channels] that these images would make."""
        return (len(self), *self.image_shape)

    def __getitem__(self, rows: NDArray[np.integer] | slice) -> NDArray[np.uint8]:
        """Decode images.

        Parameters
        ----------
        rows : int array [...] or slice

        Returns
        -------
        uint8 array [..., height, width, channels]

        Raises
        ------
        UserError
            A record is not as it was written.
        """
        wanted = np.arange(len(self))[rows] if isinstance(rows, slice) else np.asarray(rows)
        size, _, channels = self.image_shape
        images = np.empty((wanted.size, *self.image_shape), np.uint8)
        for image, (number, content) in zip(images, self.read(wanted.ravel()), strict=True):
            image[...] = decode(content, f"{self}: record {number}", size)[..., :channels]
        return images.reshape(*wanted.shape, *self.image_shape)

    def sums(self, rows: NDArray[np.int64]) -> tuple[int, list[int], list[int]]:
        """Return the pixels in some images, and each channel's sum of levels and of squares."""
        height, width, channels = self.image_shape
        sums = read_array(_beside(self.file, "sums"), mmap=True)[rows, :, :channels].sum(0)
        return len(rows) * height * width, *sums.tolist()

    def checksum(self) -> bytes:
        """Return a hash of the encoded images in their order."""
        digest = hashlib.sha256()
        for _, content in self.read(np.arange(len(self))):
            digest.update(len(content).to_bytes(8, "little"))
            digest.update(content)
        return digest.digest()

    def read(self, rows: NDArray[Any]) -> Iterator[tuple[int, bytes]]:
        """Yield the numbers and the encoded content of some images, compared with the checksum."""
        with self.file.open("rb") as file:
            for number in rows.tolist():
                start, length, checksum = self._index[number].tolist()
                file.seek(start)
                content = file.read(length)
                if zlib.crc32(content) != checksum:
                    raise UserError(
                        f"{self}: record {number} has the checksum {zlib.crc32(content):08x}, "
                        f"expected {checksum:08x}; prepare writes it anew"
                    )
                yield number, content


class Recorder:
    """Writes the images of one file, in any order.

    Parameters
    ----------
    file : binary file
    n : int
        How many images there will be.
    """

    def __init__(self, file: IO[bytes], n: int) -> None:
        self._file = file
        self.index = np.zeros((n, 3), np.int64)
        self.sums = np.zeros((n, 2, 3), np.int64)

    def write(self, number: int, content: bytes) -> None:
        """Append the encoded image with this number."""
        self.index[number] = self._file.tell(), len(content), zlib.crc32(content)
        self._file.write(content)

    def measure(self, number: int, image: NDArray[np.uint8]) -> None:
        """Note the sums over its pixels, uint8 [height, width, 3]."""
        # Exact: the sums are whole numbers far below 2**53.
        pixels = image.reshape(-1, 3).astype(np.float64)
        self.sums[number] = pixels.sum(0), np.einsum("pc,pc->c", pixels, pixels)


@contextmanager
def recording(file: Path, n: int) -> Iterator[Recorder]:
    """Write `n` images to `file` and the tables beside it, or nothing."""
    with replacing(file) as stream:
        recorder = Recorder(stream, n)
        yield recorder
    write_array(_beside(file, "index"), recorder.index)
    write_array(_beside(file, "sums"), recorder.sums)


def images_file(folder: Path, split: str) -> Path:
    """Return where the encoded images of ``train`` or ``test`` are recorded."""
    return folder / f"{split}_images.bin"


def open_images(folder: Path, split: str) -> NDArray[np.uint8] | Records:
    """Open the images of a prepared dataset: read into memory, or left encoded on disk.

    Parameters
    ----------
    folder : Path
        Where prepare wrote it.
    split : {"train", "test"}

    Returns
    -------
    uint8 array [n, height, width, channels] or Records
    """
    description = read_json(folder / "dataset.json")
    if description.get(STREAMED):
        height, width, channels = description["image_shape"]
        return Records(images_file(folder, split), (height, width, channels))
    return read_array(folder / f"{split}_images.npy")


def _beside(file: Path, table: str) -> Path:
    return file.with_suffix(f".{table}.npy")
