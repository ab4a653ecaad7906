from __future__ import annotations

from pathlib import Path

import pytest
from zc.lockfile import LockFile

from pipeline import unlock

HALF = '{"write": {"/home/x/artif'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    unlock.LIST.parent.mkdir(parents=True)


@pytest.mark.parametrize("content", ["", HALF, "\xff"])
def test_half_a_list_is_deleted(content: str, capsys: pytest.CaptureFixture[str]):
    unlock.LIST.write_text(content, encoding="latin-1")
    unlock.main()
    assert not unlock.LIST.exists()
    assert capsys.readouterr().err == (
        ".dvc/tmp/rwlock: half written by a dvc that was killed; deleted\n"
    )
    unlock.main()
    assert capsys.readouterr().err == ""


def test_a_whole_list_stays():
    unlock.LIST.write_text("{}")
    unlock.main()
    assert unlock.LIST.read_text() == "{}"


def test_a_list_that_is_being_written_stays():
    guard = LockFile(str(unlock.GUARD))
    unlock.LIST.write_text(HALF)
    unlock.main()
    assert unlock.LIST.read_text() == HALF
    guard.close()
    unlock.main()
    assert not unlock.LIST.exists()


def test_without_a_list_nothing_happens():
    unlock.main()
    assert list(unlock.LIST.parent.iterdir()) == []
