"""Images that look real, from what scikit-learn and scikit-image bring along."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data
from skimage.transform import resize
from sklearn.datasets import load_digits

Images = NDArray[np.uint8]


def tiles(photo: Images, side: int, count: int):
    """Cut the first `count` squares out of a photograph [h, w, c], row by row."""
    rows, columns = photo.shape[0] // side, photo.shape[1] // side
    squares = photo[: rows * side, : columns * side].reshape(rows, side, columns, side, -1)
    return squares.swapaxes(1, 2).reshape(rows * columns, side, side, -1)[:count]


@pytest.fixture(scope="session")
def digits():
    """Handwritten digits, uint8 [40, 28, 28, 1]."""
    images = load_digits().images[:40] / 16
    return np.rint(255 * resize(images, (40, 28, 28), order=1)).astype(np.uint8)[..., None]


@pytest.fixture(scope="session")
def photos():
    """Pieces of a colour photograph, uint8 [40, 32, 32, 3]."""
    return tiles(data.astronaut(), 32, 120)[40:80]


@pytest.fixture(scope="session")
def noise():
    """Every gradient there is, uint8 [20, 29, 31, 3]: sides that no cell or square divides."""
    return np.random.default_rng(0).integers(0, 256, (20, 29, 31, 3), dtype=np.uint8)


@pytest.fixture(params=["digits", "photos", "noise"])
def images(request: pytest.FixtureRequest):
    """Each of the three sets in turn."""
    return request.getfixturevalue(request.param)
