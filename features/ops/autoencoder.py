"""An encoder and a decoder of fully connected layers, trained together to reproduce their input."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from numpy.typing import NDArray

BATCH = 128
# Images go through a compiled program in blocks of this size, the last one filled up: sums of one
# shape, whose order does not depend on how many images there are.
BLOCK = 64

Arrays = dict[str, dict[str, NDArray[np.float32]]]


class Sizes(NamedTuple):
    """Units of the layers: pixels, hidden (on both sides), code."""

    pixels: int
    hidden: int
    code: int


LAYERS = ("encoder_hidden", "encoder_code", "decoder_hidden", "decoder_pixels")


class Autoencoder(nnx.Module):
    """Pixels, logistic units, a linear code, logistic units, logistic pixels.

    Parameters
    ----------
    sizes : Sizes
    rngs : nnx.Rngs
        Its `params` stream draws the weights (LeCun normal).
    """

    def __init__(self, sizes: Sizes, *, rngs: nnx.Rngs) -> None:
        self.encoder_hidden = nnx.Linear(sizes.pixels, sizes.hidden, rngs=rngs)
        self.encoder_code = nnx.Linear(sizes.hidden, sizes.code, rngs=rngs)
        self.decoder_hidden = nnx.Linear(sizes.code, sizes.hidden, rngs=rngs)
        self.decoder_pixels = nnx.Linear(sizes.hidden, sizes.pixels, rngs=rngs)

    def encode(self, pixels: jax.Array) -> jax.Array:
        """Map pixels [n, pixels], 0 to 1, to codes [n, code]."""
        return self.encoder_code(nnx.sigmoid(self.encoder_hidden(pixels)))

    def decode(self, codes: jax.Array) -> jax.Array:
        """Map codes [n, code] to the logits of pixels [n, pixels]."""
        return self.decoder_pixels(nnx.sigmoid(self.decoder_hidden(codes)))


def train(
    images: NDArray[np.uint8], sizes: Sizes, *, epochs: int, learning_rate: float, random_state: int
) -> Arrays:
    """Train on images alone: Adam on the cross-entropy between pixels and their reconstruction.

    Parameters
    ----------
    images : uint8 array [n, pixels]
    sizes : Sizes
    epochs : int
        Passes over the images, in a new order each; the last batch is filled up with the first.
    learning_rate : float
        At the start; it falls to 0 as half a cosine.
    random_state : int
        Decides on the initial weights and the orders.

    Returns
    -------
    dict of dict of float32 array
        Kernels and biases by layer.
    """
    model = Autoencoder(sizes, rngs=nnx.Rngs(params=random_state))
    graph, params = nnx.split(model)
    moments = optax.scale_by_adam().init(params)
    rng = np.random.default_rng(random_state)
    batch = min(BATCH, len(images))
    steps = -(-len(images) // batch)
    schedule = optax.cosine_decay_schedule(learning_rate, epochs * steps)
    resident = jnp.asarray(images)
    for epoch in range(epochs):
        order = np.resize(rng.permutation(len(images)), (steps, batch))
        rates = schedule(jnp.arange(epoch * steps, (epoch + 1) * steps))
        params, moments = _epoch(graph, params, moments, resident, order, rates)
    return jax.tree.map(np.asarray, nnx.to_pure_dict(params))


@partial(jax.jit, static_argnums=0, donate_argnums=(1, 2))
def _epoch(
    graph: Any, params: Any, moments: Any, images: jax.Array, order: jax.Array, rates: jax.Array
) -> tuple[Any, Any]:
    def loss(params: Any, pixels: jax.Array) -> jax.Array:
        model = nnx.merge(graph, params)
        logits = model.decode(model.encode(pixels))
        return optax.sigmoid_binary_cross_entropy(logits, pixels).sum(axis=1).mean()

    def step(state: tuple[Any, Any], seen: tuple[Any, Any]) -> tuple[tuple[Any, Any], None]:
        (params, moments), (places, rate) = state, seen
        gradients = jax.grad(loss)(params, images[places].astype(jnp.float32) / 255)
        towards, moments = optax.scale_by_adam().update(gradients, moments)
        return (jax.tree.map(lambda value, way: value - rate * way, params, towards), moments), None

    state, _ = jax.lax.scan(step, (params, moments), (order, rates))
    return state


@lru_cache(maxsize=8)
def _structure(sizes: Sizes) -> tuple[Any, Any]:
    graph, params = nnx.split(nnx.eval_shape(lambda: Autoencoder(sizes, rngs=nnx.Rngs(params=0))))
    return graph, params


@partial(jax.jit, static_argnums=0)
def _encode(sizes: Sizes, arrays: Arrays, pixels: jax.Array) -> jax.Array:
    return _model(sizes, arrays).encode(pixels)


@partial(jax.jit, static_argnums=0)
def _decode(sizes: Sizes, arrays: Arrays, codes: jax.Array) -> jax.Array:
    return nnx.sigmoid(_model(sizes, arrays).decode(codes))


def _model(sizes: Sizes, arrays: Arrays) -> Autoencoder:
    graph, params = _structure(sizes)
    nnx.replace_by_pure_dict(params, arrays)
    return nnx.merge(graph, params)


def encode(sizes: Sizes, arrays: Arrays, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Map pixels [n, pixels], 0 to 1, to codes [n, code], both float32."""
    return _in_blocks(partial(_encode, sizes, arrays), pixels)


def decode(sizes: Sizes, arrays: Arrays, codes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Map codes [n, code] to pixels [n, pixels], 0 to 1, both float32."""
    return _in_blocks(partial(_decode, sizes, arrays), codes)


def _in_blocks(compute: partial[jax.Array], rows: NDArray[np.float32]) -> NDArray[np.float32]:
    blocks = []
    for start in range(0, len(rows), BLOCK):
        block = np.zeros((BLOCK, rows.shape[1]), dtype=np.float32)
        block[: len(rows) - start] = rows[start : start + BLOCK]
        blocks.append(compute(block))
    return np.concatenate(blocks)[: len(rows)]
