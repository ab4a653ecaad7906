from __future__ import annotations

import errno
import hashlib
import shutil
from pathlib import Path

import pytest

from pipeline.ingest import download
from pipeline.ingest.download import cache_folder, checksum_check, fetch
from pipeline.stage.errors import UserError

CONTENT = b"the file that was wanted"
SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
CHECK = checksum_check(SHA256)


def make_mirror(folder: Path, content: bytes = CONTENT) -> Path:
    (folder / "set").mkdir(parents=True)
    (folder / "set" / "file.gz").write_bytes(content)
    return folder


def test_cached_file_needs_no_source(cache: Path):
    cached = make_mirror(cache) / "set" / "file.gz"
    assert fetch("set", "file.gz", [], CHECK) == cached


def test_folder_mirror_comes_before_the_public_ones(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HINDSIGHT_MIRROR", str(make_mirror(tmp_path / "mirror")))
    path = fetch("set", "file.gz", ["http://127.0.0.1:9/file.gz"], CHECK)
    assert path == cache / "set" / "file.gz"
    assert path.read_bytes() == CONTENT


def test_relative_mirror_and_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    make_mirror(tmp_path / "mirror")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HINDSIGHT_MIRROR", "mirror")
    monkeypatch.setenv("HINDSIGHT_CACHE", "kept")
    assert fetch("set", "file.gz", [], CHECK) == tmp_path / "kept" / "set" / "file.gz"


def test_url_mirror(server: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HINDSIGHT_MIRROR", f"{server}/good/")
    assert fetch("set", "file.gz", [], CHECK).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("403", "HTTP status 403"),
        ("503", "HTTP status 503"),
        ("page", "a web page with sha256"),
        ("truncated", "ChunkedEncodingError"),
        ("silent", "ReadTimeout"),
    ],
)
def test_failing_mirror_is_reported_and_the_next_one_used(
    server: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    behaviour: str,
    reason: str,
):
    monkeypatch.setattr(download, "_TIMEOUT", 0.2 if behaviour == "silent" else 5)
    monkeypatch.setenv("HINDSIGHT_MIRROR", f"{server}/{behaviour}")
    path = fetch("set", "file.gz", [f"{server}/good/file.gz"], CHECK)
    assert path.read_bytes() == CONTENT
    output = capsys.readouterr()
    assert output.err.startswith(f"{server}/{behaviour}/set/file.gz: {reason}")
    assert output.err.count("\n") == 1
    assert output.out == ""


def test_mirror_with_another_file_falls_through(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("HINDSIGHT_MIRROR", str(make_mirror(tmp_path / "mirror", b"another")))
    assert fetch("set", "file.gz", [f"{server}/good"], CHECK).read_bytes() == CONTENT
    assert "file.gz: 7 bytes with sha256" in capsys.readouterr().err


def test_wrong_cached_file_is_replaced(cache: Path, server: str):
    make_mirror(cache, b"another")
    assert fetch("set", "file.gz", [f"{server}/good"], CHECK).read_bytes() == CONTENT


def test_without_any_source_one_line_says_what_to_do(
    cache: Path, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HINDSIGHT_MIRROR", str(tmp_path / "nowhere"))
    urls = [f"{server}/403/file.gz", "http://127.0.0.1:9/file.gz"]
    with pytest.raises(UserError) as caught:
        fetch("set", "file.gz", urls, CHECK)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("set/file.gz: not to be had")
    for part in (
        f"{tmp_path}/nowhere/set/file.gz: No such file or directory",
        f"{server}/403/file.gz: HTTP status 403",
        "http://127.0.0.1:9/file.gz: ConnectionError",
        "set HINDSIGHT_MIRROR to a folder or URL that holds set/file.gz",
    ):
        assert part in message
    assert list((cache / "set").iterdir()) == []


def test_wrong_cached_file_is_named_and_kept_from_use(cache: Path):
    cached = make_mirror(cache, b"another") / "set" / "file.gz"
    with pytest.raises(UserError, match=f"{cached}: 7 bytes with sha256"):
        fetch("set", "file.gz", [], CHECK)


def test_full_disk_is_no_fault_of_the_mirror(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fill(source: Path, target: Path) -> None:
        target.write_bytes(b"hal")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setenv("HINDSIGHT_MIRROR", str(make_mirror(tmp_path / "mirror")))
    monkeypatch.setattr(shutil, "copyfile", fill)
    with pytest.raises(UserError, match=f"{cache}/set: cannot be written .No space left"):
        fetch("set", "file.gz", ["http://127.0.0.1:9/file.gz"], CHECK)
    assert list((cache / "set").iterdir()) == []


def test_cache_that_cannot_be_written(cache: Path):
    cache.write_text("a file where the folder should be")
    with pytest.raises(UserError, match=f"{cache}/set: cannot be written .Not a directory"):
        fetch("set", "file.gz", [], CHECK)


def test_default_cache(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("HINDSIGHT_CACHE")
    assert cache_folder().is_absolute()
    assert "hindsight" in str(cache_folder())


@pytest.mark.parametrize("checksum", ["", "abc", "md5:abc", "crc:" + "0" * 32, "md5:" + "0" * 64])
def test_checksum_of_another_form(checksum: str):
    with pytest.raises(UserError, match="expected md5:"):
        checksum_check(checksum)


def test_checksums_may_be_written_in_capitals(tmp_path: Path):
    path = tmp_path / "file.gz"
    path.write_bytes(CONTENT)
    checksum_check(SHA256.upper())(path)
