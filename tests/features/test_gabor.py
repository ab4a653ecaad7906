from __future__ import annotations

from math import cos, pi, sin
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import correlate
from skimage.filters import gabor_kernel

from features.gabor import Feature
from features.ops.gabor import constant_response, deviation, gabor_energy

Images = NDArray[np.uint8]


def grating(angle: float, wavelength: float, phase: float = 0.0, side: int = 32):
    """Return one image of a wave that runs from right to down by `angle`: uint8 [1, h, w, 1]."""
    row, column = np.mgrid[:side, :side]
    wave = np.cos(2 * pi * (column * cos(angle) + row * sin(angle)) / wavelength + phase)
    return np.rint(128 + 100 * wave).astype(np.uint8)[None, ..., None]


def energies(images: Images, **parameters: Any):
    """Return the responses as [n, wavelength, orientation, row, column]."""
    feature = Feature(**parameters)
    squares = images.shape[1] // feature.pool, images.shape[2] // feature.pool
    return feature.transform(images).reshape(
        len(images), feature.wavelengths, feature.orientations, *squares
    )


@pytest.mark.parametrize("wavelength", [3.0, 5.5])
def test_simple_cells_are_those_of_scikit_image(digits: Images, wavelength: float):
    image = (digits[0, ..., 0] / 255).astype(np.float32)
    spread = deviation(wavelength)
    energy = gabor_energy(image, wavelength, orientations=6)
    for k, ours in enumerate(energy):
        kernel = gabor_kernel(
            1 / wavelength, theta=pi * k / 6, sigma_x=spread, sigma_y=spread, n_stds=3
        )
        envelope = abs(kernel) / abs(kernel).sum()
        balanced = envelope * (np.exp(1j * np.angle(kernel)) - constant_response(wavelength))
        both = correlate(image, balanced.real), correlate(image, balanced.imag)
        np.testing.assert_allclose(ours, 2 * np.hypot(*both), atol=4e-3)


def test_the_bandwidth_is_one_and_a_half_octaves():
    # Half the response at the frequencies 0.75 octaves apart from the best one, on the average.
    spread = deviation(1.0)
    ends = [1 + sign * np.sqrt(2 * np.log(2)) / (2 * pi * spread) for sign in (-1, 1)]
    assert np.log2(ends[1] / ends[0]) == pytest.approx(1.5)


@pytest.mark.parametrize("k", range(8))
def test_a_turned_grating_moves_to_its_orientation(k: int):
    response = energies(grating(pi * k / 8, 4 * 2**0.5))[0, 1, :, 2:-2, 2:-2].mean(axis=(1, 2))
    assert response.argmax() == k
    assert response[(k + 4) % 8] < 0.1 * response[k]  # across it, silence


@pytest.mark.parametrize("step", [0, 1, 2])
def test_the_wavelength_that_fits_answers_most(step: int):
    response = energies(grating(0, 4 * 2 ** (step / 2), side=64))[0, :, 0, 4:-4, 4:-4]
    assert response.mean(axis=(1, 2)).argmax() == step


@pytest.mark.parametrize("phase", [0.0, 1.0, pi / 2, pi])
def test_a_complex_cell_answers_with_the_amplitude_whatever_the_phase(phase: float):
    response = energies(grating(0, 4.0, phase, side=48), pool=1)[0, 0, 0, 12:-12, 12:-12]
    np.testing.assert_allclose(response, 100 / 255, atol=0.02)


def test_even_light_leaves_it_silent():
    assert energies(np.full((1, 28, 28, 1), 200, np.uint8)).max() < 2e-3


def test_light_on_dark_equals_dark_on_light(digits: Images):
    np.testing.assert_allclose(energies(digits), energies(255 - digits), atol=2e-3)


def test_a_mirrored_image_mirrors_orientations_and_squares(digits: Images):
    response, mirrored = energies(digits), energies(digits[:, :, ::-1])
    back = mirrored[..., ::-1][:, :, -np.arange(8) % 8]
    np.testing.assert_allclose(back, response, atol=1e-5)


def test_squares_hold_the_mean(digits: Images):
    fine = energies(digits, pool=1).reshape(40, 3, 8, 7, 4, 7, 4)
    np.testing.assert_allclose(energies(digits, pool=4), fine.mean(axis=(4, 6)), atol=1e-6)


@pytest.mark.parametrize(("side", "length"), [(16, 384), (28, 1176), (32, 1536)])
def test_length(side: int, length: int):
    assert Feature().transform(np.zeros((2, side, side, 1), np.uint8)).shape == (2, length)


def test_multiply_accumulates_by_hand():
    # Deviation of the envelope for 4 pixels: 1.56, so 2 * 5 + 1 taps; 1 + 2 filters, 2 directions.
    feature = Feature(orientations=2, wavelengths=1, pool=4)
    assert feature.macs((9, 8, 3)) == 72 * (3 + 3 * 6 * 11 + 2 * 2) + 2 * 4 * 16


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"orientations": 0}, "orientations must be a whole number of at least 1, got 0"),
        ({"wavelengths": 1.5}, "wavelengths must be a whole number of at least 1, got 1.5"),
        ({"shortest": 1.9}, "shortest must be a number of at least 2, got 1.9"),
        ({"shortest": float("inf")}, "shortest must be a number of at least 2, got inf"),
        ({"pool": True}, "pool must be a whole number of at least 1, got True"),
    ],
)
def test_parameters_out_of_range(digits: Images, parameters: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=f"^gabor: {message}$"):
        Feature(**parameters).fit(digits)


def test_too_small():
    message = "gabor: images of at least 4x4 pixels are needed for one square of 4x4 pixels"
    with pytest.raises(ValueError, match=f"^{message}, got 4x3$"):
        Feature().fit(np.zeros((1, 4, 3, 1), np.uint8))


def test_each_wavelength_is_half_an_octave_longer(digits: Images):
    several = energies(digits[:3])
    for step in range(3):
        alone = energies(digits[:3], wavelengths=1, shortest=4 * 2 ** (step / 2))
        np.testing.assert_allclose(several[:, step], alone[:, 0], atol=1e-6)
