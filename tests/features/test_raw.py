from __future__ import annotations

import numpy as np
import pytest

from features.raw import Feature


def test_pixels_row_by_row_channels_last():
    image = np.arange(2 * 2 * 3, dtype=np.uint8).reshape(1, 2, 2, 3)
    np.testing.assert_allclose(Feature().transform(image), [np.arange(12) / 255], rtol=1e-6)


def test_full_scale_is_one():
    assert Feature().transform(np.full((1, 1, 1, 1), 255, np.uint8)) == 1


@pytest.mark.parametrize(("shape", "length"), [((28, 28, 1), 784), ((32, 32, 3), 3072)])
def test_length(shape: tuple[int, ...], length: int):
    assert Feature().transform(np.zeros((2, *shape), np.uint8)).shape == (2, length)


def test_no_multiply_accumulates():
    assert Feature().macs((28, 28, 1)) == 0


def test_unknown_arrays_are_refused():
    with pytest.raises(ValueError, match=r"^raw: learns no arrays, got codebook$"):
        Feature().from_arrays({"codebook": np.zeros(3)})
