"""Distortions: what moves, by how much, and that every image has its own."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.training import augmentation
from models.training.augmentation import augment

KEY = jax.random.key(0)
KINDS = ("crop_flip", "planar", "elastic")


def squares(n: int = 8, side: int = 28, channels: int = 1):
    """The same bright square in the middle of every image."""
    image = np.zeros((side, side, channels), np.float32)
    image[side // 4 : -side // 4, side // 4 : -side // 4] = 1
    return jnp.asarray(np.repeat(image[None], n, axis=0))


def test_none_leaves_the_images_alone():
    images = squares()
    assert augment("none", images, KEY) is images


@pytest.mark.parametrize("kind", KINDS)
def test_every_image_and_every_key_has_its_own_distortion(kind: str):
    draw = jax.jit(partial(augment, kind, squares(4)))
    first, again, other = draw(KEY), draw(KEY), draw(jax.random.key(1))
    assert first.shape == (4, 28, 28, 1)
    assert first.dtype == jnp.float32
    np.testing.assert_array_equal(first, again)
    drawn = [image.tobytes() for image in np.asarray(jnp.concatenate([first, other]))]
    assert len(set(drawn)) > len(drawn) / 2  # of 162 crops two may be the same


@pytest.mark.parametrize("kind", KINDS)
def test_colours_of_a_pixel_stay_together(kind: str):
    images = squares(4, channels=3) * jnp.array([1.0, 2.0, -3.0])
    red, green, blue = jnp.moveaxis(augment(kind, images, KEY), -1, 0)
    np.testing.assert_allclose(green, 2 * red, atol=1e-6)
    np.testing.assert_allclose(blue, -3 * red, atol=1e-6)


def test_a_crop_is_a_shift_of_at_most_four_pixels_with_or_without_a_mirror():
    image = jax.random.uniform(KEY, (9, 7, 1))
    padded = np.pad(image, ((4, 4), (4, 4), (0, 0)))
    windows = [
        (top, left, mirror, padded[top : top + 9, left : left + 7][:, ::mirror])
        for top in range(9)
        for left in range(9)
        for mirror in (1, -1)
    ]
    found = set()
    for one in np.asarray(augment("crop_flip", jnp.repeat(image[None], 200, axis=0), KEY)):
        same = [where for *where, window in windows if np.array_equal(window, one)]
        assert len(same) == 1
        found.add(tuple(same[0]))
    assert {top for top, _, _ in found} == {left for _, left, _ in found} == set(range(9))
    assert {mirror for _, _, mirror in found} == {1, -1}


def test_a_planar_distortion_moves_the_middle_by_its_shift_at_most():
    image = np.zeros((29, 29, 1), np.float32)
    image[14, 14] = 1
    rows, columns = np.mgrid[:29, :29]
    drawn = np.asarray(augment("planar", jnp.repeat(jnp.asarray(image)[None], 64, axis=0), KEY))
    for one in drawn[..., 0]:
        place = np.array([(one * rows).sum(), (one * columns).sum()]) / one.sum()
        # A shift of the grid, seen through the scaling and the shear.
        assert np.abs(place - 14).max() < 29 * augmentation.SHIFT * 1.6 + 1
    assert 0.5 < drawn.sum((1, 2, 3)).mean() < 2


@pytest.mark.parametrize("kind", ["planar", "elastic"])
def test_a_flat_image_stays_flat_and_the_border_goes_on(kind: str):
    flat = jnp.full((4, 16, 16, 1), -0.42)
    np.testing.assert_allclose(augment(kind, flat, KEY), flat, atol=1e-6)


def test_a_displacement_is_smooth_and_of_the_papers_size():
    fields = jnp.stack([augmentation.displacement(key, 28, 28) for key in jax.random.split(KEY, 8)])
    neighbours = np.abs(np.diff(np.asarray(fields), axis=-1)).mean()
    assert neighbours < 0.35 * np.abs(np.asarray(fields)).mean()
    # Uniform noise of variance 1/3, averaged by a Gaussian in two dimensions.
    inside = np.asarray(fields)[..., 9:-9, 9:-9]
    expected = 34 * np.sqrt(1 / 3 / (4 * np.pi * 4.0**2))
    assert expected * 0.6 < inside.std() < expected * 1.5


def test_the_gaussian_sums_to_one_away_from_the_border():
    assert augmentation.gaussian(64, 4.0)[32].sum() == pytest.approx(1, abs=1e-5)


def test_a_planar_distortion_is_affine_within_its_limits():
    # Images that hold their own places tell where each pixel was taken from.
    places = jnp.stack(jnp.mgrid[:29, :29], axis=-1).astype(jnp.float32)
    distort = jax.jit(partial(augment, "planar"))
    taken = np.asarray(distort(jnp.repeat(places[None], 64, axis=0), KEY))[:, 10:19, 10:19]
    down, right = np.diff(taken, axis=1)[:, :, :-1], np.diff(taken, axis=2)[:, :-1]
    for steps in (down, right):
        np.testing.assert_allclose(steps, np.broadcast_to(steps[:, :1, :1], steps.shape), atol=1e-4)
    (height, shear), (lean, width) = down[:, 0, 0].T, right[:, 0, 0].T
    np.testing.assert_allclose(lean, 0, atol=1e-4)
    limits = (
        ((height + width) / 2 - 1, 0.12),  # scale
        ((height - width) / 2, 0.12),  # squeeze
        (shear, 0.2),
        (taken[:, 4, 4] - 14, 0.07 * 29),  # shift
    )
    for found, limit in limits:
        assert 0.8 * limit < np.abs(found).max() <= limit + 1e-4
