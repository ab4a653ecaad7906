"""The autoencoder: its arithmetic by hand, what it reproduces, what it fills in."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.exceptions import NotFittedError

from features.autoencoder import Feature

Images = NDArray[np.uint8]


@pytest.fixture(scope="module")
def trained(digits: Images):
    """An autoencoder that has seen 40 digits 200 times."""
    return Feature(code=8, hidden=64, epochs=200, learning_rate=0.01).fit(digits)


def error(images: NDArray[np.floating], digits: Images):
    return float(((images - digits / 255) ** 2).mean())


def test_both_ways_by_hand(trained: Feature, digits: Images):
    weights = trained.to_arrays()

    def layer(name: str, values: NDArray[np.float64]):
        return values @ weights[f"{name}.kernel"] + weights[f"{name}.bias"]

    pixels = digits.reshape(len(digits), -1) / 255
    codes = layer("encoder_code", expit(layer("encoder_hidden", pixels)))
    np.testing.assert_allclose(trained.transform(digits), codes, rtol=1e-4, atol=1e-4)
    drawn = expit(layer("decoder_pixels", expit(layer("decoder_hidden", codes))))
    reconstructed = trained.reconstruct(digits)
    assert reconstructed.shape == digits.shape
    assert reconstructed.dtype == np.float32
    np.testing.assert_allclose(reconstructed.reshape(len(digits), -1), drawn, atol=1e-4)


def test_it_reproduces_more_than_the_mean(trained: Feature, digits: Images):
    mean = (digits / 255).mean(axis=0)
    assert error(trained.reconstruct(digits), digits) < 0.3 * error(mean, digits)


def test_more_epochs_reproduce_more(digits: Images):
    short, long = (
        Feature(code=4, hidden=16, epochs=epochs).fit(digits).reconstruct(digits)
        for epochs in (2, 60)
    )
    assert error(long, digits) < error(short, digits)


def test_two_numbers_are_a_plane_to_draw_from(digits: Images):
    feature = Feature(code=2, hidden=16, epochs=2).fit(digits)
    assert feature.transform(digits).shape == (40, 2)
    plane = np.stack(np.meshgrid([-1, 0, 1], [-1, 1]), axis=-1).reshape(-1, 2).astype(np.float32)
    drawn = feature.decode(plane)
    assert drawn.shape == (6, 28, 28, 1)
    assert ((drawn > 0) & (drawn < 1)).all()


def test_a_missing_patch_is_filled_in(trained: Feature, digits: Images):
    missing = np.zeros((28, 28), dtype=bool)
    missing[10:18, 10:18] = True
    filled = trained.inpaint(digits, missing)
    known = np.where(missing[..., None], np.nan, digits / 255)
    means = np.where(np.isnan(known), np.nanmean(known, axis=(1, 2), keepdims=True), known)
    assert error(filled, digits) < 0.5 * error(means, digits)
    np.testing.assert_array_equal(filled[:, ~missing], (digits / np.float32(255))[:, ~missing])


def test_missing_pixels_are_not_looked_at(trained: Feature, digits: Images):
    missing = np.zeros(digits.shape[:3], dtype=bool)
    missing[::2, 5:12, 8:20] = True  # in every other image
    spoilt = np.where(missing[..., None], 255 - digits, digits)
    expected = trained.inpaint(digits, missing, iterations=3)
    assert trained.inpaint(spoilt, missing, iterations=3).tobytes() == expected.tobytes()


def test_an_image_without_known_pixels_is_refused(trained: Feature, digits: Images):
    with pytest.raises(ValueError, match=r"^autoencoder: some known pixels are needed"):
        trained.inpaint(digits, np.ones((28, 28), dtype=bool))


def test_counts_by_hand(trained: Feature):
    assert trained.parameters == 784 * 64 + 64 + 64 * 8 + 8
    assert Feature().macs((28, 28, 1)) == 784 * 256 + 256 * 32
    assert Feature(code=2, hidden=10).macs((32, 32, 3)) == 3072 * 10 + 10 * 2


def test_images_of_another_size_are_refused(trained: Feature):
    message = r"^autoencoder: images must be of .* size \[28, 28, 1\], got \[32, 32, 1\]$"
    with pytest.raises(ValueError, match=message):
        trained.transform(np.zeros((2, 32, 32, 1), np.uint8))


def test_layers_of_another_size_are_refused(trained: Feature):
    message = r"^autoencoder: layers must be of \[784, 64, 9\] units, got \[784, 64, 8\]$"
    with pytest.raises(ValueError, match=message):
        Feature(code=9, hidden=64).from_arrays(trained.to_arrays())


def test_nothing_is_known_before_the_fit(digits: Images):
    with pytest.raises(NotFittedError):
        Feature().transform(digits)
    with pytest.raises(NotFittedError):
        Feature().decode(np.zeros((1, 32), np.float32))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("code", 0),
        ("hidden", 1.5),
        ("epochs", 0),
        ("learning_rate", -0.1),
        ("random_state", -1),
    ],
)
def test_parameters_out_of_range(digits: Images, name: str, value: float):
    with pytest.raises(ValueError, match=rf"^autoencoder: {name} must be .* got {value!r}$"):
        Feature(**{name: value}).fit(digits)
