"""Sources that attack: refused in one line that names them, before what they claim is read."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.datasets.folder import read
from pipeline.ingest import photographs
from pipeline.ingest.sources import locate
from pipeline.stage import entry
from pipeline.stage.errors import UserError

BLOCK = bytes(tarfile.BLOCKSIZE)


def image(colour: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (9, 6), (colour, 9, 9)).save(buffer, "PNG")
    return buffer.getvalue()


FILES = {
    f"{split}/{name}/{number}.png": image(number)
    for split, count in (("train", 3), ("test", 1))
    for name in "ab"
    for number in range(count)
}


def folder(path: Path) -> Path:
    for name, content in FILES.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def tar_bytes() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in FILES.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def header(kind: bytes, n_bytes: int, name: str = "x") -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, n_bytes
    return info.tobuf(tarfile.GNU_FORMAT)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def lying_zip(path: Path, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """State 100 bytes for 200 million."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
        archive.writestr("train/a/9.png", bytes(200_000_000 if method == 8 else 9))
    content = bytearray(path.read_bytes())
    size = content.rindex(b"train/a/9.png") - 46 + 24
    if method == zipfile.ZIP_DEFLATED:
        content[size : size + 4] = (100).to_bytes(4, "little")
    return written(path, bytes(content))


def with_pipe(path: Path) -> Path:
    os.mkfifo(folder(path) / "train/a/9.png")
    return path


def with_device(path: Path) -> Path:
    (folder(path) / "train/a/9.png").symlink_to("/dev/zero")
    return path


def with_bytes_in_a_name(path: Path) -> Path:
    for split in ("train", "test"):
        (folder(path) / split / "a").rename(os.fsdecode(os.fsencode(path / split) + b"/\xff"))
    return path


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def circle(path: Path) -> Path:
    path.symlink_to(path)
    return path


def attributes(**values: object) -> bytes:
    """Return the header that gives the next file attributes."""
    info = tarfile.TarInfo("x")
    info.pax_headers = {key: str(value) for key, value in values.items()}
    return info.create_pax_header(info.get_info(), "utf-8")[: -tarfile.BLOCKSIZE]


def bomb(path: Path) -> Path:
    """Pack three files of 60 MiB each into 180 kB."""
    zeros = gzip.compress(bytes(2**20)) * 60
    headers = [header(tarfile.REGTYPE, 60 * 2**20, f"train/a/{name}.png") for name in range(3)]
    return written(path, b"".join(gzip.compress(one) + zeros for one in headers))


def sparse(path: Path) -> Path:
    """State a map of 50 million holes, a quarter megabyte of zip."""
    major = {"GNU.sparse.major": 1, "GNU.sparse.minor": 0, "GNU.sparse.realsize": 9}
    content = attributes(**major) + header(tarfile.REGTYPE, 2**20, "train/a/1.png")
    return written(path, gzip.compress(content + b"50000000\n" + b"1\n" * 10**7, 1))


LONG, PAX = tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE
CASES: dict[str, tuple[Callable[[Path], Path | str], str]] = {
    "name of 2 GiB": (lambda path: written(path, header(LONG, 2**31) + BLOCK), "2147483648 bytes"),
    "attributes of 2 GiB": (
        lambda path: written(path, gzip.compress(header(PAX, 2**31) + BLOCK)),
        "2147483648 bytes in a header",
    ),
    "attributes of 1 MiB": (
        lambda path: written(path, header(PAX, 2**20) + bytes(2**20)),
        "1048576 bytes in a header",
    ),
    "180 MB in 180 kB": (bomb, "bytes unpacked, expected a sound"),
    "map of holes": (
        lambda path: written(path, header(tarfile.GNUTYPE_SPARSE, 512) + BLOCK),
        "a sparse file, expected a sound",
    ),
    "map of 50 million holes": (sparse, "a sparse file, expected a sound"),
    "file of -512 bytes": (
        lambda path: written(path, header(tarfile.REGTYPE, -512) + BLOCK),
        "-512 bytes in a header",
    ),
    "2000 names of a name": (
        lambda path: written(path, (header(LONG, 2) + b"ab".ljust(512, b"\0")) * 2000),
        "maximum recursion depth",
    ),
    "100 MB behind the end": (
        lambda path: written(path, gzip.compress(tar_bytes() + bytes(10**8), 1)),
        "bytes in 'what follows the last file'",
    ),
    "zip that states too little": (lying_zip, "Bad CRC-32 for file 'train/a/9.png'"),
    "zip packed by bzip2": (
        lambda path: lying_zip(path, zipfile.ZIP_BZIP2),
        "is packed by method 12, expected stored or deflated",
    ),
    "pipe among the images": (with_pipe, "'train/a/9.png' is a device"),
    "device among the images": (with_device, "'train/a/9.png' is a device"),
    "class name that is no text": (with_bytes_in_a_name, "class '\\udcff', expected a name in UTF"),
    "pipe": (pipe, "not found"),
    "device": (lambda _: "/dev/zero", "not found"),
    "links in a circle": (circle, "expected a folder or an archive"),
    "home of nobody": (lambda _: "~nobody-of-this-name/x", "Could not determine home directory"),
    "host of dots": (lambda _: "http://../x.tar", "expected https://<host>/"),
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HINDSIGHT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HINDSIGHT_MIRROR", raising=False)
    return tmp_path / "cache"


@pytest.mark.parametrize(("make", "message"), CASES.values(), ids=CASES)
def test_hostile_sources_are_refused(
    tmp_path: Path, make: Callable[[Path], Path | str], message: str
):
    source = str(make(tmp_path / "source"))
    with pytest.raises(UserError) as caught:
        read(8, source=source)
    line = entry.explain(caught.value)
    assert message in line
    assert source in line
    assert line.isprintable()


@pytest.mark.parametrize("source", ["/data/x/pets.tar", "../../pets.tar", "a/../../../pets.tar"])
def test_nothing_is_fetched_to_outside_of_the_cache(
    source: str, cache: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HINDSIGHT_MIRROR", "http://127.0.0.1:9")
    with pytest.raises(UserError, match="not found"):
        locate(source, None)
    assert not cache.exists()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "CMYK", "I;16", "1"])
def test_bands_do_not_show(monkeypatch: pytest.MonkeyPatch, mode: str):
    noise = np.random.default_rng(0).integers(0, 256, (21, 13, 4), dtype=np.uint8)
    made = Image.fromarray(noise, "RGBA" if mode != "CMYK" else "CMYK")
    made = Image.fromarray(noise[..., 0].astype(np.uint16) * 255) if mode == "I;16" else made
    made = made if made.mode == mode else made.convert(mode)
    whole = photographs._as_rgb(made)
    monkeypatch.setattr(photographs, "_BAND", 40)
    np.testing.assert_array_equal(photographs._in_bands(made), whole)
