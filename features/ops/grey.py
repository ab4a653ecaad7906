"""From colour to grey."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Luma of ITU-R BT.709 in ten-thousandths. As integers they sum to exactly 1, so that a grey image
# stored as colour yields the very same grey levels.
LUMA = np.array([2125, 7154, 721])


def grey_levels(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return grey levels from 0 (black) to 1 (white).

    Parameters
    ----------
    images : uint8 array [n, height, width, channels]
        One channel (grey) or three (red, green, blue).

    Returns
    -------
    float64 array [n, height, width]
        As ``skimage.color.rgb2gray`` computes them.
    """
    if images.shape[3] == 1:
        return images[..., 0] / 255
    return images @ LUMA / (255 * LUMA.sum())
