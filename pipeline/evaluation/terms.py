"""What the tables mean by "evaluated" and by "significant"."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

EVALUATED = {"ok", "unconverged"}  # statuses with scores to evaluate
SIGNIFICANT = 0.05


def among_the_best(accuracy: pd.DataFrame) -> pd.Series:
    """Mark the most accurate method and all that cannot be told from it."""
    return accuracy["accuracy"].notna() & ~(accuracy["p_vs_best"] < SIGNIFICANT)
