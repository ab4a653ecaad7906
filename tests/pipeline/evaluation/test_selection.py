"""Choosing a setting."""

from __future__ import annotations

from pipeline.evaluation.selection import choose


def test_the_first_of_equal_settings_is_chosen():
    choice = choose([{"C": 0.1}, {"C": 1.0}, {"C": 10.0}], lambda: [0.8, 0.9, 0.9])
    assert choice.setting == {"C": 1.0}
    assert choice.accuracies == [0.8, 0.9, 0.9]


def test_a_single_setting_costs_nothing():
    def never() -> list[float]:
        raise AssertionError

    assert choose([{"C": 1.0}], never) == ({"C": 1.0}, [])
