"""Tar and zip files of class folders that are damaged, or that attack."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tests.faults.corpus.case import FILES, Case, content, written
from tests.faults.corpus.folders import read

__all__ = ["CASES", "read"]

BLOCK = bytes(tarfile.BLOCKSIZE)
IMAGE = FILES["train/a/0.png"]


def tar(files: Mapping[str, bytes] = FILES, kind: bytes = tarfile.REGTYPE) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, of in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.type = len(of), kind
            archive.addfile(info, io.BytesIO(of))
    return buffer.getvalue()


def packed(files: Mapping[str, bytes]) -> bytes:
    """Return a zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, of in files.items():
            archive.writestr(name, of)
    return buffer.getvalue()


def header(kind: bytes, n_bytes: int, name: str = "x", to: str = "") -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, n_bytes, to
    return info.tobuf(tarfile.GNU_FORMAT)


def attributes(**values: object) -> bytes:
    """Return the header that gives the next file attributes."""
    info = tarfile.TarInfo("x")
    info.pax_headers = {key: str(value) for key, value in values.items()}
    return info.create_pax_header(info.get_info(), "utf-8")[: -tarfile.BLOCKSIZE]


OPEN = tar()[: 2 * tarfile.BLOCKSIZE * len(FILES)]  # without its end


def link(kind: bytes, to: str) -> bytes:
    return OPEN + header(kind, 0, "train/a/9.png", to) + BLOCK * 2


def sparse() -> bytes:
    """State a map of 50 million holes, a quarter megabyte of gzip."""
    version = {"GNU.sparse.major": 1, "GNU.sparse.minor": 0, "GNU.sparse.realsize": 9}
    start = attributes(**version) + header(tarfile.REGTYPE, 2**20, "train/a/1.png")
    return gzip.compress(start + b"50000000\n" + b"1\n" * 10**7, 1)


def bomb() -> bytes:
    """Pack three files of 60 MiB each into 180 kB."""
    zeros = gzip.compress(bytes(2**20)) * 60
    headers = [header(tarfile.REGTYPE, 60 * 2**20, f"train/a/{name}.png") for name in range(3)]
    return b"".join(gzip.compress(one) + zeros for one in headers)


def lying_zip(path: Path) -> Path:
    """State 100 bytes for 200 million."""
    of = bytearray(packed(FILES | {"train/a/9.png": bytes(200_000_000)}))
    size = of.rindex(b"train/a/9.png") - 46 + 24
    of[size : size + 4] = (100).to_bytes(4, "little")
    return written(path, bytes(of))


def entry(**fields: object) -> bytes:
    """Return a zip file with a last entry of some fields."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, of in FILES.items():
            archive.writestr(name, of)
        info = zipfile.ZipInfo("train/a/9.png")
        for field, value in fields.items():
            setattr(info, field, value)
        archive.writestr(info, IMAGE)
    return buffer.getvalue()


def flagged(flags: int) -> bytes:
    """Return a zip file whose last entry has flags in the directory."""
    of = bytearray(packed(FILES))
    of[of.rindex(b"PK\x01\x02") + 8] |= flags
    return bytes(of)


def renamed(old: str, new: str) -> dict[str, bytes]:
    return {name.replace(old, new): of for name, of in FILES.items()}


def opens(archive: bytes) -> bool:
    """Say whether this Python's tarfile opens it: that of 3.11.2 wants attributes to be text."""
    try:
        tarfile.open(fileobj=io.BytesIO(archive)).close()
    except tarfile.TarError:
        return False
    return True


