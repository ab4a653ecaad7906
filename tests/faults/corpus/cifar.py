"""CIFAR-10's archive of binary batches."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pipeline.datasets import cifar10
from tests.faults.corpus import archives
from tests.faults.corpus.case import Case, content

SIZE = 10  # rows in a batch: one of each class
NAMES = cifar10._BATCHES
ROWS = np.column_stack([np.arange(SIZE), np.full((SIZE, 3072), 7)]).astype(np.uint8)
BATCH = ROWS.tobytes()
BATCHES = dict.fromkeys(NAMES, BATCH)


def read(path: Path) -> object:
    return cifar10.decode(path, SIZE)


def tar(files: Mapping[str, bytes] = BATCHES, kind: bytes = tarfile.REGTYPE) -> bytes:
    return gzip.compress(archives.tar(files, kind), 1)


def with_test(batch: bytes) -> bytes:
    return tar(BATCHES | {NAMES[-1]: batch})


def labelled(labels: list[int]) -> bytes:
    rows = ROWS.copy()
    rows[:, 0] = labels
    return rows.tobytes()


SOUND = tar()
UNSOUND = "expected a sound folder, tar or zip file"
CASES = {
    "sound": Case(content(SOUND), None),
    "sound, with a readme": Case(
        content(tar({"cifar-10-batches-bin/readme.html": b"x"} | BATCHES)), None
    ),
    "missing": Case(lambda path: path, "No such file or directory"),
    "empty": Case(content(b""), UNSOUND),
    "a web page": Case(content("<html>"), UNSOUND),
    "cut in the middle": Case(content(SOUND[: len(SOUND) // 2]), UNSOUND),
    # What follows the last batch is the business of the download's checksum.
    "sound, cut in gzip's checksum": Case(content(SOUND[:-3]), None),
    "sound, letters behind": Case(content(SOUND + b"letters"), None),
    "damaged gzip": Case(
        content(SOUND[:200] + bytes(50) + SOUND[250:]), "no cifar-10-batches-bin/data_batch_2.bin"
    ),
    "no test batch": Case(
        content(tar(dict.fromkeys(NAMES[:-1], BATCH))), "no cifar-10-batches-bin/test_batch.bin"
    ),
    "nothing inside": Case(content(tar({})), "no cifar-10-batches-bin/data_batch_1.bin"),
    "Python's batches": Case(
        content(tar({"cifar-10-batches-py/test_batch": BATCH})), "expected cifar-10-batches-bin/"
    ),
    "a row short": Case(
        content(with_test(BATCH[:-3073])), "27657 bytes, expected 10 rows of 3073 bytes"
    ),
    "a byte short": Case(content(with_test(BATCH[:-1])), "30729 bytes, expected 10 rows"),
    "a row more": Case(content(with_test(BATCH + BATCH[:3073])), "33803 bytes, expected 10 rows"),
    "an empty batch": Case(content(with_test(b"")), "0 bytes, expected 10 rows"),
    "CIFAR-100's rows": Case(
        content(with_test(bytes(3074 * SIZE))), "30740 bytes, expected 10 rows"
    ),
    "a batch of 65 MiB": Case(
        content(lambda: with_test(bytes(65 * 2**20))),
        "68157440 bytes in 'cifar-10-batches-bin/test_",
        slow=True,
    ),
    "a label of 10": Case(
        content(with_test(labelled([*range(9), 10]))), "labels from 0 to 10, expected 0 to 9"
    ),
    "a label of 255": Case(
        content(with_test(labelled([255, *range(1, 10)]))), "labels from 1 to 255"
    ),
    "labels that lie": Case(
        content(with_test(labelled([0] * 10))), "(10, 0, 0, 0, 0, 0, 0, 0, 0, 0) images a class"
    ),
    "labels shifted": Case(
        content(with_test(labelled([0, *range(9)]))), "images a class, expected (1, 1"
    ),
    "batches that are links": Case(
        content(tar(dict.fromkeys(NAMES, b""), tarfile.SYMTYPE)), "no cifar-10-batches-bin/data"
    ),
    "batches that are folders": Case(
        content(tar(dict.fromkeys(NAMES, b""), tarfile.DIRTYPE)), "no cifar-10-batches-bin/data"
    ),
    "batches that are sparse": Case(
        content(tar(dict.fromkeys(NAMES, b""), tarfile.GNUTYPE_SPARSE)), "a sparse file"
    ),
    "a batch of 2 GB": Case(
        content(gzip.compress(archives.header(tarfile.REGTYPE, 2**31, NAMES[0]) + archives.BLOCK)),
        "bytes in 'cifar-10-batches-bin/data_batch_1.bin', at most",
    ),
    "a batch of -512 bytes": Case(
        content(archives.header(tarfile.REGTYPE, -512, NAMES[0]) + archives.BLOCK),
        "-512 bytes in a header",
    ),
}
