"""CIFAR-10: 50,000 training and 10,000 test photographs of 32x32, the official binary archive."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.ingest.archives import read_members
from pipeline.ingest.dataset import Dataset, verify_class_counts
from pipeline.ingest.download import checksum_check, fetch
from pipeline.ingest.images import resize
from pipeline.stage.errors import UserError

TITLE = "CIFAR-10"
YEAR = 2009
CITATION = (
    "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, technical report, "
    "University of Toronto, 2009"
)
LICENCE = "none stated; the authors ask to cite the technical report"
DEVIATIONS = ()

_NAME = "cifar-10-binary.tar.gz"
_MIRRORS = ("https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/")
_CHECKSUM = "md5:c32a1d4ab5d03f1284b67883e8d87530"
_SHAPE = (3, 32, 32)
_FOLDER = "cifar-10-batches-bin"
_BATCHES = (
    *(f"{_FOLDER}/data_batch_{number}.bin" for number in range(1, 6)),
    f"{_FOLDER}/test_batch.bin",
)
_CLASS_NAMES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


def read(size: int) -> Dataset:
    """Fetch CIFAR-10 and bring it to a size.

    Parameters
    ----------
    size : int
        Height and width of the images returned.

    Returns
    -------
    Dataset
        Images uint8 [n, size, size, 3].
    """
    urls = [mirror + _NAME for mirror in _MIRRORS]
    dataset = decode(fetch("cifar10", _NAME, urls, checksum_check(_CHECKSUM)))
    return Dataset(
        resize(dataset.train_images, size),
        dataset.train_labels,
        resize(dataset.test_images, size),
        dataset.test_labels,
        dataset.class_names,
    )


def decode(path: Path, batch_size: int = 10_000) -> Dataset:
    """Decode the archive: five training batches and a test batch of equal size.

    A batch is rows of a label and the red, green and blue plane of an image, a byte each. In all
    training batches together, and in the test batch, the classes are equally frequent.

    Parameters
    ----------
    path : Path
        The tar file.
    batch_size : int
        Rows in a batch.

    Returns
    -------
    Dataset
        Images uint8 [n, 32, 32, 3].

    Raises
    ------
    UserError
        Where the archive is damaged or holds anything else.
    """
    contents = dict(read_members(path, _BATCHES))
    missing = [name for name in _BATCHES if name not in contents]
    if missing:
        raise UserError(f"{path}: no {', '.join(missing)}, expected {', '.join(_BATCHES)}")
    batches = [_split_rows(contents[name], batch_size, f"{path}: {name}") for name in _BATCHES]
    train_images = np.concatenate([images for images, _ in batches[:-1]])
    train_labels = np.concatenate([labels for _, labels in batches[:-1]])
    test_images, test_labels = batches[-1]
    n_classes = len(_CLASS_NAMES)
    for labels in (train_labels, test_labels):
        verify_class_counts(labels, (len(labels) // n_classes,) * n_classes, str(path))
    return Dataset(train_images, train_labels, test_images, test_labels, _CLASS_NAMES)


def _split_rows(
    content: bytes, batch_size: int, name: str
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Split rows of bytes into images [n, 32, 32, 3] and labels [n]."""
    row_bytes = 1 + int(np.prod(_SHAPE))
    if len(content) != batch_size * row_bytes:
        raise UserError(
            f"{name}: {len(content)} bytes, expected {batch_size} rows of {row_bytes} bytes"
        )
    rows = np.frombuffer(content, np.uint8).reshape(batch_size, row_bytes)
    planes = rows[:, 1:].reshape(-1, *_SHAPE)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), rows[:, 0].astype(np.int64)
