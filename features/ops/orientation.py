"""Votes for the orientation of the gradient, looked up in a table.

Differences of 8-bit pixels are whole numbers from -255 to 255, so there are only 511 x 511
different gradients: their magnitudes and angles are computed once, in double precision, and
not per pixel.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

LARGEST = 255
STEPS = 2 * LARGEST + 1


def gradient_codes(images: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Find the row of `vote_table` for the gradient at every pixel.

    The gradient is the central difference (-1, 0, 1) without smoothing, which Dalal and Triggs
    found best; in the outermost rows and columns its component across the border is 0. Of the
    three gradients of a colour pixel the largest counts, the first one among equals.

    Parameters
    ----------
    images : uint8 array [n, height, width, channels]
        Any number of channels.

    Returns
    -------
    intp array [height, width, n]
        Images last, as a matrix that pools pixels wants them.
    """
    levels = np.moveaxis(images, 0, 2).astype(np.int32)
    down, right = np.zeros_like(levels), np.zeros_like(levels)
    down[1:-1] = levels[2:] - levels[:-2]
    right[:, 1:-1] = levels[:, 2:] - levels[:, :-2]
    codes = STEPS * (down + LARGEST) + (right + LARGEST)
    if images.shape[3] > 1:
        strongest = np.argmax(down**2 + right**2, axis=-1, keepdims=True)
        codes = np.take_along_axis(codes, strongest, axis=-1)
    return codes[..., 0].astype(np.intp)


@lru_cache(maxsize=4)
def vote_table(orientations: int, interpolate: bool) -> NDArray[np.float32]:
    """Tabulate what each possible gradient adds to a histogram of orientations.

    Bin k of `orientations` spans the angles from k to k + 1 times 180 degrees / `orientations`,
    measured from right to down; light-to-dark and dark-to-light count alike.

    Parameters
    ----------
    orientations : int
        Number of bins.
    interpolate : bool
        Whether the magnitude is shared linearly between the two bins whose centres are nearest,
        around the half circle, or goes to the bin of its angle alone.

    Returns
    -------
    float32 array [511 * 511, orientations]
        Votes in units of grey levels, indexed by `gradient_codes`. Read-only.
    """
    magnitude, angle = _polar()
    position = angle % 180 / (180 / orientations)
    if interpolate:
        return _shared_votes(magnitude, position - 0.5, orientations)  # centres: whole numbers
    return _shared_votes(magnitude, np.floor(position), orientations)


@lru_cache(maxsize=4)
def signed_vote_table(orientations: int) -> NDArray[np.float32]:
    """Tabulate what each possible gradient adds to a histogram of directions, as in SIFT.

    Bin k of `orientations` is centred at k times 360 degrees / `orientations`, measured from
    right to down; a vote is shared linearly between the two nearest bins.

    Parameters
    ----------
    orientations : int
        Number of bins.

    Returns
    -------
    float32 array [511 * 511, orientations]
        Votes in units of grey levels, indexed by `gradient_codes`. Read-only.
    """
    magnitude, angle = _polar()
    return _shared_votes(magnitude, angle / (360 / orientations), orientations)


def _polar() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return magnitude and angle (degrees) of every possible gradient."""
    steps = np.arange(-LARGEST, LARGEST + 1, dtype=np.float64)
    down, right = (component.ravel() for component in np.meshgrid(steps, steps, indexing="ij"))
    return np.hypot(down, right), np.rad2deg(np.arctan2(down, right))


def _shared_votes(
    magnitude: NDArray[np.float64], position: NDArray[np.float64], orientations: int
) -> NDArray[np.float32]:
    """Share votes between the bins below and above a position, around the circle."""
    below = np.floor(position)
    share = position - below
    table = np.zeros((STEPS**2, orientations))
    every = np.arange(STEPS**2)
    first = below.astype(np.intp)
    table[every, first % orientations] += magnitude * (1 - share)
    table[every, (first + 1) % orientations] += magnitude * share
    votes = table.astype(np.float32)
    votes.flags.writeable = False
    return votes
