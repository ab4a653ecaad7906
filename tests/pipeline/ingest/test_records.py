"""Recorded images: what is written is what comes back, or one line says why not."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.ingest.records import Records, open_images, recording
from pipeline.stage.errors import UserError
from pipeline.stage.files import write_array, write_json

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 3), dtype=np.uint8)


def png(image: np.ndarray):
    content = io.BytesIO()
    Image.fromarray(image).save(content, "png")
    return content.getvalue()


@pytest.fixture
def images(tmp_path: Path):
    with recording(tmp_path / "train_images.bin", len(PIXELS)) as recorder:
        for number in (3, 0, 4, 1, 2):
            recorder.write(number, png(PIXELS[number]))
            recorder.measure(number, PIXELS[number])
    return Records(tmp_path / "train_images.bin", (4, 4, 3))


@pytest.mark.parametrize(
    "rows", [np.array([2, 0]), np.array([[1, 1], [4, 3]]), np.array([], int), slice(3), slice(3, 9)]
)
def test_images_are_taken_as_from_an_array(images: Records, rows: np.ndarray | slice):
    found = images[rows]
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, PIXELS[rows])
    assert (len(images), images.shape) == (5, PIXELS.shape)


def test_one_channel_of_grey_images(images: Records):
    grey = Records(images.file, (4, 4, 1))
    np.testing.assert_array_equal(grey[:], PIXELS[..., :1])
    assert len(grey.sums(np.arange(2))[1]) == 1


def test_sums_are_those_of_the_pixels(images: Records):
    rows = np.array([4, 1])
    pixels = PIXELS[rows].astype(int)
    assert images.sums(rows) == (
        32,
        pixels.sum((0, 1, 2)).tolist(),
        (pixels**2).sum((0, 1, 2)).tolist(),
    )


def test_another_process_gets_only_the_name(images: Records):
    sent = pickle.dumps(images)
    assert len(sent) < 1000
    np.testing.assert_array_equal(pickle.loads(sent)[:], PIXELS)  # noqa: S301  (our own)


def test_the_checksum_is_of_the_images_in_their_order(images: Records, tmp_path: Path):
    def recorded(order: list[int]):
        with recording(tmp_path / "again.bin", 2) as recorder:
            for number in order:
                recorder.write(number, png(PIXELS[number]))
        return Records(tmp_path / "again.bin", (4, 4, 3)).checksum()

    assert recorded([0, 1]) == recorded([1, 0]) != images.checksum()


def test_damage_and_a_short_file_are_one_line(images: Records):
    content = images.file.read_bytes()
    for damaged in (content[:-1], b"x" + content[1:]):
        images.file.write_bytes(damaged)
        with pytest.raises(
            UserError, match=r"^\S+_images.bin: record \d has the checksum "
        ) as told:
            images[:]
        assert "\n" not in str(told.value)


def test_nothing_half_written_is_left(tmp_path: Path):
    def interrupted():
        with recording(tmp_path / "x.bin", 1) as recorder:
            recorder.write(0, b"x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not list(tmp_path.iterdir())


def test_prepared_images_are_opened_as_they_were_written(images: Records, tmp_path: Path):
    write_json(tmp_path / "dataset.json", {"image_shape": [4, 4, 3], "streamed": True})
    np.testing.assert_array_equal(open_images(tmp_path, "train")[:], PIXELS)
    write_json(tmp_path / "dataset.json", {"image_shape": [4, 4, 3]})
    write_array(tmp_path / "train_images.npy", PIXELS[:2])
    np.testing.assert_array_equal(open_images(tmp_path, "train")[:], PIXELS[:2])
