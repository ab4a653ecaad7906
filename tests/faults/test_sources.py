"""Where sources may lie, and large images in bands; the corpus holds the sources that attack."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.ingest import photographs
from pipeline.ingest.sources import locate
from pipeline.stage.errors import UserError


@pytest.mark.parametrize("source", ["/data/x/pets.tar", "../../pets.tar", "a/../../../pets.tar"])
def test_nothing_is_fetched_to_outside_of_the_cache(
    source: str, cache: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HINDSIGHT_MIRROR", "http://127.0.0.1:9")
    with pytest.raises(UserError, match="not found"):
        locate(source, None)
    assert not cache.exists()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "CMYK", "I;16", "1"])
def test_bands_do_not_show(monkeypatch: pytest.MonkeyPatch, mode: str):
    noise = np.random.default_rng(0).integers(0, 256, (21, 13, 4), dtype=np.uint8)
    made = Image.fromarray(noise, "RGBA" if mode != "CMYK" else "CMYK")
    made = Image.fromarray(noise[..., 0].astype(np.uint16) * 255) if mode == "I;16" else made
    made = made if made.mode == mode else made.convert(mode)
    whole = photographs._as_rgb(made)
    monkeypatch.setattr(photographs, "_BAND", 40)
    np.testing.assert_array_equal(photographs._in_bands(made), whole)
