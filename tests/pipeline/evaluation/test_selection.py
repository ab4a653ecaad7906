"""Choosing a setting."""

from __future__ import annotations

from pipeline.evaluation.selection import choose


def test_the_first_of_equal_settings_is_chosen():
    accuracies = {0.1: 0.8, 1.0: 0.9, 10.0: 0.9}
    choice = choose([{"C": C} for C in accuracies], lambda setting: accuracies[setting["C"]])
    assert choice.setting == {"C": 1.0}
    assert choice.accuracies == [0.8, 0.9, 0.9]


def test_a_single_setting_costs_nothing():
    def never(setting: dict[str, float]) -> float:
        raise AssertionError

    assert choose([{"C": 1.0}], never) == ({"C": 1.0}, [])


def test_a_method_without_options_has_one_setting():
    assert choose([{}], lambda setting: 0.0) == ({}, [])
