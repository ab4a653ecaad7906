"""How fast a call is: warm-up outside the clock, enough repeats, median and spread."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BATCH_SIZES = (1, 64, 1024)
WARMUP_CALLS = 2
FEWEST_REPEATS = 7
MOST_REPEATS = 200
SECONDS = 0.2
# A larger batch than these is not tried: it is hardly faster per image than the one before, though
# the first one may be much faster than single images (k-NN, whose vectors are read once a batch).
LONGEST_FIRST_SECONDS = 2.0
LONGEST_CALL_SECONDS = 0.25


class Timed(NamedTuple):
    """Seconds of the calls of one batch size.

    Attributes
    ----------
    batch_size : int
        Images a call.
    first, warmup : float
        The first call, which compiles; the next ones, not measured either.
    calls : float64 array
    """

    batch_size: int
    first: float
    warmup: float
    calls: NDArray[np.float64]

    @property
    def images_per_second(self) -> float:
        """At the median call."""
        return self.batch_size / float(np.median(self.calls))

    def columns(self) -> dict[str, float | int]:
        """Return the columns of a throughput row: the median, the 10th and 90th percentile."""
        fast, median, slow = np.percentile(self.calls, [10, 50, 90])
        return {
            "batch_size": self.batch_size,
            "images_per_second": self.batch_size / median,
            "images_per_second_low": self.batch_size / slow,
            "images_per_second_high": self.batch_size / fast,
            "latency_p50_ms": median * 1000,
            "compile_seconds": max(self.first - median, 0.0),
            "warmup_seconds": self.warmup,
        }


def measure(call: Callable[[], object], batch_size: int) -> Timed:
    """Time `call`, which handles `batch_size` images and returns when its result is there."""

    def seconds() -> float:
        begin = time.perf_counter()
        call()
        return time.perf_counter() - begin

    first = seconds()
    warmup = sum(seconds() for _ in range(WARMUP_CALLS))
    calls: list[float] = []
    while len(calls) < FEWEST_REPEATS or (sum(calls) < SECONDS and len(calls) < MOST_REPEATS):
        calls.append(seconds())
    return Timed(batch_size, first, warmup, np.array(calls))


def latency_and_best(
    predict: Callable[[NDArray[np.uint8]], object], images: NDArray[np.uint8]
) -> list[Timed]:
    """Time prediction image by image, and with the batch size that is fastest per image.

    Parameters
    ----------
    predict : callable
        From uint8 images [n, height, width, channels] to labels on the host.
    images : uint8 array [n, height, width, channels]
        Repeated where a batch is larger.

    Returns
    -------
    list of Timed
        Batch size 1 first, then the best of the others if it is faster.
    """
    timed: list[Timed] = []
    for batch_size in BATCH_SIZES:
        longest = LONGEST_CALL_SECONDS if len(timed) > 1 else LONGEST_FIRST_SECONDS
        if timed and batch_size / timed[-1].images_per_second > longest:
            break
        batch = images[np.arange(batch_size) % len(images)]
        timed.append(measure(partial(predict, batch), batch_size))
    best = max(timed, key=lambda one: one.images_per_second)
    return [timed[0]] if best is timed[0] else [timed[0], best]
