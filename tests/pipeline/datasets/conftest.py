"""A cache of its own for every test, and no mirror but the test's."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HINDSIGHT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HINDSIGHT_MIRROR", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every download fail at once, as without a network."""

    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("pooch.HTTPDownloader.__call__", refuse)
