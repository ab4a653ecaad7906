"""The field around an image: where it lies, and what is outside it."""

from __future__ import annotations

import numpy as np
import pytest

from models.layers.field import centre, surround


def test_small_images_lie_in_the_middle_of_the_field():
    images = np.arange(1, 28 * 27 + 1, dtype=np.float32).reshape(1, 28, 27, 1)
    field = np.asarray(centre(images, 32))
    assert field.shape == (1, 32, 32, 1)
    np.testing.assert_allclose(field[:, 2:30, 2:29], images)
    outside = np.ones(field.shape, bool)
    outside[:, 2:30, 2:29] = False
    np.testing.assert_array_equal(field[outside], 1)


def test_large_images_stay_as_they_are():
    images = np.random.default_rng(0).normal(size=(2, 40, 33, 3)).astype(np.float32)
    np.testing.assert_allclose(centre(images, 32), images, rtol=1e-6, atol=1e-6)


def test_every_image_and_channel_has_its_own_ground():
    images = np.random.default_rng(0).normal(size=(4, 5, 6, 3)).astype(np.float32)
    field = np.asarray(surround(images, (1, 2), (3, 0)))
    assert field.shape == (4, 8, 9, 3)
    np.testing.assert_allclose(field[:, 1:6, 3:], images, rtol=1e-6, atol=1e-6)
    assert field[:, -1, 4] == pytest.approx(images.min((1, 2)), abs=1e-6)
