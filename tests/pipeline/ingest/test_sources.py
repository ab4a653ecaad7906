from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipeline.ingest.sources import locate
from pipeline.stage.errors import UserError

Write = Callable[[Path, Mapping[str, bytes]], Path]

FILES = {"train/a/0.png": b"x"}


@pytest.fixture
def archive(tmp_path: Path, write_source: Write):
    (tmp_path / "mirror" / "pets").mkdir(parents=True)
    return write_source(tmp_path / "mirror" / "pets" / "pets.tar.gz", FILES)


def sha256(path: Path):
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def test_absolute_relative_and_mirrored_paths(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert locate(str(archive), None) == archive
    monkeypatch.chdir(tmp_path)
    assert locate("mirror/pets/pets.tar.gz", sha256(archive)) == archive
    assert locate("mirror/pets", None) == archive.parent
    monkeypatch.setenv("HINDSIGHT_MIRROR", "mirror")
    assert locate("pets/pets.tar.gz", sha256(archive)) == archive


def test_wrong_checksum_of_a_local_archive(archive: Path):
    with pytest.raises(UserError, match=f"{archive}: .* bytes with md5 .*, expected md5 000"):
        locate(str(archive), "md5:" + "0" * 32)


def test_checksum_of_a_folder(archive: Path):
    with pytest.raises(UserError, match="checksum: given for the folder"):
        locate(str(archive.parent), "md5:" + "0" * 32)


def test_nothing_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HINDSIGHT_MIRROR", str(tmp_path))
    with pytest.raises(UserError, match=rf"source 'pets': not found \(tried .*, {tmp_path}/pets\)"):
        locate("pets", None)


def test_url_is_mirrored_under_its_host_and_path(
    archive: Path,
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    (tmp_path / "mirror" / "example.org").mkdir()
    archive.parent.rename(tmp_path / "mirror" / "example.org" / "pets")
    monkeypatch.setenv("HINDSIGHT_MIRROR", str(tmp_path / "mirror"))
    path = locate("https://example.org/pets/pets.tar.gz", None)
    assert path == cache / "example.org" / "pets" / "pets.tar.gz"
    assert f"add checksum: {sha256(path)}" in capsys.readouterr().err
    locate("https://example.org/pets/pets.tar.gz", sha256(path))
    assert capsys.readouterr().err == ""


def test_url_that_answers_with_a_page(cache: Path, server: str):
    with pytest.raises(UserError, match="neither a folder nor a tar or zip file"):
        locate(f"{server}/page/pets.tar.gz", None)
    assert not list(cache.rglob("*.gz"))


def test_path_in_a_mirror_that_is_a_url(server: str, monkeypatch: pytest.MonkeyPatch, cache: Path):
    monkeypatch.setenv("HINDSIGHT_MIRROR", f"{server}/good")
    content = hashlib.sha256(b"the file that was wanted").hexdigest()
    assert locate("pets/pets.tar.gz", f"sha256:{content}") == cache / "pets" / "pets.tar.gz"


@pytest.mark.parametrize(
    "url",
    [
        "https://",
        "https://example.org",
        "https:///a.tar",
        "https://e.org/../../a",
        "http://e.org/a?b",
    ],
)
def test_url_without_a_plain_path(url: str):
    with pytest.raises(UserError, match="expected https://<host>/<path>/<archive>"):
        locate(url, None)
