"""Say what differs between two sets of result tables: `python -m pipeline.compare [OLD] [NEW]`.

OLD and NEW are commits or folders of results; by default the last commit and the work tree. Exit
code 0: nothing differs, 1: something does, 2: an error.
"""

from __future__ import annotations

import argparse
import math
import sys
from typing import TYPE_CHECKING

from pipeline.stage.entry import tool

if TYPE_CHECKING:
    import pandas as pd

SAME, DIFFERENT, ERROR = 0, 1, 2


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.compare",
        description="What differs between two sets of result tables, and whether by chance.",
        epilog="Exit code 0: nothing differs; 1: something does; 2: an error.",
    )
    parser.add_argument("old", nargs="?", default="HEAD", help="commit or folder (default: HEAD)")
    parser.add_argument("new", nargs="?", help="commit or folder (default: the work tree)")
    parser.add_argument("--format", choices=["terminal", "markdown", "csv", "json"])
    parser.add_argument(
        "--fail-on-regression",
        type=points,
        metavar="POINTS",
        help="exit with 1 only if a method is gone or less accurate by more than so many points",
    )
    return parser.parse_args(words)


def points(word: str) -> float:
    """Read how many points of accuracy may be lost.

    Raises
    ------
    ValueError
        Nothing is ever worse by that.
    """
    value = float(word)
    if not 0 <= value < math.inf:
        raise ValueError(word)
    return value


def exit_code(differences: pd.DataFrame, allowed: float | None) -> int:
    """Tell whether anything differs, or whether anything lost more than the points `allowed`."""
    if allowed is None:
        return DIFFERENT if len(differences) else SAME
    gone = (differences["change"] == "removed") | (
        differences["accuracy_before"].notna() & differences["accuracy_after"].isna()
    )
    # To the tables' last digit: .97 - .975 is a little less than -.005.
    worse = differences["difference"].astype(float).round(6) < -allowed / 100
    return DIFFERENT if (gone | worse).any() else SAME


@tool(failed=ERROR)
def main(words: list[str] | None = None) -> int:
    """Compare, print, and return the exit code."""
    chosen = arguments(words)
    # After the command line was read: pandas takes half a second.
    from pipeline.comparison import results, show
    from pipeline.comparison.differences import compare

    with results.at(chosen.old) as old, results.at(chosen.new) as new:
        differences = compare(results.read(old), results.read(new))
    if chosen.format in (None, "terminal"):
        from rich.console import Console

        show.terminal(differences, Console())
    else:
        write = {"markdown": show.markdown, "csv": show.as_csv, "json": show.as_json}
        sys.stdout.write(write[chosen.format](differences))
    return exit_code(differences, chosen.fail_on_regression)


if __name__ == "__main__":
    raise SystemExit(main())
