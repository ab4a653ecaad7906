from __future__ import annotations

import numpy as np
import pytest

from pipeline.datasets import digits
from pipeline.ingest.dataset import verify
from pipeline.stage.errors import UserError


@pytest.mark.parametrize("size", [8, 32])
def test_split_is_stratified_and_sound(size: int):
    dataset = digits.read(size)
    verify(dataset, "digits", size)
    assert (len(dataset.train_images), len(dataset.test_images)) == (1437, 360)
    assert set(np.bincount(dataset.test_labels)) <= {35, 36, 37}
    assert dataset.train_images.max() == 255


def test_no_image_is_in_both_splits():
    dataset = digits.read(8)
    train, test = (
        {image.tobytes() for image in images}
        for images in (dataset.train_images, dataset.test_images)
    )
    assert not train & test


def test_another_split_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(digits, "_SEED", 1)
    with pytest.raises(UserError, match=r"digits: sha256 .* with scikit-learn .*, expected"):
        digits.read(8)
