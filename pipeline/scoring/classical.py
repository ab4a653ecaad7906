"""A fitted feature and classifier, ready to score images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.stage import plugins

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def scorer(
    feature: str,
    options: dict[str, Any],
    classifier: str,
    state: Mapping[str, NDArray[Any]],
    arrays: Mapping[str, NDArray[Any]],
) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """Put both together from what they have learned.

    Parameters
    ----------
    feature, classifier : str
    options : dict
        The feature's parameters.
    state, arrays : mapping of str to array
        What the feature and the classifier learned, from their `to_arrays`.

    Returns
    -------
    callable
        From images, uint8 [n, height, width, channels], to scores, float32 [n, classes].
    """
    extractor = plugins.load("features", feature).Feature(**options).from_arrays(state)
    model = plugins.load("classifiers", classifier).Classifier.from_arrays(arrays)
    return lambda images: model.scores(extractor.transform(images))


def accelerated_scorer(
    feature: str,
    options: dict[str, Any],
    classifier: str,
    arrays: Mapping[str, NDArray[Any]],
) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """Do the same on the accelerator, with a feature that `features.accelerated` has.

    A linear classifier is one more product there; others score on the host.

    Parameters
    ----------
    feature, classifier, options, arrays
        As of :func:`scorer`. Such a feature has learned nothing.

    Returns
    -------
    callable
        From images, uint8 [n, height, width, channels], to scores, float32 [n, classes].
    """
    import jax
    import jax.numpy as jnp
    import numpy as np

    from features import accelerated
    from models.classifiers.ops.linear_scores import LinearScores

    extract = accelerated.transform(plugins.load("features", feature).Feature(**options))
    model = plugins.load("classifiers", classifier).Classifier.from_arrays(arrays)
    if not isinstance(model, LinearScores) or len(model.coef_) == 1:
        return lambda images: model.scores(np.asarray(extract(images)))
    weights, biases = jnp.asarray(model.coef_.T), jnp.asarray(model.intercept_)

    @jax.jit
    def linear(vectors: jax.Array) -> jax.Array:
        return jnp.matmul(vectors, weights, precision=jax.lax.Precision.HIGHEST) + biases

    return lambda images: np.asarray(linear(extract(images)))
