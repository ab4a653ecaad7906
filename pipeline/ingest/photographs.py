"""Decoding image files of any kind into square colour images."""

from __future__ import annotations

import io
import struct
import threading
import zlib
from contextlib import nullcontext

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.ingest.images import crop_and_resize
from pipeline.stage.errors import UserError

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "PPM", "TIFF", "WEBP")
"""What is read. Pillow knows more, among them PostScript, which would start Ghostscript."""

MAX_PIXELS = 64 * 2**20

_BAND = 2**20  # pixels converted at a time: of a large image the memory holds one copy, not four
_LARGE = 2**24  # pixels; of larger images one is decoded at a time
_LARGE_LOCK = threading.Lock()

Image.MAX_IMAGE_PIXELS = None  # Pillow would warn in some lines; MAX_PIXELS refuses in one

# What Pillow's decoders raise on damaged files, beside its own UnidentifiedImageError.
_DAMAGE = (
    EOFError,
    IndexError,
    KeyError,
    OSError,
    OverflowError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def decode(content: bytes, name: str, size: int) -> NDArray[np.uint8]:
    """Decode an image file and bring it to a square.

    The image is turned as its EXIF data says, and its first frame taken. Grey, palette, CMYK and
    16-bit images become RGB of 8 bits; transparent ones are laid on white.

    Parameters
    ----------
    content : bytes
        The file.
    name : str
        Its name, for the message.
    size : int
        Height and width wanted.

    Returns
    -------
    uint8 array [size, size, 3]

    Raises
    ------
    UserError
        Where the file is no image, damaged, or has more than `MAX_PIXELS`.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UserError(
                    f"{name}: {image.width} x {image.height} pixels, expected at most {MAX_PIXELS}"
                )
            with _LARGE_LOCK if image.width * image.height > _LARGE else nullcontext():
                ImageOps.exif_transpose(image, in_place=True)
                return crop_and_resize(_in_bands(image), size)
    except UnidentifiedImageError as error:
        raise UserError(f"{name}: no image, expected one of {', '.join(FORMATS)}") from error
    except _DAMAGE as error:
        found = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{name}: {found}, expected a sound image") from error


def _in_bands(image: Image.Image) -> NDArray[np.uint8]:
    """Convert an image of any mode to uint8 [h, w, 3], a band after the other."""
    if image.width * image.height <= _BAND:
        return _as_rgb(image)
    rows = max(_BAND // image.width, 1)
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for top in range(0, image.height, rows):
        bottom = min(top + rows, image.height)
        pixels[top:bottom] = _as_rgb(image.crop((0, top, image.width, bottom)))
    return pixels


def _as_rgb(image: Image.Image) -> NDArray[np.uint8]:
    """Convert an image of any mode to uint8 [h, w, 3]."""
    if image.mode.startswith("I"):
        return np.repeat(_sixteen_to_eight_bits(np.asarray(image))[..., np.newaxis], 3, axis=2)
    if image.mode == "F":
        raise ValueError("floating-point pixels of unknown range")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def _sixteen_to_eight_bits(values: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Scale 0..65535 to 0..255, rounded to the nearest."""
    values = values.astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise ValueError(f"pixels from {values.min()} to {values.max()}, more than 16 bits")
    return ((values + 128) // 257).astype(np.uint8)
