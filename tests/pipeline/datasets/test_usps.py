from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from pipeline.datasets.usps import decode, read
from pipeline.stage.errors import UserError

COUNTS = (1, 2, 0, 0, 0, 0, 0, 0, 0, 1)
LABELS = np.array([1, 0, 9, 1])
VALUES = np.round(np.random.default_rng(0).uniform(-1, 1, (4, 256)), 3)
ROWS = np.column_stack([LABELS, VALUES])
THIS = VALUES[0, 4] == ROWS
SHA256 = hashlib.sha256(np.rint(ROWS * 1000).astype("<i2").tobytes()).hexdigest()


def write_rows(path: Path, rows: np.ndarray, form: str = "%.4f") -> Path:
    text = "".join(" ".join(form % value for value in row) + " \n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()))
    return path


@pytest.mark.parametrize("form", ["%.4f", "%.3f", "%g"])
def test_values_decide_and_not_their_form(tmp_path: Path, form: str):
    images, labels = decode(write_rows(tmp_path / "a.gz", ROWS, form), COUNTS, SHA256)
    np.testing.assert_array_equal(labels, LABELS)
    assert images.shape == (4, 16, 16, 1)
    assert images.dtype == np.uint8
    assert np.abs(images.reshape(4, 256) / 127.5 - 1 - VALUES).max() <= 0.5 / 127.5 + 1e-9


def test_background_is_black_and_ink_is_white(tmp_path: Path):
    rows = np.column_stack([LABELS, np.tile([-1.0, 1.0], (4, 128))])
    digest = hashlib.sha256(np.rint(rows * 1000).astype("<i2").tobytes()).hexdigest()
    images, _ = decode(write_rows(tmp_path / "a.gz", rows), COUNTS, digest)
    assert images[0, 0, :2, 0].tolist() == [0, 255]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (ROWS[:3], "771 numbers, expected 4 rows of a label and 256"),
        (ROWS[:, :-1], "1024 numbers"),
        (ROWS[[0, 0, 2, 3]], r"images a class, expected"),
        (np.where(ROWS == 9, 10, ROWS), "expected labels from 0 to 9"),
        (np.where(ROWS == 9, -1, ROWS), "labels from -1 to 1, expected 0 to 9"),
        (np.where(THIS, 1.5, ROWS), "values from -1 to 1, found others"),
        (np.where(THIS, np.nan, ROWS), "values from -1 to 1, found others"),
        (np.where(THIS, 0.123, ROWS), "values of sha256 .*, expected"),
    ],
)
def test_other_content_is_refused(tmp_path: Path, rows: np.ndarray, message: str):
    path = write_rows(tmp_path / "a.gz", rows)
    with pytest.raises(UserError, match=f"^{path}: .*{message}"):
        decode(path, COUNTS, SHA256)


def test_words_among_the_numbers_are_refused(tmp_path: Path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"word " * 4 * 257))
    with pytest.raises(UserError, match=f"^{path}: .*expected numbers"):
        decode(path, COUNTS, SHA256)


def test_a_word_of_a_megabyte_is_not_repeated(tmp_path: Path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"1 " * (4 * 257 - 1) + b"x" * 2**20))
    with pytest.raises(UserError, match=f"^{path}: .*b'xxx.*expected numbers") as caught:
        decode(path, COUNTS, SHA256)
    assert len(str(caught.value)) < 1000


@pytest.mark.usefixtures("offline")
def test_file_of_other_values_in_the_mirror_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "usps").mkdir()
    write_rows(tmp_path / "usps" / "zip.train.gz", ROWS)
    monkeypatch.setenv("HINDSIGHT_MIRROR", str(tmp_path))
    with pytest.raises(UserError, match=r"usps/zip.train.gz: not to be had .*1028 numbers"):
        read(16)
