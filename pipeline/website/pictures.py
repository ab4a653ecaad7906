"""What hand-made features see, drawn from the project's own code as PNG pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from skimage import data, transform

from features import canny
from features.ops.gabor import gabor_energy, line_filter
from features.ops.gradients import SOBEL, gradients
from features.ops.grey import grey_levels

PIXELS = 192
CELL = 12
ORIENTATIONS = 9
WAVELENGTH, DIRECTIONS, FILTER = 8.0, 4, 33
LARGE = 16 * 2**10  # bytes of a picture that may lose what nobody sees


def png(pixels: NDArray[np.uint8], scale: int = 1) -> str:
    """Return grey or RGB pixels as the address of a PNG inside the page."""
    large = pixels.repeat(scale, axis=0).repeat(scale, axis=1)
    file = io.BytesIO()
    Image.fromarray(large).save(file, format="png", optimize=True)
    return address(file.getvalue())


def compact(picture: Path) -> str:
    """Return a PNG file as the address of a smaller WebP inside the page."""
    small = picture.stat().st_size <= LARGE  # small patches keep their colours to the pixel
    file = io.BytesIO()
    with Image.open(picture) as image:
        image.save(file, format="webp", lossless=small, quality=90, use_sharp_yuv=True)
    return address(file.getvalue(), "webp")


def address(content: bytes, kind: str = "png") -> str:
    """Return a picture file of a kind as an address inside the page."""
    return f"data:image/{kind};base64," + base64.b64encode(content).decode()


def stretched(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Bring values to 0 to 255."""
    low, high = float(values.min()), float(values.max())
    return np.rint(255 * (values - low) / max(high - low, 1e-12)).astype(np.uint8)


@cache
def photograph() -> NDArray[np.uint8]:
    """Return a cat's face, uint8 [1, PIXELS, PIXELS, 3]: a photograph that scikit-image bundles."""
    face = data.chelsea()[20:280, 90:350]
    small = transform.resize(face, (PIXELS, PIXELS), anti_aliasing=True)
    return np.rint(255 * small).astype(np.uint8)[None]


def edges() -> Iterator[tuple[str, str]]:
    """Yield a caption and a picture: the photograph through 50 years of hand-made features."""
    images = photograph()
    yield "the photograph", png(images[0])
    down, across = gradients(grey_levels(images), SOBEL)
    strength, direction = np.hypot(down, across)[0], np.arctan2(down, across)[0]
    yield "Sobel, 1968: strength of the edges", png(stretched(strength))
    yield "Sobel: their direction as a hue", png(_hues(direction, strength))
    found = canny.Feature(sigma=1.5, low_threshold=0.05, high_threshold=0.12).edges(images)[0]
    yield "Canny, 1986: thin, linked edges", png(255 * found.astype(np.uint8))
    yield "HOG, 2005: orientations in each cell", png(_glyphs(down[0], across[0]))


def _hues(direction: NDArray[np.float64], strength: NDArray[np.float64]) -> NDArray[np.uint8]:
    hue = np.rint(255 * (direction % np.pi) / np.pi).astype(np.uint8)
    value = stretched(np.sqrt(strength))
    hsv = np.stack([hue, np.full_like(hue, 200), value], axis=-1)
    return np.asarray(Image.fromarray(hsv, mode="HSV").convert("RGB"))


def _glyphs(down: NDArray[np.float64], across: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Draw a star for each cell: a line along the edge for each orientation, bright if strong."""
    place = ((np.arctan2(down, across) % np.pi) / np.pi * ORIENTATIONS).astype(int) % ORIENTATIONS
    votes = np.hypot(down, across)[..., None] * np.eye(ORIENTATIONS)[place]
    cells = votes.reshape(PIXELS // CELL, CELL, PIXELS // CELL, CELL, ORIENTATIONS).sum((1, 3))
    cells /= cells.max()
    canvas = Image.new("L", (2 * PIXELS, 2 * PIXELS))
    draw = ImageDraw.Draw(canvas)
    for (row, column, bin_), share in np.ndenumerate(np.minimum(2 * np.sqrt(cells), 1)):
        angle = np.pi * (bin_ + 0.5) / ORIENTATIONS + np.pi / 2  # an edge runs across its gradient
        middle = np.array([column + 0.5, row + 0.5]) * 2 * CELL
        reach = np.array([np.cos(angle), np.sin(angle)]) * (CELL - 1)
        draw.line([*(middle - reach), *(middle + reach)], fill=int(255 * share))
    return np.asarray(canvas)


def gabor_bank() -> Iterator[tuple[str, str]]:
    """Yield the filters of one wavelength, and where in the photograph each direction answers."""
    grey = grey_levels(photograph())[0].astype(np.float32)
    energy = gabor_energy(grey, WAVELENGTH, DIRECTIONS)
    middle = FILTER // 2
    for step in range(DIRECTIONS):
        angle = np.pi * step / DIRECTIONS
        down, across = (
            line_filter(FILTER, WAVELENGTH, wave(angle) / WAVELENGTH)[:, middle]
            for wave in (np.sin, np.cos)
        )
        degrees = 180 * step // DIRECTIONS
        yield f"filter, {degrees} degrees", png(stretched(np.outer(down, across).real), scale=4)
        yield f"its energy, {degrees} degrees", png(stretched(energy[step]))
