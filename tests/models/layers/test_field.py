"""Background around images."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from models.layers.field import centre, surround


def test_the_ground_is_the_darkest_value_of_each_image_and_channel():
    images = jnp.array([[[[-1.0, 5.0], [3.0, 2.0]]], [[[7.0, 4.0], [6.0, 9.0]]]])  # [2, 1, 2, 2]
    field = np.asarray(surround(images, (1, 0), (0, 2)))
    assert field.shape == (2, 2, 4, 2)
    np.testing.assert_array_equal(field[:, 1, :2], images[:, 0])
    for place, ground in enumerate([[-1, 2], [6, 4]]):
        around = np.concatenate([field[place, 0], field[place, 1, 2:]])
        np.testing.assert_array_equal(around, np.tile(ground, (6, 1)))


def test_strokes_at_the_border_end_there():
    stroke = jnp.array([[0.0, 0, 1, 0]] * 4)[None, ..., None]
    assert float(surround(stroke, (2, 2), (2, 2)).sum()) == 4


def test_an_image_lies_in_the_middle():
    images = np.arange(1, 16 * 13 + 1, dtype=np.float32).reshape(1, 16, 13, 1)
    field = np.asarray(centre(images, 28))
    assert field.shape == (1, 28, 28, 1)
    np.testing.assert_array_equal(field[:, 6:22, 7:20], images)
    assert (field == 1).sum() == 28 * 28 - 16 * 13 + 1


def test_larger_sides_stay():
    images = np.zeros((2, 40, 20, 3), np.float32)
    assert centre(images, 32).shape == (2, 40, 32, 3)
