from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from pipeline.ingest.dataset import Dataset, verify, verify_class_counts
from pipeline.stage.errors import UserError

SIZE = 4


def images(n: int, size: int = SIZE, channels: int = 1):
    return np.zeros((n, size, size, channels), np.uint8)


GOOD = Dataset(images(4), np.array([0, 0, 1, 1]), images(2), np.array([0, 1]), ("ant", "cat"))


@pytest.mark.parametrize("channels", [1, 3])
def test_sound_dataset_passes(channels: int):
    verify(
        dataclasses.replace(
            GOOD,
            train_images=images(4, channels=channels),
            test_images=images(2, channels=channels),
        ),
        "pets",
        SIZE,
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train_images": images(3)}, "3 training images and 4 labels"),
        ({"test_labels": np.array([0, 1, 1])}, "2 test images and 3 labels"),
        ({"train_labels": np.array([0, 0, 1, 2])}, "training labels from 0 to 2, expected 0 to 1"),
        ({"test_labels": np.array([-1, 1])}, "test labels from -1 to 1, expected 0 to 1"),
        ({"class_names": ("ant",)}, "1 class, expected at least 2"),
        ({"class_names": tuple("abcdefg")}, "6 images of 7 classes"),
        ({"class_names": tuple("abc")}, "0 training images of class 'c', expected at least 2"),
        ({"train_labels": np.array([0, 0, 0, 1])}, "1 training images of class 'cat'"),
        ({"test_images": images(0), "test_labels": np.array([], int)}, "no test images"),
        ({"test_images": images(2, size=5)}, r"test images are uint8 \[2, 5, 5, 1\], expected"),
        ({"test_images": images(2, channels=3)}, r"test images are uint8 \[2, 4, 4, 3\]"),
        ({"train_images": images(4, channels=2)}, "images of 2 channels, expected 1 or 3"),
        ({"train_images": images(4).astype(float)}, "training images are float64"),
        ({"test_labels": np.array([0, 1], np.uint8)}, "test labels are uint8"),
    ],
)
def test_unsound_dataset_is_refused_in_one_line(change: dict[str, Any], message: str):
    with pytest.raises(UserError, match=f"^pets: {message}") as caught:
        verify(dataclasses.replace(GOOD, **change), "pets", SIZE)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "message"),
    [([0, 0, 1], r"\(2, 1\) images a class, expected \(2, 2\)"), ([0, 2], "labels from 0 to 2")],
)
def test_another_histogram_is_refused(labels: list[int], message: str):
    with pytest.raises(UserError, match=message):
        verify_class_counts(np.array(labels), (2, 2), "labels.gz")
