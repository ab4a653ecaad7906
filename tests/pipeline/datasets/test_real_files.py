"""The real files, where HINDSIGHT_MIRROR names a folder that has them; the digits always."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.ingest.dataset import verify
from pipeline.stage import plugins

MIRROR = Path(os.environ.get("HINDSIGHT_MIRROR") or "/nonexistent").absolute()
SPLITS = {"usps": (7291, 2007), "mnist": (60000, 10000), "fashion_mnist": (60000, 10000)}
FOUND = [name for name in SPLITS if (MIRROR / name.replace("_", "-")).is_dir()]
# The mean of all training pixels, at 28x28, from the verified files.
MEANS = {"digits": 79.61, "usps": 65.60, "mnist": 33.32, "fashion_mnist": 72.94}


@pytest.mark.parametrize("name", ["digits", *FOUND])
def test_reader(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HINDSIGHT_MIRROR", str(MIRROR))
    dataset = plugins.load("datasets", name).read(28)
    verify(dataset, name, 28)
    n_images = (len(dataset.train_images), len(dataset.test_images))
    assert n_images == SPLITS.get(name, (1437, 360))
    assert dataset.train_images.mean() == pytest.approx(MEANS[name], abs=0.05)
    assert np.array_equal(np.unique(dataset.test_labels), np.arange(10))
