"""Images of every mode and size among sound ones, and files that claim to be images."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from PIL import Image

from pipeline.ingest.photographs import MAX_PIXELS
from tests.faults.corpus.case import FILES, Case, encode, folder
from tests.faults.corpus.folders import read

__all__ = ["CASES", "read"]

NOISE = np.random.default_rng(0).integers(0, 256, (21, 13, 4), dtype=np.uint8)
RGB = Image.fromarray(NOISE[..., :3])
WIDE = Image.fromarray(NOISE[..., 0].astype(np.uint16) * 257)


def among(of: bytes, message: str | None, name: str = "9.png") -> Case:
    """Put an image among sound ones."""
    return Case(lambda path: folder(path, FILES | {f"train/a/{name}": of}), message)


def sound(image: Image.Image, kind: str = "PNG", **options: object) -> Case:
    return among(encode(image, kind, **options), None)


def turned(orientation: int, **options: object) -> Case:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return sound(RGB, "JPEG", exif=exif, **options)


def chunk(kind: bytes, of: bytes) -> bytes:
    return struct.pack(">I", len(of)) + kind + of + struct.pack(">I", zlib.crc32(kind + of))


def png(width: int, height: int, rows: bytes = b"", more: bytes = b"") -> bytes:
    """Return a PNG file of 8-bit grey pixels that need not be there."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + more + body


def gif(width: int, height: int) -> bytes:
    return (
        b"GIF89a"
        + struct.pack("<HHBBB", width, height, 0, 0, 0)
        + b","
        + struct.pack("<HHHHB", 0, 0, width, height, 0)
        + b"\x02\x02\x4c\x01\x00;"
    )


def bmp(width: int, height: int) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + head


def tiff(width: int, height: int, strip: int = 8) -> bytes:
    """Return a TIFF file of 8-bit grey pixels of which `strip` bytes are there."""
    entries = [
        (256, width),
        (257, height),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, 8),
        (278, height),
        (279, strip),
    ]
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    return (
        struct.pack("<2sHI", b"II", 42, 8 + strip)
        + bytes(strip)
        + struct.pack("<H", len(entries))
        + table
        + bytes(4)
    )


def text_bomb() -> bytes:
    """Return a PNG file with a comment that unpacks to 2 GB."""
    return png(1, 1, b"\0\0", chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(2**21))))


