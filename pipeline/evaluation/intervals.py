"""How far an accuracy can be trusted, and when two of them differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, norm

CONFIDENCE = 0.95


def wilson(accuracy: float, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of a share of `n` images.

    `accuracy` may be a mean over seeds, so that `accuracy * n` need not be whole (Wilson 1927,
    Probable inference, the law of succession, and statistical inference).
    """
    z = norm.ppf((1 + CONFIDENCE) / 2)
    centre = (accuracy + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(accuracy * (1 - accuracy) / n + z**2 / (4 * n**2))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def mcnemar(right: NDArray[np.bool_], other_right: NDArray[np.bool_]) -> float:
    """Return the exact two-sided p value that two methods are equally often right.

    Parameters
    ----------
    right, other_right : bool array [n]
        Which images of the same test set each method classifies rightly (McNemar 1947).
    """
    only, only_other = int((right & ~other_right).sum()), int((other_right & ~right).sum())
    return min(1.0, 2 * float(binom.cdf(min(only, only_other), only + only_other, 0.5)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p values for their number, after Holm (1979): the family-wise error stays below."""
    order = np.argsort(p_values, kind="stable")
    factors = len(p_values) - np.arange(len(p_values))
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(np.asarray(p_values)[order] * factors), 1)
    return [float(p) for p in adjusted]
