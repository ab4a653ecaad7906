"""Folders, tar files and zip files read alike, without unpacking them to disk.

Nothing outside of the archive can be reached by its names, links and devices are refused, and
what is unpacked is bounded.
"""

from __future__ import annotations

import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Self, cast

from pipeline.stage.errors import UserError

MAX_MEMBER_BYTES = 64 * 2**20
MAX_TOTAL_BYTES = 2**40  # ImageNet has 2**37
MAX_EXPANSION = 100  # of a tar file, beyond MAX_MEMBER_BYTES

_DEPTH = 4  # <top folder>/<split>/<class>/<image>
_CLUTTER = ("__MACOSX", "Thumbs.db", "desktop.ini")
_ATTRIBUTES = (
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
)
_MAX_NAME_BYTES = 2**16  # of a long name or other attributes, which tarfile reads at once
_SPARSE = "a sparse file"  # its map of holes may unpack to gigabytes
_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    RecursionError,
    ValueError,
)


@dataclass(frozen=True)
class Member:
    """A file or folder in an archive.

    Attributes
    ----------
    name : str
        Its path, with `/` between the parts.
    is_folder : bool
        Whether it is a folder.
    """

    name: str
    is_folder: bool

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the path."""
        return PurePosixPath(self.name).parts


class _Header(tarfile.TarInfo):
    """A header that is checked before anything is read that it announces."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        header = super().frombuf(buf, encoding, errors)
        too_long = header.type in _ATTRIBUTES and header.size > _MAX_NAME_BYTES
        if header.size < 0 or too_long:
            raise tarfile.TarError(f"{header.size} bytes in a header of type {header.type!r}")
        if header.type == tarfile.GNUTYPE_SPARSE:
            raise tarfile.TarError(_SPARSE)
        return header

    def _proc_gnusparse_10(self, *_: object) -> None:
        """Stand in for tarfile's, which reads a map of holes that ends where the file says."""
        raise tarfile.TarError(_SPARSE)


def check_archive(path: Path) -> None:
    """Refuse a file that is neither a tar nor a zip file."""
    with _damage_reported(path):
        if not (_is_tar(path) or zipfile.is_zipfile(path)):
            raise UserError(f"{path}: neither a folder nor a tar or zip file, expected one of them")


def list_members(path: Path) -> list[Member]:
    """List what a folder or an archive holds, hidden files left out.

    Parameters
    ----------
    path : Path
        A folder, of which four levels are read, or a tar file, compressed or not, or a zip file.

    Returns
    -------
    list of Member
        In no particular order.

    Raises
    ------
    UserError
        Where the archive is damaged, or a member is unsafe or too large.
    """
    members: dict[str, Member] = {}
    total = 0
    for name, n_bytes, is_folder in _entries(path):
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts:
            raise UserError(f"{path}: member {name!r}, expected a path that stays inside")
        if any(part.startswith(".") or part in _CLUTTER for part in pure.parts):
            continue
        total += n_bytes
        if n_bytes > MAX_MEMBER_BYTES or total > MAX_TOTAL_BYTES:
            raise UserError(
                f"{path}: {n_bytes} bytes in {name!r} and {total} in all so far, "
                f"expected at most {MAX_MEMBER_BYTES} and {MAX_TOTAL_BYTES}"
            )
        if str(pure) in members and not is_folder:
            raise UserError(f"{path}: {name!r} twice, expected each file once")
        members[str(pure)] = Member(str(pure), is_folder)
    return list(members.values())


