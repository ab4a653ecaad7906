"""Two and more sides in turns, so that the machine's moods are shared, and the table of ratios."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline.stage import machine

Call = Callable[[], object]
COLUMNS = (
    *("case", "device", "ours", "peer", "theirs", "ratio", "ratio_low", "ratio_high"),
    *("unit", "machine"),
)
KEY = ("case", "device", "machine")  # a new row takes the place of one that is the same in these
SPINNING = 0.05  # seconds: one call of 5 ms was too short for PyTorch's threads to come to rest
RESULTS = Path(__file__).resolve().parents[1] / "results"


def seconds(call: Call) -> float:
    """Time one call."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def undisturbed(call: Call) -> float:
    """Time a call after others: threads of the side before may still wait actively for a while."""
    begin = time.perf_counter()
    while time.perf_counter() - begin < SPINNING:
        call()
    return seconds(call)


def rows(
    case: str,
    device: str,
    ours: Mapping[str, Call],
    peers: Mapping[str, Call],
    images: int,
    repeats: int = 9,
) -> list[list[str]]:
    """Measure all sides in turns; return a row for each of ours beside each peer.

    Parameters
    ----------
    case, device : str
    ours, peers : mapping from name to callable
        Each handles all images in a call. What a name of ours says is put behind the case.
    images : int
    repeats : int
        Turns, after two that are not counted.

    Returns
    -------
    list of rows of `COLUMNS`
        In images a second; a ratio above 1 means ours is faster.
    """
    calls = {**ours, **peers}
    for call in calls.values():
        seconds(call), seconds(call)
    taken = [{name: undisturbed(call) for name, call in calls.items()} for _ in range(repeats)]
    return [
        [
            *(f"{case}, {own}" if own else case, device),
            *ratio([one[own] for one in taken], peer, [one[peer] for one in taken], images),
        ]
        for own in ours
        for peer in peers
    ]


def ratio(
    ours: Sequence[float], peer: str, theirs: Sequence[float], images: int | None = None
) -> list[str]:
    """Lay out the seconds of two sides, turn by turn.

    Parameters
    ----------
    ours, theirs : sequences of float
        Seconds.
    peer : str
    images : int, optional
        That each call handles; without it the figures are seconds.

    Returns
    -------
    list of str
        The cells from ``ours`` on: medians, median ratio, its 10 and 90 %, unit, machine.
    """
    low, middle, high = np.percentile(np.array(theirs) / np.array(ours), [10, 50, 90])
    medians = [float(np.median(side)) for side in (ours, theirs)]
    figures = [_digits(images / one) if images else f"{one:.3g}" for one in medians]
    spread = [f"{value:.2f}" for value in (middle, low, high)]
    unit = "images/s" if images else "s"
    return [figures[0], peer, figures[1], *spread, unit, str(machine.description()["machine"])]


def _digits(speed: float) -> str:
    return f"{speed:.0f}" if speed >= 100 else f"{speed:.3g}"


def write(name: str, table: list[list[str]], columns: Sequence[str] = COLUMNS) -> None:
    """Write benchmarks/results/<name>.csv and print it."""
    file = RESULTS / f"{name}.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened, lineterminator="\n").writerows([columns, *table])
    print(file.read_text(encoding="utf-8"))


def read(name: str) -> list[list[str]]:
    """Read the rows of benchmarks/results/<name>.csv; none where there is no such file."""
    file = RESULTS / f"{name}.csv"
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.reader(opened))[1:]


def put(name: str, table: list[list[str]], columns: Sequence[str] = COLUMNS) -> None:
    """Write rows in place of those of the same `KEY`; others stay."""
    places = [place for place, column in enumerate(columns) if column in KEY]
    measured = [[row[place] for place in places] for row in table]
    kept = [row for row in read(name) if [row[place] for place in places] not in measured]
    write(name, kept + table, columns)


def cases(name: str, device: str) -> set[str]:
    """Return the cases of benchmarks/results/<name>.csv that this machine's device has run."""
    here = device, str(machine.description()["machine"])
    return {row[0] for row in read(name) if (row[1], row[-1]) == here}