def cut(kind: str, **options: object) -> Case:
    of = encode(RGB, kind, **options)
    return among(of[: len(of) * 2 // 3], "train/a/9.png: ")


def jpeg_of(size: tuple[int, int]) -> bytes:
    """Return a JPEG file whose header states another size."""
    of = bytearray(encode(RGB, "JPEG"))
    place = of.index(b"\xff\xc0") + 5
    of[place : place + 4] = struct.pack(">HH", *size)
    return bytes(of)


NONE = "train/a/9.png: no image, expected one of JPEG"
LARGE_WEBP = bytes.fromhex(  # flat; turned as EXIF says
    "524946465200000057454250565038580a00000008000000ff1f00ff1f005650384c1100"
    "00002fffdfff0707508426f4a0ff8188e87f0000455849461a0000004d4d002a00000008"
    "000101120003000000010006000000000000"
)
EMPTY_WEBP = bytes.fromhex(  # a slow one of the fuzzer's: 61 million pixels and no content
    "524946462a00000057454250565038201e0000005001009d012a099926259c0026259c00"
    "0433800045425056f3decbc00000"
)
LARGE = f"expected at most {MAX_PIXELS}"
CASES = {
    "sound, grey": sound(RGB.convert("L")),
    "sound, black and white": sound(RGB.convert("1")),
    "sound, palette": sound(RGB.convert("P")),
    "sound, palette with transparency": sound(RGB.convert("P"), transparency=3),
    "sound, grey with transparency": sound(RGB.convert("LA")),
    "sound, transparent": sound(Image.fromarray(NOISE)),
    "sound, 16 bits": sound(WIDE),
    "sound, 16 bits as TIFF": sound(WIDE, "TIFF"),
    "sound, CMYK": sound(RGB.convert("CMYK"), "JPEG"),
    "sound, YCbCr": sound(RGB.convert("YCbCr"), "TIFF"),
    "sound, Lab": sound(RGB.convert("LAB"), "TIFF"),
    "sound, progressive": sound(RGB, "JPEG", progressive=True),
    **{f"sound, turned as EXIF's {number}": turned(number) for number in range(1, 9)},
    "sound, turned as EXIF's 99": turned(99),
    "sound, BMP": sound(RGB, "BMP"),
    "sound, GIF": sound(RGB, "GIF"),
    "sound, GIF of two frames": sound(RGB, "GIF", save_all=True, append_images=[RGB.rotate(180)]),
    "sound, PNG of two frames": sound(RGB, "PNG", save_all=True, append_images=[RGB.rotate(180)]),
    "sound, PPM": sound(RGB, "PPM"),
    "sound, TIFF by LZW": sound(RGB, "TIFF", compression="tiff_lzw"),
    "sound, WebP": sound(RGB, "WEBP"),
    "sound, one pixel": sound(RGB.crop((0, 0, 1, 1))),
    "sound, one pixel wide": sound(RGB.crop((0, 0, 1, 20))),
    "sound, one pixel high": sound(RGB.crop((0, 0, 13, 1))),
    "sound, 60000 x 1 pixels": sound(Image.new("RGB", (60_000, 1))),
    "sound, 8192 x 8192 pixels": Case(
        lambda path: folder(path, FILES | {"train/a/9.png": png(8192, 8192, bytes(8193 * 8192))}),
        None,
        slow=True,
    ),
    "sound, 8192 x 8192 WebP of 90 bytes": among(LARGE_WEBP, None)._replace(slow=True),
    "sound, a JPEG named png": sound(RGB, "JPEG"),
    "sound, without an ending": among(FILES["train/a/0.png"], None, "image"),
    "sound, with a space, quotes and a newline": among(
        FILES["train/a/0.png"], None, "a 'b'\"\n.png"
    ),
    "sound, named in Japanese": among(FILES["train/a/0.png"], None, "写真.png"),
    "sound, bytes behind the end": among(FILES["train/a/0.png"] + bytes(999), None),
    # Pillow takes the rows that are missing from a sound stream for black ones.
    "taken, a PNG of 9 rows of which one is there": among(png(9, 9, bytes(10)), None),
    "no bytes": among(b"", NONE),
    "one byte": among(b"\x89", NONE),
    "text": among(b"a picture of a cat", NONE),
    "a web page": among(b"<!doctype html>", NONE),
    "markup of a drawing": among(b'<svg xmlns="http://www.w3.org/2000/svg"/>', NONE),
    "PostScript": among(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", NONE),
    "a PDF": among(b"%PDF-1.4\n", NONE),
    "an icon": among(encode(RGB.resize((16, 16)), "ICO"), NONE),
    "a zip file": among(b"PK\x03\x04" + bytes(99), NONE),
    "zeros": among(bytes(4096), NONE),
    "floating point": among(
        encode(Image.fromarray(NOISE[..., 0].astype(np.float32)), "TIFF"),
        "floating-point pixels of unknown range",
    ),
    "32 bits": among(
        encode(Image.fromarray(NOISE[..., 0].astype(np.int32) * 2**20), "TIFF"), "more than 16 bits"
    ),
    "30000 x 30000 PNG": among(png(30_000, 30_000), LARGE),
    "30000 x 30000 GIF": among(gif(30_000, 30_000), LARGE),
    "30000 x 30000 BMP": among(bmp(30_000, 30_000), LARGE),
    "30000 x 30000 TIFF": among(tiff(30_000, 30_000), LARGE),
    "30000 x 30000 PPM": among(b"P6 30000 30000 255\n", LARGE),
    "65500 x 65500 JPEG": among(jpeg_of((65_500, 65_500)), LARGE),
    "30000 x 30000 black pixels": among(png(30_000, 30_000, bytes(2**24)), LARGE),
    "2^31 pixels wide": among(png(2**31 - 1, 1), LARGE),
    "no pixels": among(png(0, 0), "train/a/9.png: "),
    "a JPEG without height": among(jpeg_of((0, 13)), "train/a/9.png: "),
    "-9 pixels high BMP": among(bmp(9, -9), "train/a/9.png: "),
    "a comment of 2 MiB": among(text_bomb(), "train/a/9.png: "),
    "8192 x 8192 TIFF of which 8 bytes are there": among(tiff(8192, 8192), "train/a/9.png: "),
    "6409 x 9510 WebP of 50 bytes": among(EMPTY_WEBP, "failed to read next frame"),
    "a PNG with a damaged chunk": among(
        png(1, 1, b"\0\0").replace(b"IDAT", b"IDAU"), "train/a/9.png: "
    ),
    "a PNG with another checksum": among(
        FILES["train/a/0.png"][:-20] + bytes(4) + FILES["train/a/0.png"][-16:], "train/a/9.png: "
    ),
    "a cut PNG": cut("PNG"),
    "a cut JPEG": cut("JPEG"),
    "a cut progressive JPEG": cut("JPEG", progressive=True),
    "a cut GIF": cut("GIF"),
    "a cut BMP": cut("BMP"),
    "a cut PPM": cut("PPM"),
    "a cut TIFF": cut("TIFF"),
    "a cut TIFF by LZW": cut("TIFF", compression="tiff_lzw"),
    "a cut WebP": cut("WEBP"),
}