LONG, PAX = tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE
TAR, ZIP = tar(), packed(FILES)
NO_TEXT = header(PAX, 9) + b"9 \xff=\xff\n\n".ljust(512, b"\0") + TAR
UNSOUND = "expected a sound folder, tar or zip file"
INSIDE = "expected a path that stays inside"
NO_LINK = "is a link or device, expected files and folders"
CASES = {
    "sound tar": Case(content(TAR), None),
    "sound tar.gz": Case(content(gzip.compress(TAR)), None),
    "sound tar.bz2": Case(content(bz2.compress(TAR)), None),
    "sound tar.xz": Case(content(lzma.compress(TAR)), None),
    "sound zip": Case(content(ZIP), None),
    "sound zip, below letters": Case(content(b"letters" + ZIP), None),
    "sound tar, names in Greek": Case(content(tar(renamed("/a/", "/ψηφία/"))), None),
    "sound zip, names in Greek": Case(content(packed(renamed("/a/", "/ψηφία/"))), None),
    "sound tar, long names": Case(content(tar(renamed("/a/", f"/{'a' * 300}/"))), None),
    "sound tar, names with ./": Case(
        content(tar({f"./{name}": of for name, of in FILES.items()})), None
    ),
    "sound tar, clutter of macOS": Case(
        content(tar(FILES | {"train/a/._0.png": b"Mac OS X"})), None
    ),
    "a tar of nothing": Case(content(tar({})), "train folders in none"),
    "a zip of nothing": Case(content(packed({})), "train folders in none"),
    "a tar cut in the middle": Case(content(TAR[:3000]), UNSOUND),
    "a tar without its end": Case(
        content(tar({"train/a/0.png": IMAGE})[:1024]), "no end marker after the last file"
    ),
    "a tar with a damaged header": Case(content(TAR[:1024] + b"x" + TAR[1025:]), UNSOUND),
    "a tar with letters behind": Case(content(TAR + b"letters" * 200), "no end marker"),
    "a tar of two": Case(content(TAR + TAR), "no end marker"),
    "a tar.gz cut in the checksum": Case(content(gzip.compress(TAR)[:-2]), UNSOUND),
    "a tar.gz with another checksum": Case(content(gzip.compress(TAR)[:-8] + bytes(8)), UNSOUND),
    "a tar.xz cut": Case(content(lzma.compress(TAR)[:-9]), UNSOUND),
    "a tar.bz2 cut": Case(content(bz2.compress(TAR)[:-9]), UNSOUND),
    "a zip cut in the middle": Case(
        content(ZIP[: len(ZIP) // 2]), "neither a folder nor a tar or zip"
    ),
    "a zip without its end": Case(content(ZIP[:-22]), "neither a folder nor a tar or zip file"),
    "a zip with a damaged entry": Case(content(ZIP[:50] + bytes(20) + ZIP[70:]), UNSOUND),
    "a 7z file": Case(
        content(b"7z\xbc\xaf\x27\x1c" + bytes(99)), "neither a folder nor a tar or zip"
    ),
    "a gzip of one image": Case(content(gzip.compress(IMAGE)), "neither a folder nor a tar or zip"),
    "a name of 2 GiB": Case(content(header(LONG, 2**31) + BLOCK), "2147483648 bytes"),
    "attributes of 2 GiB": Case(
        content(gzip.compress(header(PAX, 2**31) + BLOCK)), "2147483648 bytes in a header"
    ),
    "attributes of 1 MiB": Case(
        content(header(PAX, 2**20) + bytes(2**20)), "1048576 bytes in a header"
    ),
    "attributes of no text": Case(
        content(NO_TEXT), None if opens(NO_TEXT) else "neither a folder nor a tar or zip"
    ),
    "an attribute's size of -512": Case(
        content(attributes(size=-512) + header(tarfile.REGTYPE, 512, "train/a/9.png") + BLOCK),
        "-512 bytes in",
    ),
    "an attribute's size of no number": Case(content(attributes(size="nan") + TAR), UNSOUND),
    "a file of -512 bytes": Case(
        content(header(tarfile.REGTYPE, -512) + BLOCK), "-512 bytes in a header"
    ),
    "2000 names of a name": Case(
        content((header(LONG, 2) + b"ab".ljust(512, b"\0")) * 2000), "maximum recursion depth"
    ),
    "100 MB behind the end": Case(
        content(lambda: gzip.compress(TAR) + gzip.compress(bytes(10**6)) * 100),
        "bytes in 'what follows the last file'",
    ),
    "180 MB in 180 kB": Case(content(bomb), "bytes unpacked, expected a sound"),
    "a file of 2^60 bytes": Case(
        content(header(tarfile.REGTYPE, 2**60, "train/a/9.png")),
        "bytes unpacked, expected a sound",
    ),
    "140,000 folders in 11 kB": Case(
        content(lambda: lzma.compress(header(tarfile.DIRTYPE, 0, "train/a") * 140_000, preset=0)),
        "bytes unpacked, expected a sound",
        slow=True,
    ),
    "a map of holes": Case(
        content(header(tarfile.GNUTYPE_SPARSE, 512) + BLOCK), "a sparse file, expected"
    ),
    "a map of 50 million holes": Case(content(sparse), "a sparse file, expected a sound"),
    "a path above, in a tar": Case(content(tar({"../x.png": IMAGE})), INSIDE),
    "a path above, in a zip": Case(content(packed({"../x.png": IMAGE})), INSIDE),
    "a path up and down": Case(content(tar({"train/../../x.png": IMAGE})), INSIDE),
    "an absolute path, in a tar": Case(content(tar({"/etc/x.png": IMAGE})), INSIDE),
    "an absolute path, in a zip": Case(content(packed({"/etc/x.png": IMAGE})), INSIDE),
    "paths of Windows": Case(content(packed(renamed("/", "\\"))), "train folders in none"),
    "a link to a file outside": Case(content(link(tarfile.SYMTYPE, "/etc/passwd")), NO_LINK),
    "a link to an image": Case(content(link(tarfile.SYMTYPE, "0.png")), NO_LINK),
    "a hard link": Case(content(link(tarfile.LNKTYPE, "train/a/0.png")), NO_LINK),
    "a device in a tar": Case(content(link(tarfile.CHRTYPE, "")), NO_LINK),
    "a pipe in a tar": Case(content(link(tarfile.FIFOTYPE, "")), NO_LINK),
    "a link in a zip": Case(content(entry(external_attr=0o120777 << 16)), NO_LINK),
    "a file twice, in a tar": Case(
        content(tar({"train/a/0.png": IMAGE})[:1024] + TAR), "twice, expected each file once"
    ),
    "a file twice, by another spelling": Case(
        content(tar(FILES | {"train//a/./0.png": IMAGE})), "twice, expected each"
    ),
    "a file that is a folder too": Case(
        content(OPEN + header(tarfile.DIRTYPE, 0, "train/a/0.png") + BLOCK * 2),
        "train/a/0.png is out of place",
    ),
    "a zip that states too little": Case(lying_zip, "Bad CRC-32 for file 'train/a/9.png'"),
    "a zip packed by bzip2": Case(
        content(entry(compress_type=zipfile.ZIP_BZIP2)), "is packed by method 12"
    ),
    "a zip packed by LZMA": Case(
        content(entry(compress_type=zipfile.ZIP_LZMA)), "is packed by method 14"
    ),
    "an encrypted zip": Case(content(flagged(1)), "is encrypted, expected a plain file"),
    "a zip of patches": Case(content(flagged(0x20)), UNSOUND),
    "an image of zeros in a zip": Case(
        content(lambda: packed(FILES | {"train/a/9.png": bytes(2**26)})),
        "train/a/9.png: no image",
        slow=True,
    ),
}
