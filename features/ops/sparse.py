"""Sparse codes: few coefficients, many zeros, by iterated shrinkage in matrix products."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray


class SparseCoder:
    """Finds the codes a that minimise |x - a D|^2 / 2 + penalty * |a|_1.

    Proximal gradient steps with momentum (A. Beck, M. Teboulle, A fast iterative
    shrinkage-thresholding algorithm, SIAM J. Imaging Sciences 2(1), 2009), a fixed number of
    them: each is one matrix product for all patches of an image, and a code does not depend on
    the other images. ``sklearn.decomposition.sparse_encode`` finds the minimum itself, patch by
    patch.

    Parameters
    ----------
    dictionary : float32 array [atoms, d]
        Atoms D of unit length.
    penalty : float
        Price of a coefficient, above 0, in the units of x.
    iterations : int
        Steps. The error falls with their square.
    """

    def __init__(self, dictionary: NDArray[np.float32], penalty: float, iterations: int) -> None:
        self.dictionary = dictionary
        self.penalty = penalty
        self.iterations = iterations

    @cached_property
    def _step(self) -> tuple[np.float32, NDArray[np.float32]]:
        """Return the step's size and the matrix that makes it, but for the patch's own part."""
        gram = self.dictionary @ self.dictionary.T
        size = np.float32(1 / np.linalg.eigvalsh(gram.astype(np.float64))[-1])
        return size, np.eye(len(gram), dtype=np.float32) - size * gram

    def __call__(self, patches: NDArray[np.float32]) -> NDArray[np.float32]:
        """Encode patches.

        Parameters
        ----------
        patches : float32 array [..., m, d]
            The m patches of each image.

        Returns
        -------
        float32 array [..., m, atoms]
        """
        size, descend = self._step
        threshold = np.float32(self.penalty) * size
        pull = patches @ (size * self.dictionary.T)
        codes, ahead, pace = np.zeros_like(pull), np.zeros_like(pull), 1.0
        for _ in range(self.iterations):
            following = ahead @ descend
            following += pull
            following -= np.clip(following, -threshold, threshold)
            next_pace = (1 + np.sqrt(1 + 4 * pace**2)) / 2
            np.subtract(following, codes, out=ahead)
            ahead *= np.float32((pace - 1) / next_pace)
            ahead += following
            codes, pace = following, next_pace
        return codes


def learn_dictionary(
    patches: NDArray[np.float32],
    atoms: int,
    penalty: float,
    *,
    iterations: int,
    batch: int,
    rate: float,
    random_state: int,
) -> NDArray[np.float32]:
    """Learn atoms from which a few make up any patch.

    In turns, a batch of patches is encoded with the atoms held, and the atoms take a step down
    the gradient of the remaining error and are brought back to unit length. At first they are
    patches.

    Parameters
    ----------
    patches : float32 array [n, d]
        Each is used once, in this order.
    atoms : int
        Number of atoms.
    penalty, iterations
        As in `SparseCoder`.
    batch : int
        Patches a step.
    rate : float
        Step size, divided by the mean over the atoms of their summed squared coefficients, so
        that it has no unit.
    random_state : int
        Decides which patches are the first atoms.

    Returns
    -------
    float32 array [atoms, d]
        Of unit length.
    """
    rng = np.random.default_rng(random_state)
    first = patches[rng.integers(0, len(patches), atoms)]
    noise = rng.standard_normal(first.shape, dtype=np.float32)
    dictionary = _unit(first + np.float32(0.01) * noise)  # an empty patch has no direction
    for start in range(0, len(patches), batch):
        seen = patches[start : start + batch]
        codes = SparseCoder(dictionary, penalty, iterations)(seen)
        energy = np.einsum("na,na->", codes, codes) / atoms
        if energy > 0:
            towards = codes.T @ (seen - codes @ dictionary)
            dictionary = _unit(dictionary + np.float32(rate) / energy * towards)
    return dictionary


def _unit(atoms: NDArray[np.float32]) -> NDArray[np.float32]:
    return atoms / np.linalg.norm(atoms, axis=1, keepdims=True)
