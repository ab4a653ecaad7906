"""MNIST and Fashion-MNIST: files of the same names, told apart by checksums."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from types import ModuleType

import numpy as np
import pooch
import pytest

from pipeline.datasets import fashion_mnist, mnist
from pipeline.ingest.mnist_files import read_mnist_files, read_pair
from pipeline.stage.errors import UserError

NAMES = tuple(mnist._CHECKSUMS)
TRAIN_COUNTS, TEST_COUNTS = (3, 1), (1, 1)


def write_split(folder: Path, images: str, labels: str, values: list[int], seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (len(values), 28, 28), dtype=np.uint8)
    (folder / images).write_bytes(
        gzip.compress(struct.pack(">4I", 0x0803, *pixels.shape) + pixels.tobytes())
    )
    (folder / labels).write_bytes(
        gzip.compress(struct.pack(">2I", 0x0801, len(values)) + bytes(values))
    )


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two small datasets in the form of MNIST, with the same file names."""
    for seed, folder in enumerate(("mnist", "fashion-mnist")):
        (tmp_path / "mirror" / folder).mkdir(parents=True)
        write_split(tmp_path / "mirror" / folder, *NAMES[:2], [0, 1, 0, 0], seed)
        write_split(tmp_path / "mirror" / folder, *NAMES[2:], [1, 0], seed)
    monkeypatch.setenv("HINDSIGHT_MIRROR", str(tmp_path / "mirror"))
    return tmp_path / "mirror"


def read_small(folder: Path, checksums_of: Path, size: int = 28):
    checksums = {name: f"md5:{pooch.file_hash(str(checksums_of / name), 'md5')}" for name in NAMES}
    counts = (TRAIN_COUNTS, TEST_COUNTS)
    return read_mnist_files(folder.name, (), checksums, counts, ("zero", "one"), size)


@pytest.mark.parametrize(("size", "first"), [(28, 0), (32, 2)])
def test_four_files_make_a_dataset(mirror: Path, size: int, first: int):
    dataset = read_small(mirror / "mnist", mirror / "mnist", size)
    assert dataset.train_images.shape == (4, size, size, 1)
    assert dataset.test_labels.tolist() == [1, 0]
    expected = np.random.default_rng(0).integers(0, 256, (4, 28, 28), dtype=np.uint8)
    inner = dataset.train_images[:, first : first + 28, first : first + 28, 0]
    np.testing.assert_array_equal(inner, expected)


def test_files_of_one_dataset_are_not_taken_for_the_other(mirror: Path):
    with pytest.raises(UserError, match=r"fashion-mnist/train-images-.* with md5 .*, expected md5"):
        read_small(mirror / "fashion-mnist", mirror / "mnist")


@pytest.mark.usefixtures("offline", "mirror")
@pytest.mark.parametrize("reader", [mnist, fashion_mnist])
def test_real_readers_refuse_all_but_their_files(
    reader: ModuleType, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(
        UserError, match=r"train-images-idx3-ubyte.gz: not to be had .*expected md5"
    ):
        reader.read(28)
    assert capsys.readouterr().err.count("\n") == 1 + len(reader._MIRRORS)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("reader", [mnist, fashion_mnist])
def test_no_network_and_no_mirror(reader: ModuleType):
    with pytest.raises(UserError, match=r"ConnectionError.*set HINDSIGHT_MIRROR"):
        reader.read(28)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ((3, 2), r"train-images-idx3-ubyte.gz: an array of \(4, 28, 28\), expected \(5, 28, 28\)"),
        ((2, 2), r"train-labels-idx1-ubyte.gz: \(3, 1\) images a class, expected \(2, 2\)"),
        ((4,), r"train-labels-idx1-ubyte.gz: labels from 0 to 1, expected 0 to 0"),
    ],
)
def test_other_counts_are_refused(mirror: Path, counts: tuple[int, ...], message: str):
    with pytest.raises(UserError, match=message):
        read_pair(mirror / "mnist" / NAMES[0], mirror / "mnist" / NAMES[1], counts)


def test_images_and_labels_of_different_length(mirror: Path):
    with pytest.raises(UserError, match=r"labels.*an array of \(2,\), expected \(4,\)"):
        read_pair(mirror / "mnist" / NAMES[0], mirror / "mnist" / NAMES[3], TRAIN_COUNTS)


def test_images_for_labels(mirror: Path):
    with pytest.raises(UserError, match="magic number 0x00000801, expected 0x00000803"):
        read_pair(mirror / "mnist" / NAMES[1], mirror / "mnist" / NAMES[1], TRAIN_COUNTS)
