"""A cache of its own for every test, and no mirror but the test's."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_cache(cache: Path) -> None:
    """Every test has one."""


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every download fail at once, as without a network."""

    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("pooch.HTTPDownloader.__call__", refuse)