def read_members(path: Path, wanted: Container[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the wanted files of a folder or archive, in the order in which they are stored.

    Parameters
    ----------
    path : Path
        A folder or archive that `list_members` accepted.
    wanted : container of str
        Names as `list_members` gave them.

    Yields
    ------
    name : str
    content : bytes
    """
    with _damage_reported(path):
        if path.is_dir():
            for name, _, _ in _folder_entries(path):
                if name in wanted:
                    yield name, (path / name).read_bytes()
        elif _is_tar(path):
            with tarfile.open(path, tarinfo=_Header) as tar:
                for info in _headers(tar):
                    name = str(PurePosixPath(info.name))
                    file = tar.extractfile(info) if name in wanted and info.isreg() else None
                    if file is not None:
                        yield name, file.read(_bounded(name, info.size))
        else:
            with zipfile.ZipFile(path) as archive:
                for entry in archive.infolist():
                    name = str(PurePosixPath(entry.filename))
                    if name in wanted:
                        # ZipFile.read would unpack all there is, whatever the entry states.
                        with archive.open(entry) as member:
                            yield name, member.read(_bounded(name, entry.file_size))


def _entries(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Yield name, bytes and whether it is a folder, for each entry of a folder or archive."""
    with _damage_reported(path):
        if path.is_dir():
            yield from _folder_entries(path)
            return
        check_archive(path)
        if _is_tar(path):
            yield from _tar_entries(path)
        else:
            yield from _zip_entries(path)


def _is_tar(path: Path) -> bool:
    """Do what tarfile.is_tarfile does, with headers that are checked."""
    try:
        with tarfile.open(path, tarinfo=_Header):
            return True
    except tarfile.ReadError:
        return False


def _bounded(name: str, n_bytes: int) -> int:
    if n_bytes > MAX_MEMBER_BYTES:
        raise tarfile.TarError(f"{n_bytes} bytes in {name!r}, at most {MAX_MEMBER_BYTES}")
    return n_bytes


def _folder_entries(path: Path) -> Iterator[tuple[str, int, bool]]:
    for depth in range(1, _DEPTH + 1):
        for entry in path.glob("/".join("*" * depth)):
            name, is_folder = entry.relative_to(path).as_posix(), entry.is_dir()
            if not is_folder and entry.exists() and not entry.is_file():  # reading it may not end
                raise UserError(f"{path}: {name!r} is a device, expected files and folders")
            yield name, 0 if is_folder else entry.stat().st_size, is_folder


def _headers(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Iterate over a tar file, which by itself keeps all it has read in memory."""
    while (info := tar.next()) is not None:
        tar.members.clear()  # type: ignore[attr-defined]  # in no stub
        yield info


def _tar_entries(path: Path) -> Iterator[tuple[str, int, bool]]:
    limit = MAX_EXPANSION * path.stat().st_size + MAX_MEMBER_BYTES
    with tarfile.open(path, tarinfo=_Header) as tar:
        for info in _headers(tar):
            if tar.offset > limit:
                raise tarfile.TarError(f"more than {limit} bytes unpacked")
            if not (info.isreg() or info.isdir()):
                raise UserError(
                    f"{path}: {info.name!r} is a link or device, expected files and folders"
                )
            if info.size < 0:  # of an attribute: tarfile would go back and never end
                raise tarfile.TarError(f"{info.size} bytes in {info.name!r}")
            yield info.name, info.size, info.isdir()
        _check_end(tar)


def _check_end(tar: tarfile.TarFile) -> None:
    """Refuse a tar file without its end marker.

    The standard library takes a damaged header for the end, and so would drop all that follows.
    Reading on also has gzip compare its checksum.
    """
    file = cast("IO[bytes]", tar.fileobj)
    file.seek(tar.offset)
    end = file.read(tarfile.BLOCKSIZE)
    n_bytes = 0
    while chunk := file.read(2**20):
        end = chunk if any(chunk) else end
        n_bytes += len(chunk)
        _bounded("what follows the last file", n_bytes)
    if len(end) < tarfile.BLOCKSIZE or any(end):
        raise tarfile.ReadError("no end marker after the last file")


def _zip_entries(path: Path) -> Iterator[tuple[str, int, bool]]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise UserError(
                    f"{path}: {info.filename!r} is a link or device, expected files and folders"
                )
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise UserError(
                    f"{path}: {info.filename!r} is packed by method {info.compress_type}, "
                    "expected stored or deflated"
                )
            if info.flag_bits & 1:
                raise UserError(f"{path}: {info.filename!r} is encrypted, expected a plain file")
            yield info.filename, info.file_size, info.is_dir()


@contextmanager
def _damage_reported(path: Path) -> Iterator[None]:
    try:
        yield
    except (*_DAMAGE, NotImplementedError) as error:  # the latter: a zip form unknown to Python
        found = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{path}: {found}, expected a sound folder, tar or zip file") from error
