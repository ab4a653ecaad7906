"""USPS zip codes: the digits on which LeCun's first convolutional network was judged in 1989.

The copy is that of The Elements of Statistical Learning: 7,291 training and 2,007 test images of
16x16, as text. Public copies hold the same values in different gzip files, hence the checksums are
taken over the values.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.ingest.dataset import Dataset, verify_class_counts
from pipeline.ingest.download import fetch
from pipeline.ingest.gunzip import gunzip
from pipeline.ingest.images import resize
from pipeline.stage.errors import UserError

TITLE = "USPS"
YEAR = 1989
CITATION = (
    "Y. LeCun, B. Boser, J. S. Denker, D. Henderson, R. E. Howard, W. Hubbard and L. D. Jackel, "
    "Backpropagation Applied to Handwritten Zip Code Recognition, Neural Computation 1(4), 1989; "
    "data as in T. Hastie, R. Tibshirani and J. Friedman, The Elements of Statistical Learning, "
    "Springer, 2009"
)
LICENCE = "none stated; offered by the authors of The Elements of Statistical Learning"
DEVIATIONS = ("values from -1 to 1 in steps of 0.001 rounded to 256 grey levels",)

_MIRRORS = (
    "https://hastie.su.domains/ElemStatLearn/datasets/",
    "https://web.stanford.edu/~hastie/ElemStatLearn/datasets/",
)
_SIDE = 16
_MAX_BYTES = 2**25  # twice the larger file; each of its words becomes an object
# File, images a class, checksum of the values: the arguments of `_fetch_split`.
_TRAIN = (
    "zip.train.gz",
    (1194, 1005, 731, 658, 652, 556, 664, 645, 542, 644),
    "2cc216e7da7dd0cd381c17183347bb4a9f06630c9512abdc6401a855ae8d575a",
)
_TEST = (
    "zip.test.gz",
    (359, 264, 198, 166, 200, 160, 170, 147, 166, 177),
    "74bb82c5a296d6087871338c6bb8058fdb0af287a5b31a17f025c74abaea877f",
)


def read(size: int) -> Dataset:
    """Fetch USPS and bring it to a size.

    Parameters
    ----------
    size : int
        Height and width of the images returned.

    Returns
    -------
    Dataset
        Images uint8 [n, size, size, 1].
    """
    (train_images, train_labels), (test_images, test_labels) = (
        _fetch_split(*split) for split in (_TRAIN, _TEST)
    )
    return Dataset(
        resize(train_images, size),
        train_labels,
        resize(test_images, size),
        test_labels,
        tuple("0123456789"),
    )


def decode(
    path: Path, class_counts: tuple[int, ...], sha256: str
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Decode one split: rows of a label and 256 values from -1 (background) to 1 (ink).

    Parameters
    ----------
    path : Path
        A gzipped text file.
    class_counts : tuple of int
        How many images each class has.
    sha256 : str
        Hexadecimal checksum of the rows in thousandths, as little-endian 16-bit integers.

    Returns
    -------
    images : uint8 array [n, 16, 16, 1]
    labels : int64 array [n]

    Raises
    ------
    UserError
        Where the file is damaged or holds anything else.
    """
    shape = (sum(class_counts), 1 + _SIDE**2)
    words = gunzip(path, _MAX_BYTES).split()
    if len(words) != shape[0] * shape[1]:
        raise UserError(
            f"{path}: {len(words)} numbers, expected {shape[0]} rows of a label and {_SIDE**2}"
        )
    try:
        rows = np.array(words, dtype=np.float64).reshape(shape)
    except ValueError as error:
        raise UserError(f"{path}: {error!s:.80}, expected numbers") from error
    if not (np.abs(rows) <= [9] + [1] * _SIDE**2).all():
        raise UserError(
            f"{path}: expected labels from 0 to 9 and values from -1 to 1, found others"
        )
    labels = rows[:, 0].astype(np.int64)
    verify_class_counts(labels, class_counts, str(path))
    found = hashlib.sha256(np.rint(rows * 1000).astype("<i2").tobytes()).hexdigest()
    if found != sha256:
        raise UserError(f"{path}: values of sha256 {found}, expected {sha256}")
    images = np.rint((rows[:, 1:] + 1) * 127.5).astype(np.uint8)
    return images.reshape(-1, _SIDE, _SIDE, 1), labels


def _fetch_split(
    name: str, class_counts: tuple[int, ...], sha256: str
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    def check(path: Path) -> None:
        decode(path, class_counts, sha256)

    path = fetch("usps", name, [mirror + name for mirror in _MIRRORS], check)
    return decode(path, class_counts, sha256)
