"""What a timing row says of its machine."""

from __future__ import annotations

import numpy as np
import psutil
import pytest

from pipeline.stage import machine


def test_a_machine_is_described_in_full(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HINDSIGHT_THREADS", "7")
    found = machine.description()
    assert list(found) == ["machine", "threads", "versions"]
    assert found["threads"] == 7
    assert " cores, " in found["machine"]
    assert machine.processor() in found["machine"]
    assert f"numpy {np.__version__}" in found["versions"].split("; ")


def test_peak_memory_is_in_mib():
    now = psutil.Process().memory_info().rss / 2**20
    assert 0.9 * now < machine.peak_memory_mib() < psutil.virtual_memory().total / 2**20
