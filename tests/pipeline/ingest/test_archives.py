from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline.ingest import archives
from pipeline.ingest.archives import Member, list_members, read_members
from pipeline.stage.errors import UserError

Write = Callable[[Path, Mapping[str, bytes]], Path]

FILES = {
    f"train/{name}/{number}.png": f"{name}{number}".encode() * 300
    for name in "ab"
    for number in range(4)
}
SOURCES = ["folder", "a.tar", "a.tar.gz", "a.tgz", "a.zip"]


@pytest.mark.parametrize("name", SOURCES)
def test_sources_read_alike(tmp_path: Path, write_source: Write, name: str):
    path = write_source(tmp_path / name, FILES)
    assert {member.name for member in list_members(path) if not member.is_folder} == set(FILES)
    wanted = sorted(FILES)[2:5]
    assert dict(read_members(path, wanted)) == {file: FILES[file] for file in wanted}


def test_folders_are_listed(tmp_path: Path):
    (tmp_path / "train" / "empty").mkdir(parents=True)
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.add(tmp_path / "train", "./train")
    expected = {Member("train", True), Member("train/empty", True)}
    assert set(list_members(tmp_path / "a.tar")) == expected
    assert set(list_members(tmp_path)) == {*expected, Member("a.tar", False)}


@pytest.mark.parametrize("name", SOURCES)
def test_hidden_files_are_left_out(tmp_path: Path, write_source: Write, name: str):
    hidden = (
        "train/.DS_Store",
        "train/a/._0.png",
        "__MACOSX/train/a/0.png",
        ".git/x",
        "a/Thumbs.db",
    )
    path = write_source(tmp_path / name, FILES | dict.fromkeys(hidden, b"clutter"))
    assert {member.name for member in list_members(path) if not member.is_folder} == set(FILES)


def test_linked_folders_of_the_users_own_are_followed(tmp_path: Path, write_source: Write):
    write_source(tmp_path / "store", {"0.png": b"x"})
    (tmp_path / "set" / "train").mkdir(parents=True)
    (tmp_path / "set" / "train" / "a").symlink_to(tmp_path / "store")
    assert Member("train/a/0.png", False) in list_members(tmp_path / "set")


@pytest.mark.parametrize("name", ["a.tar.gz", "a.zip"])
@pytest.mark.parametrize("member", ["/etc/passwd", "../a.png", "train/../../a.png"])
def test_paths_that_lead_outside_are_refused(
    tmp_path: Path, write_source: Write, name: str, member: str
):
    path = write_source(tmp_path / name, FILES | {member: b"x"})
    with pytest.raises(UserError, match=f"{path}: member '{member}', expected a path that stays"):
        list_members(path)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path, kind: bytes):
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        info = tarfile.TarInfo("train/a/0.png")
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(UserError, match=r"'train/a/0.png' is a link or device"):
        list_members(tmp_path / "a.tar")


def test_links_in_a_zip_are_refused(tmp_path: Path):
    info = zipfile.ZipInfo("train/a/0.png")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(UserError, match=r"'train/a/0.png' is a link or device"):
        list_members(tmp_path / "a.zip")


def test_encrypted_zip_is_refused(tmp_path: Path, write_source: Write):
    path = write_source(tmp_path / "a.zip", {"a.png": b"x"})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag in the central directory
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"'a.png' is encrypted"):
        list_members(path)


@pytest.mark.parametrize("name", ["folder", "a.tar.gz", "a.zip"])
@pytest.mark.parametrize(("limit", "value"), [("MAX_MEMBER_BYTES", 500), ("MAX_TOTAL_BYTES", 2000)])
def test_size_is_bounded(
    tmp_path: Path,
    write_source: Write,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    limit: str,
    value: int,
):
    path = write_source(tmp_path / name, FILES)
    monkeypatch.setattr(archives, limit, value)
    with pytest.raises(UserError, match=rf"{path}: 600 bytes in .* expected at most"):
        list_members(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_file_that_comes_twice_is_refused(tmp_path: Path, kind: str):
    path = tmp_path / f"a.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.png", b"x")
            archive.writestr("a.png", b"y")
    else:
        with tarfile.open(path, "w") as tar:
            tar.addfile(tarfile.TarInfo("a.png"))
            tar.addfile(tarfile.TarInfo("./a.png"))
    with pytest.raises(UserError, match="twice, expected each file once"):
        list_members(path)


@pytest.mark.parametrize(
    "content", [b"", b"text", b"PK\x03\x04 not really", b"\x1f\x8b\x08 nor this"]
)
def test_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "a.tar.gz"
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"{path}: .*expected"):
        list_members(path)


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.zip"])
def test_truncation_anywhere_is_noticed(tmp_path: Path, write_source: Write, name: str):
    path = write_source(tmp_path / name, FILES)
    content = path.read_bytes()
    end = len(content) if name != "a.tar" else 8 * (512 + 1024)  # then zeros
    for kept in range(0, end, max(1, end // 60)):
        path.write_bytes(content[:kept])
        with pytest.raises(UserError, match=str(path)):
            list_members(path)


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.zip"])
def test_damage_to_a_file_is_noticed_or_harmless(tmp_path: Path, write_source: Write, name: str):
    path = write_source(tmp_path / name, FILES)
    content = path.read_bytes()
    end = content.find(b"PK\x01\x02") if name == "a.zip" else len(content)  # the directory of a zip
    for place in range(0, end, max(1, end // 80)):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        with suppress(UserError):
            found = [member.name for member in list_members(path) if not member.is_folder]
            # A damaged header must not pass for the end of the archive.
            assert len(dict(read_members(path, found))) == len(FILES)


def test_tar_without_its_end_marker_is_refused(tmp_path: Path):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("a.png"))
        (tmp_path / "a.tar").write_bytes(buffer.getvalue())
    with pytest.raises(UserError, match="no end marker"):
        list_members(tmp_path / "a.tar")
