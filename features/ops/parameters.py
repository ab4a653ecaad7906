"""Checks of a feature's parameters: one line that names it, what was found and what is allowed."""

from __future__ import annotations

import math
from collections.abc import Collection
from numbers import Integral, Real


def key(feature: object) -> str:
    """Return the name of a feature: that of the file it stands in."""
    return type(feature).__module__.rpartition(".")[2]


def check_count(feature: object, name: str, minimum: int = 1) -> None:
    """Raise a ValueError unless the parameter `name` is a whole number of at least `minimum`."""
    value = getattr(feature, name)
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or value < minimum:
        _refuse(feature, name, f"a whole number of at least {minimum}")


def check_positive(feature: object, name: str) -> None:
    """Raise a ValueError unless the parameter `name` is a finite number above 0."""
    value = getattr(feature, name)
    if not _finite(value) or value <= 0:
        _refuse(feature, name, "a number above 0")


def check_at_least(feature: object, name: str, minimum: float) -> None:
    """Raise a ValueError unless the parameter `name` is a finite number of at least `minimum`."""
    value = getattr(feature, name)
    if not _finite(value) or value < minimum:
        _refuse(feature, name, f"a number of at least {minimum:g}")


def check_choice(feature: object, name: str, choices: Collection[str]) -> None:
    """Raise a ValueError unless the parameter `name` is one of `choices`."""
    if getattr(feature, name) not in choices:
        _refuse(feature, name, f"one of {', '.join(choices)}")


def _finite(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _refuse(feature: object, name: str, expected: str) -> None:
    found = getattr(feature, name)
    raise ValueError(f"{key(feature)}: {name} must be {expected}, got {found!r}")
