"""Words for small pieces of images: the centres that k-means finds among many of them."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

RANDOM_STATE = 0


def learn_words(vectors: NDArray[np.float32], words: int, iterations: int) -> NDArray[np.float32]:
    """Find the centres of clusters by Lloyd's algorithm, started by k-means++.

    Parameters
    ----------
    vectors : float32 array [n, d]
        What to cluster.
    words : int
        Number of clusters.
    iterations : int
        Most rounds of assigning and averaging.

    Returns
    -------
    float32 array [words, d]
        The centres.

    Raises
    ------
    ValueError
        If there are fewer different vectors than words.
    """
    if len(vectors) < words:
        raise ValueError(f"{words} words need as many different patches, got {len(vectors)}")
    model = KMeans(
        n_clusters=words,
        init="k-means++",
        n_init=1,
        max_iter=iterations,
        tol=1e-4,
        algorithm="lloyd",
        random_state=RANDOM_STATE,
    )
    # One thread: with more, the order in which they add decides on the last bits.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            model.fit(vectors)
        except ConvergenceWarning as error:
            different = len(np.unique(vectors, axis=0))
            raise ValueError(
                f"{words} words need as many different patches, got {different}"
            ) from error
    return np.ascontiguousarray(model.cluster_centers_, dtype=np.float32)
