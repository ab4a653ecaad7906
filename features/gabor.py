"""Gabor energy: model neurons of the first visual area, pooled over squares."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray

from features.ops.cells import cell_shares
from features.ops.gabor import TRUNCATE, deviation, gabor_energy
from features.ops.grey import grey_levels
from features.ops.image_feature import ImageFeature
from features.ops.parameters import check_at_least, check_count

TITLE = "Gabor energy"
YEAR = 1959
CITATION = (
    "D. H. Hubel, T. N. Wiesel, Receptive fields of single neurones in the cat's striate cortex, "
    "Journal of Physiology 148(3), 1959, pp. 574-591 (simple cells), and 160(1), 1962, pp. 106-154 "
    "(complex cells); "
    "as a model: J. G. Daugman, Journal of the Optical Society of America A 2(7), 1985, "
    "pp. 1160-1169, and E. H. Adelson, J. R. Bergen, ibid. 2(2), 1985, pp. 284-299"
)
DEVIATIONS = (
    "the paper measures cells of cats and computes nothing; the Gabor function for a simple cell "
    "and the energy of an even and an odd one for a complex cell are the models of 1985",
    "the root of the energy, which grows with the contrast and not with its square",
    "the envelope is round, where that of a simple cell is longer along its bars",
    "the mean over squares, which makes a vector of the responses, is ours",
)
RATIO = 2**0.5  # from one wavelength to the next


class Feature(ImageFeature):
    """Responses of model complex cells of several sizes and orientations, averaged over squares.

    A simple cell is a Gabor filter, a wave under a Gaussian envelope 1.5 octaves wide in
    frequency, balanced so that an even light leaves it all but silent. A complex cell is the length
    of the responses of two simple cells in quadrature, even (cosine) and odd (sine): it answers to
    a bar or an edge of its orientation wherever it lies, light or dark.

    Parameters
    ----------
    orientations : int
        Directions, evenly spaced over 180 degrees, at least 1.
    wavelengths : int
        Number of wavelengths, at least 1, each half an octave longer than the one before.
    shortest : float
        The first wavelength in pixels, at least 2.
    pool : int
        Side in pixels of the squares, at least 1. Rows and columns left over at the bottom and
        on the right are left out.

    Notes
    -----
    The vector runs over the wavelengths from short to long, in each over the directions of the
    wave from right (upright bars) to down, in each over the squares row by row:
    ``wavelengths * orientations * (height // pool) * (width // pool)`` values.
    """

    def __init__(
        self,
        orientations: int = 8,
        wavelengths: int = 3,
        shortest: float = 4.0,
        pool: int = 4,
    ) -> None:
        self.orientations = orientations
        self.wavelengths = wavelengths
        self.shortest = shortest
        self.pool = pool

    def macs(self, image_shape: tuple[int, int, int]) -> int:
        """Count the multiply-accumulates for one image.

        Parameters
        ----------
        image_shape : tuple of int
            Height, width and channels.

        Returns
        -------
        int
            Those of the linear filters: luma of a colour image (3 a pixel), for each wavelength
            the envelope and the complex filters, as one pass along the rows (real in, 2 a tap)
            and one along the columns (complex, 4 a tap) and a step that balances them (2 a
            pixel), and the average (1 a pixel). Not counted: squares and square roots.
        """
        height, width, channels = image_shape
        luma = channels if channels > 1 else 0
        taps = [2 * ceil(TRUNCATE * deviation(length)) + 1 for length in self._wavelengths()]
        filters = sum((1 + self.orientations) * 6 * tap + self.orientations * 2 for tap in taps)
        cells = (height // self.pool) * (width // self.pool)
        maps = self.wavelengths * self.orientations
        return height * width * (luma + filters) + maps * cells * self.pool**2

    def _wavelengths(self) -> list[float]:
        return [self.shortest * RATIO**step for step in range(self.wavelengths)]

    def _check_parameters(self) -> None:
        for name in ("orientations", "wavelengths", "pool"):
            check_count(self, name)
        check_at_least(self, "shortest", 2)  # a wave of two pixels is the shortest there is

    def _smallest_image(self) -> tuple[int, str]:
        return self.pool, f"one square of {self.pool}x{self.pool} pixels"

    def _describe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        grey = grey_levels(images).astype(np.float32)
        down, across = (
            (cell_shares(side, self.pool, interpolate=False) / self.pool).astype(np.float32)
            for side in grey.shape[1:]
        )
        shape = (self.wavelengths, self.orientations, len(down), len(across))
        means = np.empty((len(images), *shape), dtype=np.float32)
        # Image by image: products of one size add in one order, and stay in the processor's cache.
        for image, vector in zip(grey, means, strict=True):
            for wavelength, maps in zip(self._wavelengths(), vector, strict=True):
                energy = gabor_energy(image, wavelength, self.orientations)
                np.matmul(down @ energy, across.T, out=maps)
        return means.reshape(len(images), -1)
