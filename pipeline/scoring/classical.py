"""A fitted feature and classifier, ready to score images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.stage import plugins

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Pair(NamedTuple):
    """A feature and a classifier with what they learned.

    Attributes
    ----------
    feature, classifier : str
    options : dict
        The feature's parameters.
    state, arrays : mapping of str to array
        What the feature and the classifier learned, from their `to_arrays`.
    """

    feature: str
    classifier: str
    options: dict[str, Any]
    state: Mapping[str, NDArray[Any]]
    arrays: Mapping[str, NDArray[Any]]

    def extractor(self) -> Any:
        """Return the feature."""
        feature = plugins.load("features", self.feature).Feature(**self.options)
        return feature.from_arrays(self.state)

    def model(self) -> Any:
        """Return the classifier."""
        return plugins.load("classifiers", self.classifier).Classifier.from_arrays(self.arrays)


def scorer(pair: Pair) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """Return a function from images, uint8 [n, height, width, channels], to [n, classes]."""
    extractor, model = pair.extractor(), pair.model()
    return lambda images: model.scores(extractor.transform(images))


def accelerated_scorer(pair: Pair) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """Do the same on the accelerator, with a feature that `features.accelerated` has.

    A linear classifier is one more product there; others score on the host.
    """
    import jax
    import jax.numpy as jnp
    import numpy as np

    from features import accelerated
    from models.classifiers.ops.linear_scores import LinearScores

    extract, model = accelerated.transform(pair.extractor()), pair.model()
    if not isinstance(model, LinearScores) or len(model.coef_) == 1:
        return lambda images: model.scores(np.asarray(extract(images)))
    weights, biases = jnp.asarray(model.coef_.T), jnp.asarray(model.intercept_)

    @jax.jit
    def linear(vectors: jax.Array) -> jax.Array:
        return jnp.matmul(vectors, weights, precision=jax.lax.Precision.HIGHEST) + biases

    return lambda images: np.asarray(linear(extract(images)))
