from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from pipeline.datasets.cifar10 import decode, read
from pipeline.ingest.dataset import verify
from pipeline.stage.errors import UserError

BATCH_SIZE = 20
NAMES = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]


def make_batches() -> dict[str, np.ndarray]:
    """Rows of a label and 3 x 32 x 32 bytes."""
    rng = np.random.default_rng(0)
    labels = np.tile(np.arange(10), BATCH_SIZE // 10)
    return {
        name: np.column_stack(
            [rng.permutation(labels), rng.integers(0, 256, (BATCH_SIZE, 3072))]
        ).astype(np.uint8)
        for name in NAMES
    }


def write_archive(path: Path, batches: dict[str, np.ndarray]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, rows in {"readme.html": np.zeros(9, np.uint8), **batches}.items():
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = rows.nbytes
            tar.addfile(info, io.BytesIO(rows.tobytes()))
    return path


def test_planes_become_channels(tmp_path: Path):
    batches = make_batches()
    dataset = decode(write_archive(tmp_path / "a.tar.gz", batches), BATCH_SIZE)
    verify(dataset, "cifar10", 32)
    assert (len(dataset.train_images), len(dataset.test_images)) == (5 * BATCH_SIZE, BATCH_SIZE)
    row = batches["data_batch_2.bin"][3]
    image = dataset.train_images[BATCH_SIZE + 3]
    assert dataset.train_labels[BATCH_SIZE + 3] == row[0]
    y, x = 7, 11
    assert image[y, x].tolist() == [row[1 + plane * 1024 + y * 32 + x] for plane in range(3)]
    np.testing.assert_array_equal(dataset.test_labels, batches["test_batch.bin"][:, 0])
    assert dataset.class_names[8] == "ship"


def test_the_order_in_the_archive_does_not_matter(tmp_path: Path):
    batches = make_batches()
    one = decode(write_archive(tmp_path / "a.tar.gz", batches), BATCH_SIZE)
    other = decode(
        write_archive(tmp_path / "b.tar.gz", dict(reversed(batches.items()))), BATCH_SIZE
    )
    np.testing.assert_array_equal(one.train_images, other.train_images)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data_batch_3.bin": np.zeros((BATCH_SIZE - 1, 3073), np.uint8)}, "data_batch_3.bin: 58"),
        ({"test_batch.bin": np.zeros((BATCH_SIZE, 3073), np.uint8)}, "images a class, expected"),
        ({"test_batch.bin": np.full((BATCH_SIZE, 3073), 10, np.uint8)}, "labels from 10 to 10"),
    ],
)
def test_other_content_is_refused(tmp_path: Path, change: dict[str, np.ndarray], message: str):
    path = write_archive(tmp_path / "a.tar.gz", make_batches() | change)
    with pytest.raises(UserError, match=f"^{path}: .*{message}"):
        decode(path, BATCH_SIZE)


def test_missing_batch_is_named(tmp_path: Path):
    batches = make_batches()
    del batches["data_batch_4.bin"]
    with pytest.raises(UserError, match=r"no cifar-10-batches-bin/data_batch_4.bin, expected"):
        decode(write_archive(tmp_path / "a.tar.gz", batches), BATCH_SIZE)


@pytest.mark.parametrize("kept", [0, 10, 1000, -1000])
def test_truncated_archive_is_refused(tmp_path: Path, kept: int):
    path = write_archive(tmp_path / "a.tar.gz", make_batches())
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match=f"^{path}: .*expected a sound folder, tar or zip file"):
        decode(path, BATCH_SIZE)


@pytest.mark.usefixtures("offline")
def test_another_archive_in_the_mirror_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "cifar10").mkdir()
    write_archive(tmp_path / "cifar10" / "cifar-10-binary.tar.gz", make_batches())
    monkeypatch.setenv("HINDSIGHT_MIRROR", str(tmp_path))
    with pytest.raises(UserError, match=r"not to be had .* bytes with md5 .*, expected md5 c32a1d"):
        read(32)
