"""Can these methods be told apart? `python -m pipeline.pairs DATASET METHOD METHOD...`.

For every pair of the methods named: how many test images only one of the two classifies rightly,
the p value of the exact McNemar test of that, and the same adjusted by Holm over the pairs. All of
seed 0.
"""

from __future__ import annotations

import argparse
import itertools
from typing import TYPE_CHECKING

from pipeline.stage import paths
from pipeline.stage.entry import tool
from pipeline.stage.errors import UserError
from pipeline.stage.files import read_arrays

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def pairs(dataset: str, methods: list[str]) -> pd.DataFrame:
    """Return one row a pair.

    Parameters
    ----------
    dataset : str
        A folder in results/tables.
    methods : list of str
        At least two different rows of its table.

    Returns
    -------
    DataFrame
        Columns ``method``, ``other``, ``only method`` and ``only other`` (test images), ``p``,
        ``p, Holm``.

    Raises
    ------
    UserError
        The dataset or a method is not there, or no two methods are named.
    """
    import pandas as pd

    from pipeline.evaluation.intervals import holm, mcnemar

    right = _right(dataset, methods)
    both = list(itertools.combinations(right, 2))
    p_values = [mcnemar(right[one], right[other]) for one, other in both]
    return pd.DataFrame(
        {
            "method": [one for one, _ in both],
            "other": [other for _, other in both],
            "only method": [int((right[one] & ~right[other]).sum()) for one, other in both],
            "only other": [int((right[other] & ~right[one]).sum()) for one, other in both],
            "p": p_values,
            "p, Holm": holm(p_values),
        }
    )


def _right(dataset: str, methods: list[str]) -> dict[str, NDArray[np.bool_]]:
    """Read which test images each method classifies rightly."""
    from pipeline.evaluation.predictions import LABELS

    file = paths.TABLES / dataset / "predictions.npz"
    if not file.exists():
        there = ", ".join(
            sorted(path.parent.name for path in paths.TABLES.glob("*/predictions.npz"))
        )
        raise UserError(f"{file}: not found; expected one of the datasets {there}")
    classes = read_arrays(file)
    labels = classes.pop(LABELS)
    for method in methods:
        if method not in classes:
            raise UserError(f"{file}: has no {method}; expected one of {', '.join(classes)}")
    if len(set(methods)) < 2:
        raise UserError(f"found {', '.join(methods)}, expected at least two different methods")
    return {method: classes[method] == labels for method in methods}


@tool()
def main(words: list[str] | None = None) -> int:
    """Print the table; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.pairs", description="Can these methods be told apart?"
    )
    parser.add_argument("dataset", metavar="DATASET")
    parser.add_argument("methods", nargs="+", metavar="METHOD")
    chosen = parser.parse_args(words)
    found = pairs(chosen.dataset, chosen.methods)
    print(found.to_markdown(index=False, floatfmt=".2g"))
    if len(found) > 1:
        print(f"Holm over these {len(found)} pairs: the more methods are named, the larger is p.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
