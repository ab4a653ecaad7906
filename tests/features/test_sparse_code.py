"""Sparse codes: the whitening filter, the coder against scikit-learn, planted dictionaries."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.fft import idctn
from sklearn.decomposition import sparse_encode
from sklearn.exceptions import NotFittedError

from features import sparse_code
from features.ops.grey import grey_levels
from features.ops.sparse import SparseCoder, learn_dictionary
from features.ops.whitening import CUTOFF, whiten, whitening_filter
from features.sparse_code import Feature, quadrants

Images = NDArray[np.uint8]


def unit(atoms: NDArray[np.float32]):
    return atoms / np.linalg.norm(atoms, axis=1, keepdims=True)


def objective(patches: NDArray[np.float32], codes: NDArray[np.float32], coder: SparseCoder):
    error = ((patches - codes @ coder.dictionary) ** 2).sum() / 2
    return error + coder.penalty * np.abs(codes).sum()


@pytest.mark.parametrize(("down", "right"), [(0, 3), (5, 0), (4, 7), (11, 15)])
def test_a_wave_is_scaled_by_the_papers_spectrum(down: int, right: int):
    wave = np.zeros((1, 12, 16), dtype=np.float32)
    wave[0, down, right] = 1
    image = idctn(wave, axes=(1, 2), norm="ortho")
    frequency = np.hypot(down / 24, right / 32)  # cycles a pixel
    response = frequency * np.exp(-((frequency / (200 / 512)) ** 4))
    np.testing.assert_allclose(whiten(image), response * image, atol=1e-6)


def test_a_constant_image_vanishes():
    np.testing.assert_allclose(whiten(np.full((1, 9, 9), 0.7, dtype=np.float32)), 0, atol=1e-6)


def test_the_filter_peaks_where_its_derivative_is_zero():
    # d/df of f exp(-(f / f0)^4) is 0 at f0 / sqrt(2).
    line = whitening_filter(1, 4096)[0]
    assert line.argmax() / 8192 == pytest.approx(CUTOFF / np.sqrt(2), abs=1 / 8192)


def test_codes_of_an_orthonormal_dictionary_are_shrunk_products():
    rng = np.random.default_rng(0)
    atoms = np.linalg.qr(rng.normal(size=(16, 16)))[0].astype(np.float32)
    patches = rng.normal(size=(30, 16)).astype(np.float32)
    products = patches @ atoms.T
    expected = np.sign(products) * np.maximum(np.abs(products) - 0.5, 0)
    np.testing.assert_allclose(SparseCoder(atoms, 0.5, 3)(patches), expected, atol=1e-5)


def test_codes_are_those_of_scikit_learn():
    rng = np.random.default_rng(1)
    atoms = unit(rng.normal(size=(40, 20)).astype(np.float32))
    patches = rng.normal(size=(2, 15, 20)).astype(np.float32)
    codes = SparseCoder(atoms, 0.4, 5000)(patches)
    flat = patches.reshape(30, 20).astype(np.float64)
    theirs = sparse_encode(flat, atoms.astype(np.float64), algorithm="lasso_lars", alpha=0.4)
    np.testing.assert_allclose(codes.reshape(30, 40), theirs, atol=1e-3)
    assert 0 < np.count_nonzero(codes) < codes.size / 2


def test_the_features_iterations_come_close_to_the_minimum(digits: Images):
    feature = Feature(atoms=64).fit(digits)
    white = whiten(grey_levels(digits).astype(np.float32)) / feature.scale_
    patches = white[:, 8:16, 8:16].reshape(len(white), -1)
    atoms = feature.dictionary_.reshape(64, -1)
    found, best = (
        objective(patches, coder(patches), coder)
        for coder in (SparseCoder(atoms, 1.0, n) for n in (sparse_code.ITERATIONS, 1000))
    )
    assert best <= found < 1.05 * best


def test_a_planted_dictionary_is_found():
    rng = np.random.default_rng(2)
    planted = unit(rng.normal(size=(12, 16)).astype(np.float32))
    codes = rng.laplace(size=(20_000, 12)) * (rng.random((20_000, 12)) < 0.15)
    patches = (codes @ planted).astype(np.float32)
    options = {"iterations": 20, "batch": 200, "rate": 0.3, "random_state": 0}
    atoms = learn_dictionary(patches, 12, 0.3, **options)
    np.testing.assert_allclose(np.linalg.norm(atoms, axis=1), 1, rtol=1e-5)
    assert np.abs(planted @ atoms.T).max(axis=1).min() > 0.99


def test_quadrants_by_hand():
    even = quadrants(2, 4) * 2
    assert even.tolist() == [
        [1, 1, 0, 0, 0, 0, 0, 0],
        [0, 0, 1, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 1, 0, 0],
        [0, 0, 0, 0, 0, 0, 1, 1],
    ]
    odd = quadrants(3, 1) * 2  # the middle row belongs to both halves
    assert odd.tolist() == [[1, 1, 0], [1, 1, 0], [0, 1, 1], [0, 1, 1]]


def test_the_vector_is_that_of_codes_by_scikit_learn(
    digits: Images, monkeypatch: pytest.MonkeyPatch
):
    feature = Feature(atoms=20, stride=4).fit(digits)
    monkeypatch.setattr(sparse_code, "ITERATIONS", 1000)
    white = whiten(grey_levels(digits[:2]).astype(np.float32)) / feature.scale_
    atoms = feature.dictionary_.reshape(20, -1).astype(np.float64)
    for image, vector in zip(white, feature.transform(digits[:2]), strict=True):
        patches = [
            image[y : y + 8, x : x + 8].ravel() for y in range(0, 21, 4) for x in range(0, 21, 4)
        ]
        codes = sparse_encode(
            np.array(patches, dtype=np.float64), atoms, algorithm="lasso_lars", alpha=1.0
        ).reshape(6, 6, 20)
        parts = np.stack([np.maximum(codes, 0), np.maximum(-codes, 0)])
        halves = (slice(0, 3), slice(3, 6))
        expected = [parts[:, y, x].mean(axis=(1, 2)) for y in halves for x in halves]
        np.testing.assert_allclose(vector, np.ravel(expected), atol=1e-3)


def test_an_empty_quadrant_has_no_codes(digits: Images):
    feature = Feature().fit(digits)
    corner = np.zeros((1, 40, 40, 1), np.uint8)
    corner[0, 4:14, 4:14, 0] = digits[0, 9:19, 9:19, 0]
    quarters = feature.transform(corner).reshape(4, -1)
    assert quarters[0].max() > 0.01
    assert quarters[3].max() < 1e-4


def test_light_and_dark_exchange_the_parts(digits: Images):
    feature = Feature().fit(digits)
    parts = feature.transform(digits).reshape(-1, 4, 2, 128)
    inverted = feature.transform(255 - digits).reshape(-1, 4, 2, 128)
    np.testing.assert_allclose(inverted, parts[:, :, ::-1], atol=1e-4)


def test_multiply_accumulates_by_hand():
    filters = 28 * 28 * (2 * (28 + 28) + 1)
    coding = 11 * 11 * 128 * (64 + sparse_code.ITERATIONS * 128)
    pooling = 2 * 128 * 4 * 6 * 6
    assert Feature().macs((28, 28, 1)) == filters + coding + pooling
    assert Feature().macs((28, 28, 3)) == filters + coding + pooling + 28 * 28 * 3


def test_learned_numbers(digits: Images):
    assert Feature(atoms=10, patch=6).fit(digits).parameters == 10 * 6 * 6 + 1


def test_nothing_is_known_before_the_fit(digits: Images):
    with pytest.raises(NotFittedError):
        Feature().transform(digits)


def test_flat_images_teach_nothing():
    with pytest.raises(ValueError, match=r"^sparse_code: images with edges are needed, got flat"):
        Feature().fit(np.full((3, 9, 9, 1), 50, np.uint8))


def test_a_dictionary_of_another_size_is_refused(digits: Images):
    arrays = Feature(atoms=10).fit(digits[:5]).to_arrays()
    message = r"^sparse_code: dictionary must be \[12, 8, 8\], got \[10, 8, 8\]$"
    with pytest.raises(ValueError, match=message):
        Feature(atoms=12).from_arrays(arrays)


@pytest.mark.parametrize(
    ("name", "value"),
    [("patch", 1), ("stride", 0), ("atoms", 2.5), ("penalty", 0.0), ("random_state", -1)],
)
def test_parameters_out_of_range(digits: Images, name: str, value: float):
    with pytest.raises(ValueError, match=rf"^sparse_code: {name} must be .* got {value!r}$"):
        Feature(**{name: value}).fit(digits)


def test_too_small():
    message = r"^sparse_code: images of at least 8x8 pixels are needed for one patch .* got 7x9$"
    with pytest.raises(ValueError, match=message):
        Feature().fit(np.zeros((1, 7, 9, 1), np.uint8))
