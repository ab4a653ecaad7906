"""Pictures inside the page: small ones to the pixel, large ones small."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from pipeline.website.pictures import LARGE, compact


def decoded(address: str):
    content = base64.b64decode(address.removeprefix("data:image/webp;base64,"), validate=True)
    return len(content), np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def test_a_small_picture_keeps_every_pixel(tmp_path: Path):
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "patches.png")
    _, shown = decoded(compact(tmp_path / "patches.png"))
    np.testing.assert_array_equal(shown, pixels)


def test_a_large_picture_takes_less_room_and_looks_the_same(tmp_path: Path):
    photograph = data.chelsea()
    Image.fromarray(photograph).save(tmp_path / "cat.png")
    before = (tmp_path / "cat.png").stat().st_size
    assert before > LARGE
    after, shown = decoded(compact(tmp_path / "cat.png"))
    assert after < before / 3
    assert np.abs(shown.astype(int) - photograph).mean() < 4  # of 255 grey levels
