"""The clock, with a clock of the test's own: each call says how long it took."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.evaluation import clock
from pipeline.evaluation.clock import Timed, latency_and_best, measure


class Clock:
    """A time that only calls of :meth:`spend` move on."""

    def __init__(self) -> None:
        self.now = 0.0

    def spend(self, seconds: float):
        self.now += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch):
    fake = Clock()
    monkeypatch.setattr(clock, "time", SimpleNamespace(perf_counter=lambda: fake.now))
    monkeypatch.setattr(clock, "BATCH_SIZES", (1, 16, 64, 1024))
    monkeypatch.setattr(clock, "SECONDS", 0.3)
    monkeypatch.setattr(clock, "LONGEST_FIRST_SECONDS", 3.0)
    monkeypatch.setattr(clock, "LONGEST_CALL_SECONDS", 3.0)
    return fake


def test_the_first_calls_are_not_measured(time: Clock):
    durations = iter([5.0, 3.0, 2.0, *[0.25] * 100])
    timed = measure(lambda: time.spend(next(durations)), 4)
    assert timed.first == 5
    assert timed.warmup == 5
    assert set(timed.calls) == {0.25}
    assert timed.images_per_second == 16


@pytest.mark.parametrize(
    ("seconds", "calls"),
    [(2.0, clock.FEWEST_REPEATS), (0.015625, 20), (0.0, clock.MOST_REPEATS)],
    ids=["slow", "until the time is over", "very fast"],
)
def test_how_often_a_call_is_repeated(time: Clock, seconds: float, calls: int):
    assert len(measure(lambda: time.spend(seconds), 1).calls) == calls


def test_columns():
    timed = Timed(10, first=1.5, warmup=0.75, calls=np.linspace(0.1, 0.9, 9) + 0.1)
    assert timed.columns() == pytest.approx(
        {
            "batch_size": 10,
            "images_per_second": 10 / 0.6,
            "images_per_second_low": 10 / 0.92,
            "images_per_second_high": 10 / 0.28,
            "latency_p50_ms": 600,
            "compile_seconds": 0.9,
            "warmup_seconds": 0.75,
        }
    )


def test_a_first_call_that_is_faster_compiled_nothing():
    assert Timed(1, first=0.1, warmup=0.4, calls=np.array([0.2])).columns()["compile_seconds"] == 0


@pytest.mark.parametrize(
    ("per_call", "sizes"),
    [(0.125, [1, 1024]), (0.0, [1])],
    ids=["a large batch shares the cost of a call", "no batch is faster than one image"],
)
def test_latency_and_the_fastest_batch(time: Clock, per_call: float, sizes: list[int]):
    def predict(batch: np.ndarray):
        assert batch.shape[1:] == (2, 3, 1)
        time.spend(per_call + 2**-13 * len(batch))

    timed = latency_and_best(predict, np.zeros((3, 2, 3, 1), np.uint8))
    assert [one.batch_size for one in timed] == sizes


def test_a_batch_is_not_tried_that_would_take_long(time: Clock):
    sizes = []

    def predict(batch: np.ndarray):
        sizes.append(len(batch))
        time.spend(0.0625 * len(batch) + 0.0625)

    timed = latency_and_best(predict, np.zeros((1, 2, 2, 1), np.uint8))
    assert set(sizes) == {1, 16}  # 64 images: 4.25 s as 16 took 1.0625
    assert [one.batch_size for one in timed] == [1, 16]


@pytest.mark.parametrize(("longest", "expected"), [(1.0, {1}), (3.0, {1, 16})])
def test_the_first_batch_has_a_limit_of_its_own(
    time: Clock, monkeypatch: pytest.MonkeyPatch, longest: float, expected: set[int]
):
    monkeypatch.setattr(clock, "LONGEST_FIRST_SECONDS", longest)
    monkeypatch.setattr(clock, "LONGEST_CALL_SECONDS", 0.5)
    sizes = set()

    def predict(batch: np.ndarray):
        sizes.add(len(batch))
        time.spend(0.125 * len(batch))

    latency_and_best(predict, np.zeros((1, 2, 2, 1), np.uint8))
    assert sizes == expected  # 16 images: 2 s; 64: 8 s


def test_images_are_repeated_to_fill_a_batch(time: Clock):
    images = np.arange(3, dtype=np.uint8).reshape(3, 1, 1, 1)
    batches = {}

    def predict(batch: np.ndarray):
        batches[len(batch)] = batch
        time.spend(0.125)

    latency_and_best(predict, images)
    np.testing.assert_array_equal(batches[16].ravel(), np.resize([0, 1, 2], 16))
