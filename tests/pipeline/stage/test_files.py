"""What passes between stages: whole files or none, the same bytes, no pickle."""

from __future__ import annotations

import errno
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest

from pipeline.stage import files
from pipeline.stage.errors import UserError

ARRAYS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array(True)}
WRITERS = {
    "text": lambda path: files.write_text(path, "Größe\n" * 10_000),
    "json": lambda path: files.write_json(path, {"text": "x" * 100_000}),
    "array": lambda path: files.write_array(path, np.zeros(100_000)),
    "arrays": lambda path: files.write_arrays(path, {"a": np.zeros(100_000)}),
}
Write = Callable[[Path], None]


def test_a_failure_in_the_middle_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    path = tmp_path / "file"
    files.write_text(path, "old")

    def fail_in_the_middle():
        with files.replacing(path) as file:
            file.write(b"new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_in_the_middle()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_until_all_is_written_the_old_file_is_there(tmp_path: Path):
    path = tmp_path / "file"
    files.write_text(path, "old")
    with files.replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_what_a_killed_run_left_is_overwritten(tmp_path: Path):
    (tmp_path / "file.part").write_text("half of a longer text")
    files.write_text(tmp_path / "file", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "new"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_full_disk_is_an_error_that_names_the_file(tmp_path: Path, write: Write):
    path = tmp_path / "folder" / "file"
    files.write_text(path, "old")
    path.with_name("file.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as caught:
        write(path)
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == str(path)
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_disk_that_fills_up_in_the_middle_is_the_same_error(tmp_path: Path, write: Write):
    resource = pytest.importorskip("resource", reason="this system has no such limits")
    path = tmp_path / "file"
    files.write_text(path, "old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            write(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.filename == str(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_the_same_content_is_the_same_bytes_at_any_time(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
):
    write(tmp_path / "now")
    monkeypatch.setattr(time, "time", lambda: 2e9)
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(2e9))
    write(tmp_path / "later")
    assert (tmp_path / "now").read_bytes() == (tmp_path / "later").read_bytes()


def test_arrays_survive(tmp_path: Path):
    files.write_arrays(tmp_path / "arrays.npz", ARRAYS)
    found = files.read_arrays(tmp_path / "arrays.npz")
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array, strict=True)


def test_archives_have_the_same_bytes_with_every_python(tmp_path: Path):
    files.write_arrays(tmp_path / "arrays.npz", ARRAYS)
    with ZipFile(tmp_path / "arrays.npz") as archive:
        members = archive.infolist()
    assert len(members) == len(ARRAYS)
    # 45 would be the form for 4 GiB and more, whose header has changed with Python 3.11.4.
    assert {(member.extract_version, member.date_time) for member in members} == {
        (20, (1980, 1, 1, 0, 0, 0))
    }


def test_no_arrays_at_all_survive(tmp_path: Path):
    files.write_arrays(tmp_path / "arrays.npz", {})
    assert files.read_arrays(tmp_path / "arrays.npz") == {}


@pytest.mark.parametrize("mmap", [False, True])
def test_an_array_survives(tmp_path: Path, mmap: bool):
    files.write_array(tmp_path / "array.npy", ARRAYS["a"])
    found = files.read_array(tmp_path / "array.npy", mmap=mmap)
    np.testing.assert_array_equal(found, ARRAYS["a"], strict=True)
    assert isinstance(found, np.memmap) == mmap
    assert found.flags.writeable != mmap


def test_json_keeps_order_and_letters_and_has_no_nan(tmp_path: Path):
    path = tmp_path / "file.json"
    files.write_json(path, {"b": 1, "a": "Größe"})
    assert path.read_bytes() == '{\n "b": 1,\n "a": "Größe"\n}\n'.encode()
    assert list(files.read_json(path)) == ["b", "a"]
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(path, {"b": float("nan")})
    assert files.read_json(path)["b"] == 1


def test_text_has_unix_line_ends(tmp_path: Path):
    files.write_text(tmp_path / "file", "a\nb\n")
    assert (tmp_path / "file").read_bytes() == b"a\nb\n"


@pytest.mark.parametrize(
    "write",
    [
        lambda path: files.write_array(path, np.array([{}])),
        lambda path: files.write_arrays(path, {"a": np.array([{}])}),
    ],
)
def test_no_pickle_is_written(tmp_path: Path, write: Write):
    with pytest.raises(ValueError, match="allow_pickle=False"):
        write(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


class Bomb:
    """An object that does something when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("a pickle was loaded",)


def pickled(path: Path):
    path.write_bytes(pickle.dumps(Bomb()))


def pickled_npy(path: Path):
    with path.open("wb") as file:
        np.save(file, np.array([Bomb()]), allow_pickle=True)


def pickled_npz(path: Path):
    with path.open("wb") as file:
        np.savez(file, a=np.array([Bomb()]))


@pytest.mark.parametrize(
    ("make", "read"),
    [
        (pickled, files.read_array),
        (pickled_npy, files.read_array),
        (pickled, files.read_arrays),
        (pickled_npz, files.read_arrays),
    ],
)
def test_no_pickle_is_read(tmp_path: Path, make: Write, read: Callable[[Path], Any]):
    make(tmp_path / "file")
    with pytest.raises(UserError, match=r"file: expected .*(pickled|allow_pickle=False)"):
        read(tmp_path / "file")


def empty(path: Path):
    path.touch()


def one_array(path: Path):
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


def half_an_archive(path: Path):
    files.write_arrays(path, {"a": np.zeros(100)})
    path.write_bytes(path.read_bytes()[:500])


def merge_conflict(path: Path):
    path.write_text("<<<<<<< HEAD\n{}\n=======\n")


@pytest.mark.parametrize(
    ("make", "read"),
    [
        (empty, files.read_json),
        (merge_conflict, files.read_json),
        (empty, files.read_array),
        (merge_conflict, files.read_array),
        (empty, files.read_arrays),
        (one_array, files.read_arrays),
        (half_an_archive, files.read_arrays),
    ],
)
def test_another_file_than_expected_is_named(
    tmp_path: Path, make: Write, read: Callable[[Path], Any]
):
    make(tmp_path / "file")
    with pytest.raises(UserError, match=r"file: expected "):
        read(tmp_path / "file")
