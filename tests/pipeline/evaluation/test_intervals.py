"""Intervals and paired tests, against SciPy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from pipeline.evaluation.intervals import holm, mcnemar, wilson


@pytest.mark.parametrize(
    ("right", "n"), [(0, 1), (1, 1), (0, 360), (360, 360), (50, 100), (9905, 10_000), (1, 2007)]
)
def test_wilson_is_that_of_scipy(right: int, n: int):
    expected = binomtest(right, n).proportion_ci(0.95, method="wilson")
    np.testing.assert_allclose(wilson(right / n, n), expected, atol=1e-12)


def test_wilson_takes_a_mean_over_seeds():
    low, high = wilson(0.9501 / 3 + 2 * 0.9499 / 3, 10_000)
    assert 0.94 < low < 0.95 < high < 0.96


def marks(both: int, only: int, only_other: int, neither: int):
    counts = (both, only, only_other, neither)
    right = np.repeat([True, True, False, False], counts)
    return right, np.repeat([True, False, True, False], counts)


@pytest.mark.parametrize(
    ("only", "only_other"), [(1, 0), (0, 5), (5, 5), (6, 1), (3, 14), (200, 150)]
)
@pytest.mark.parametrize("agreeing", [0, 100])
def test_mcnemar_is_a_sign_test_of_the_disagreements(only: int, only_other: int, agreeing: int):
    expected = binomtest(only, only + only_other, 0.5).pvalue
    found = mcnemar(*marks(agreeing, only, only_other, agreeing))
    assert found == pytest.approx(expected, rel=1e-9)
    assert found == mcnemar(*marks(agreeing, only_other, only, agreeing))


def test_methods_that_never_disagree_do_not_differ():
    assert mcnemar(*marks(7, 0, 0, 3)) == 1


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        ([], []),
        ([0.04], [0.04]),
        # Four tests: 4 x 0.005, 3 x 0.01, 2 x 0.03, and 1 x 0.04, which may not fall below 0.06.
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.6, 0.7], [1.0, 1.0]),
        ([0.02, 0.02, 0.02], [0.06, 0.06, 0.06]),
    ],
)
def test_holm_by_hand(p_values: list[float], adjusted: list[float]):
    assert holm(p_values) == pytest.approx(adjusted)


def test_holm_leaves_no_value_smaller_and_keeps_the_order():
    p_values = np.random.default_rng(0).uniform(0, 0.2, 20)
    adjusted = np.array(holm(list(p_values)))
    assert (adjusted >= p_values).all()
    assert (np.diff(adjusted[p_values.argsort()]) >= 0).all()
