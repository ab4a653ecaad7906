"""What a broken input is, and the sound images that the broken ones lie among."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from PIL import Image


class Case(NamedTuple):
    """An input that is refused, or one that is odd and still sound.

    Attributes
    ----------
    write : callable
        Writes it to a path that does not exist yet; returns that path, or another source to name.
    message : str or None
        Part of the line that refuses it; None where it must be accepted.
    slow : bool
        It takes a second or more, and is left to the long form of the campaign.
    """

    write: Callable[[Path], Path | str]
    message: str | None
    slow: bool = False


def content(of: bytes | str | Callable[[], bytes]) -> Callable[[Path], Path]:
    """Return the `write` of a file with this content, which is made then where it is large."""

    def write(path: Path) -> Path:
        made = of() if callable(of) else of
        return written(path, made.encode() if isinstance(made, str) else made)

    return write


def written(path: Path, of: bytes) -> Path:
    path.write_bytes(of)
    return path


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def flat(colour: int) -> bytes:
    return encode(Image.new("RGB", (9, 6), (colour, 9, 9)))


FILES = {
    f"{split}/{name}/{number}.png": flat(number)
    for split, count in (("train", 3), ("test", 1))
    for name in "ab"
    for number in range(count)
}


def folder(path: Path, files: Mapping[str, bytes] = FILES) -> Path:
    """Write files below a path; a name that ends in a slash is an empty folder."""
    for name, of in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            (path / name).mkdir()
        else:
            (path / name).write_bytes(of)
    return path
