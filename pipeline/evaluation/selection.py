"""Choosing a setting on the validation split, the same way for every method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Choice(NamedTuple):
    """The chosen setting, and the validation accuracy of every one."""

    setting: dict[str, Any]
    accuracies: list[float]


def choose(settings: Sequence[dict[str, Any]], validate: Callable[[], Sequence[float]]) -> Choice:
    """Take the setting with the highest validation accuracy, the first of equal ones.

    Where there is only one, `validate`, which measures the accuracies of all, is not called.
    """
    if len(settings) == 1:
        return Choice(settings[0], [])
    accuracies = list(validate())
    return Choice(settings[accuracies.index(max(accuracies))], accuracies)
