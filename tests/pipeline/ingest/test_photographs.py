from __future__ import annotations

import warnings

import numpy as np
import pytest
from PIL import Image

from pipeline.ingest import photographs
from pipeline.ingest.photographs import decode
from pipeline.stage.errors import UserError
from tests.faults.corpus.case import encode


def flat(mode: str, colour: object) -> Image.Image:
    return Image.new(mode, (6, 6), colour)


@pytest.mark.parametrize(
    ("image", "kind", "expected"),
    [
        (flat("RGB", (10, 20, 30)), "PNG", (10, 20, 30)),
        (flat("RGB", (10, 20, 30)), "TIFF", (10, 20, 30)),
        (flat("RGB", (10, 20, 30)), "BMP", (10, 20, 30)),
        (flat("RGB", (10, 20, 30)), "PPM", (10, 20, 30)),
        (flat("L", 77), "PNG", (77, 77, 77)),
        (flat("1", 1), "PNG", (255, 255, 255)),
        (flat("RGB", (255, 0, 0)).convert("P"), "GIF", (255, 0, 0)),
        (flat("RGBA", (255, 0, 0, 0)), "PNG", (255, 255, 255)),
        (flat("RGBA", (255, 0, 0, 51)), "PNG", (255, 204, 204)),
        (flat("LA", (0, 51)), "PNG", (204, 204, 204)),
        (flat("CMYK", (0, 255, 255, 0)), "TIFF", (255, 0, 0)),
        (flat("I;16", 65535), "PNG", (255, 255, 255)),
        (flat("I;16", 32768), "PNG", (128, 128, 128)),
        (flat("I;16", 300), "PNG", (1, 1, 1)),
        (flat("I", 32768), "TIFF", (128, 128, 128)),
    ],
)
def test_every_kind_of_image_becomes_rgb(
    image: Image.Image, kind: str, expected: tuple[int, int, int]
):
    pixels = decode(encode(image, kind), "a", 6)
    assert pixels.shape == (6, 6, 3)
    assert pixels.dtype == np.uint8
    assert (pixels == expected).all()


def test_transparent_palette_colour_is_laid_on_white():
    content = encode(flat("P", 0), "PNG", transparency=0)
    assert (decode(content, "a", 6) == 255).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_exif_orientation_is_applied(kind: str):
    image = Image.new("RGB", (8, 8))
    image.paste((255, 255, 255), (0, 0, 8, 4))  # white above
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise: white on the right
    pixels = decode(encode(image, kind, exif=exif), "a", 8)
    assert (pixels[:, 4:] > 250).all()
    assert (pixels[:, :4] < 5).all()


def test_the_middle_of_a_wide_image_is_taken():
    image = Image.new("RGB", (30, 10))
    image.paste((9, 9, 9), (10, 0, 20, 10))
    assert (decode(encode(image), "a", 5) == 9).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF"])
def test_truncated_image_is_refused(kind: str):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    content = encode(Image.fromarray(noise), kind)
    for kept in (20, len(content) // 2, len(content) * 9 // 10):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on truncated TIFF files
            with pytest.raises(UserError, match=r"^cat\.png: [^\n]*expected"):
                decode(content[:kept], "cat.png", 8)


@pytest.mark.parametrize("content", [b"", b"just text", b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_file_that_is_no_image_is_refused(content: bytes):
    with pytest.raises(UserError, match=r"cat\.png: no image, expected one of JPEG"):
        decode(content, "cat.png", 8)


def test_pixels_of_unknown_range_are_refused():
    with pytest.raises(UserError, match="floating-point"):
        decode(encode(flat("F", 0.5), "TIFF"), "a", 6)
    with pytest.raises(UserError, match="more than 16 bits"):
        decode(encode(flat("I", 70000), "TIFF"), "a", 6)


def test_pixel_bomb_is_refused_before_decoding(monkeypatch: pytest.MonkeyPatch):
    def explode(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(photographs, "_as_rgb", explode)
    content = encode(Image.new("1", (20_000, 20_000)))
    assert len(content) < 2**17
    with pytest.raises(UserError, match="a: 20000 x 20000 pixels, expected at most 67108864"):
        decode(content, "a", 8)
