from __future__ import annotations

from pathlib import Path

import pytest
from zc.lockfile import LockFile

from pipeline import unlock

HALF = '{"write": {"/home/x/artif'
_OUTS = """\
    outs:
    - path: {name}
      hash: md5
      md5: d41d8cd98f00b204e9800998ecf8427e
      size: 0
"""
WHOLE = "schema: '2.0'\nstages:\n" + "".join(
    f"  {name}:\n    cmd: touch {name}\n{_OUTS.format(name=name)}"
    for name in ("first", "second", "third")
)
CONFLICT = WHOLE.replace("  second:\n", "<<<<<<< HEAD\n  second:\n=======\n  other:\n>>>>>>> b\n")


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


@pytest.mark.parametrize("file", [unlock.LIST, unlock.STAGES], ids=str)
def test_what_is_being_written_stays(file: Path):
    guard = LockFile(str(unlock.GUARDS[file]))
    file.write_text(HALF[:0])
    unlock.main()
    assert file.exists()
    guard.close()
    unlock.main()
    assert not file.exists()


def test_without_the_files_nothing_happens():
    unlock.main()
    assert list(unlock.LIST.parent.iterdir()) == []


def test_in_a_fresh_clone_nothing_happens(capsys: pytest.CaptureFixture[str]):
    unlock.LIST.parent.rmdir()
    unlock.STAGES.write_text(WHOLE)
    assert unlock.main() == 0
    assert capsys.readouterr().err == ""
    assert unlock.STAGES.read_text() == WHOLE


@pytest.mark.parametrize("end", range(len(WHOLE)))
def test_dvc_lock_broken_off_anywhere_keeps_the_stages_before(
    end: int, capsys: pytest.CaptureFixture[str]
):
    unlock.STAGES.write_text(WHOLE[:end])
    unlock.main()
    said = capsys.readouterr().err
    if not unlock.STAGES.exists():
        assert end < WHOLE.index("  second:")
        assert said == "dvc.lock: half written by a dvc that was killed; deleted\n"
        return
    text = unlock.STAGES.read_text()
    assert unlock.readable(text)
    assert WHOLE.startswith(text)
    assert text == WHOLE[:end] or WHOLE[len(text) :].startswith(("  second:", "  third:"))
    assert ("stages kept" in said) == (text != WHOLE[:end])
    unlock.main()
    assert unlock.STAGES.read_text() == text


@pytest.mark.parametrize("content", [WHOLE, CONFLICT, WHOLE.replace("second:", "second"), "[]"])
def test_what_is_not_broken_off_stays(content: str, capsys: pytest.CaptureFixture[str]):
    unlock.STAGES.write_text(content)
    unlock.main()
    assert unlock.STAGES.read_text() == content
    assert capsys.readouterr().err == ""
