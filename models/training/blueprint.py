"""A network that is not built yet: what it is made of, and what its prediction computes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx


@dataclass(frozen=True)
class Blueprint:
    """How to make a network; equal blueprints share their compiled programs.

    Attributes
    ----------
    network : type
        The class, such as `models.networks.lenet5.Network`.
    image_shape : tuple of int
        Height, width, channels.
    classes : int
    options : tuple of (name, value)
        The network's own hyperparameters.
    """

    network: Callable[..., nnx.Module]
    image_shape: tuple[int, int, int]
    classes: int
    options: tuple[tuple[str, Any], ...] = ()

    def __call__(self, rngs: nnx.Rngs) -> nnx.Module:
        """Make the network, its weights drawn from `rngs`."""
        options = dict(self.options)
        return self.network(
            image_shape=self.image_shape, classes=self.classes, rngs=rngs, **options
        )

    def abstract(self) -> nnx.Module:
        """Return the network with shapes for arrays: nothing is allocated."""
        model: nnx.Module = nnx.eval_shape(lambda: self(nnx.Rngs(0)))
        return model

    def trace(self) -> Any:
        """Trace the prediction of one image: nothing is computed.

        Returns
        -------
        jax.core.Jaxpr
        """
        model = self.abstract()
        model.eval()
        graph, state = nnx.split(model)

        def predict(state: Any, images: jax.Array) -> jax.Array:
            scores: jax.Array = nnx.merge(graph, state)(images)
            return scores

        image = jax.ShapeDtypeStruct((1, *self.image_shape), jnp.float32)
        # JAX remembers how it traced a jitted layer, and would not look at `direct` again.
        with jax.disable_jit():
            return jax.make_jaxpr(predict)(state, image).jaxpr
