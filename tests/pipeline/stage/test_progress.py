"""Parts of a stage's work: the same bytes and seconds however often a run was stopped."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.stage import progress
from pipeline.stage.checkpoints import discard, folder
from pipeline.stage.progress import GrowingArray, Progress

ROWS = np.arange(70, dtype=np.float32).reshape(10, 7)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("rows", [ROWS, ROWS.T[:, :1], ROWS[:, 0].astype(np.int64)])
@pytest.mark.parametrize("stops", [(), (4,), (4, 8), (2, 4, 6, 8, 10)])
def test_a_growing_array_has_the_bytes_of_a_whole_one(rows: np.ndarray, stops: tuple[int, ...]):
    np.save("whole.npy", rows)
    growing = GrowingArray(Path("kept"), "part", len(rows))
    for begin in range(0, len(rows), 2):
        if begin in stops:
            with growing.file.open("ab") as file:
                file.write(b"written, not noted")
            growing = GrowingArray(Path("kept"), "part", len(rows))
            assert growing.rows == begin
        growing.append(rows[begin : begin + 2])
    assert growing.rows == len(rows)
    assert growing.file.read_bytes() == Path("whole.npy").read_bytes()


def test_rows_that_lie_otherwise_in_memory():
    np.save("whole.npy", np.ascontiguousarray(ROWS[:, ::2]))
    growing = GrowingArray(Path(), "part", len(ROWS))
    growing.append(np.asfortranarray(ROWS[:4, ::2]))
    growing.append(ROWS[4:, ::2])
    assert growing.file.read_bytes() == Path("whole.npy").read_bytes()


def test_without_its_file_nothing_is_done():
    growing = GrowingArray(Path(), "part", len(ROWS))
    growing.append(ROWS)
    growing.file.unlink()
    again = GrowingArray(Path(), "part", len(ROWS))
    assert (again.rows, again.seconds) == (0, 0)


def test_a_full_disk_names_the_file(monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array_header_1_0", fail)
    growing = GrowingArray(Path("kept"), "part", len(ROWS))
    with pytest.raises(OSError, match="No space left") as caught:
        growing.append(ROWS)
    assert caught.value.filename == "kept/part.npy"
    monkeypatch.undo()


def test_seconds_are_those_of_all_runs(monkeypatch: pytest.MonkeyPatch):
    clock = itertools.count(step=10)
    monkeypatch.setattr(progress.time, "perf_counter", lambda: float(next(clock)))
    first = Progress(Path(), "search")  # at 0
    assert first.done == {}
    first.save(accuracies=[0.5])  # at 10
    first.save(accuracies=[0.5, 0.6])  # at 20
    second = Progress(Path(), "search")  # at 30; what the first did after 20 is lost
    assert (second.done, second.seconds) == ({"accuracies": [0.5, 0.6]}, 20)
    second.save(accuracies=[0.5, 0.6, 0.7])  # at 40
    assert second.seconds == 30
    assert json.loads(Path("search.json").read_text("utf-8"))["seconds"] == 30


def test_a_stage_that_has_ended_leaves_nothing_of_its_own():
    code = [Path("code.py")]
    code[0].write_text("")
    old, new = (folder("digits-fit-raw-knn", {"C": C}, code) for C in (1, 2))
    other = folder("digits-fit-raw-knn_2", {}, code)
    for one in (old, new, other):
        Progress(one, "search").save()
    discard(new)
    assert [one.exists() for one in (old, new, other)] == [False, False, True]
