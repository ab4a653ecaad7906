"""The compiled training step and prediction of one network.

Flax NNX describes the network; the loop is plain `jax.jit` over its arrays. The network is split
once into its graph and its arrays, and merged again inside the step. Everything has a leading axis
of seeds, over which the step is mapped: an accelerator trains all seeds at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from models.training.augmentation import augment
from models.training.blueprint import Blueprint
from models.training.data import Array, Batches, Data, Normalisation
from models.training.objective import direction, losses, rate
from models.training.recipe import Recipe

# Half a minute of the largest network here on a GPU: what a killed run may lose.
STEPS_PER_CALL = 128


class Learned(NamedTuple):
    """A network's arrays, each with a leading axis of seeds.

    Gradients change `params`; the forward pass changes `statistics`, the averages of batch
    normalisation. Both are ``nnx.State``.
    """

    params: Any
    statistics: Any


class Progress(NamedTuple):
    """All that a run needs to go on, each with a leading axis of seeds.

    `loss` and `correct`, float32 [seeds], are sums over the images of the epoch so far.
    """

    learned: Learned
    optimizer: Any
    loss: jax.Array
    correct: jax.Array


class Pace(NamedTuple):
    """What may change from run to run without compiling again."""

    learning_rate: float
    total_steps: int
    seeds: Array


@dataclass(frozen=True)
class Program:
    """One network and its recipe, ready to run; hashable, so that `jax.jit` compiles it once.

    Attributes
    ----------
    blueprint : Blueprint
    train_graph, eval_graph : nnx.GraphDef
        The two differ in dropout and batch normalisation.
    streams : tuple
        Structure and leaves of the network's random streams, which every step seeds anew.
    recipe : Recipe
        Without learning rate, epochs and seeds, which do not need compiling.
    steps_per_call : int
        With 1 each step is a call from Python, otherwise so many run as one program.
    """

    blueprint: Blueprint
    train_graph: Any
    eval_graph: Any
    streams: tuple[Any, tuple[Any, ...]]
    recipe: Recipe
    steps_per_call: int


def program(blueprint: Blueprint, recipe: Recipe) -> Program:
    """Prepare the network of a blueprint. Nothing is allocated or computed yet."""
    model = blueprint.abstract()
    leaves, structure = jax.tree.flatten(nnx.state(model, nnx.RngState))
    model.train()
    train_graph = nnx.graphdef(model)
    model.eval()
    shared = replace(recipe, epochs=1, learning_rate=1.0, seeds=1)
    streams = structure, tuple(leaves)
    steps = STEPS_PER_CALL if _runs_in_a_loop(blueprint) else 1
    return Program(blueprint, train_graph, nnx.graphdef(model), streams, shared, steps)


@cache
def _runs_in_a_loop(blueprint: Blueprint) -> bool:
    """Say whether the device runs a loop over steps as fast as single steps.

    On a CPU it does not where XLA's own convolution is left: 24 steps of cuda-convnet at batch 32
    take 0.8 s one by one and 16 s in a loop. Without one the loop is no slower, from an MLP, where
    the two are level, to seven times as fast for a network of two units
    (benchmarks/results/lowering.csv, large pages).
    """
    if jax.default_backend() != "cpu":
        return True
    return "conv_general_dilated" not in str(blueprint.trace())


def _streams(program: Program, key: jax.Array) -> Any:
    """Seed each random stream of the network with a key of its own."""
    structure, leaves = program.streams
    seeded = [
        jax.random.fold_in(key, place)
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
        else jnp.zeros(leaf.shape, leaf.dtype)
        for place, leaf in enumerate(leaves)
    ]
    return jax.tree.unflatten(structure, seeded)


def _arrays(model: nnx.Module) -> Learned:
    _, *states = nnx.split(model, nnx.Param, nnx.RngState, ...)
    return Learned(states[0], states[2])


def initial(program: Program, seeds: jax.Array) -> Progress:
    """Draw the weights of one network a seed; :func:`start` compiles this."""

    def one(seed: jax.Array) -> Progress:
        params_key, other_key = jax.random.split(jax.random.key(seed))
        learned = _arrays(program.blueprint(nnx.Rngs(other_key, params=params_key)))
        optimizer = direction(program.recipe).init(learned.params)
        progress = Progress(learned, optimizer, jnp.float32(0), jnp.float32(0))
        # `jnp.full(6, 0.0)` leaves its type open ("weak"), which the first step would close: the
        # step would be compiled once for each state of affairs.
        return jax.tree.map(lambda leaf: jnp.asarray(leaf, leaf.dtype), progress)

    return jax.vmap(one)(seeds)


def start(program: Program, seeds: Array) -> Progress:
    """Initialise one network a seed."""
    started: Progress = _compiled_initial()(program, jnp.asarray(seeds))
    return started


@cache
def _compiled_initial() -> Any:
    # It runs once, and random draws take longer to be optimised than to be made.
    on_cpu = jax.default_backend() == "cpu"
    options = {"xla_backend_optimization_level": 0} if on_cpu else None
    return jax.jit(initial, static_argnums=0, compiler_options=options)


def _compute_in(recipe: Recipe, arrays: Any) -> Any:
    """Bring arrays to the type that the recipe computes in."""
    return jax.tree.map(lambda array: array.astype(recipe.dtype), arrays)


def _step(program: Program, data: Data, pace: Pace, progress: Progress, batch: Batches) -> Progress:
    """Make one step of one seed: here no array has the axes of seeds and steps."""
    recipe = program.recipe
    key = jax.random.fold_in(jax.random.key(pace.seeds), batch.steps)
    distortion_key, key = jax.random.split(key)
    images = data.normalisation(data.pixels(batch))
    images = augment(recipe.augmentation, images, distortion_key)
    labels = data.labels[batch.indices]

    def objective(params: Any) -> tuple[jax.Array, tuple[jax.Array, jax.Array, Any]]:
        streams = _streams(program, key)
        # Without copy=True batch normalisation would write into the arrays of an outer trace.
        statistics = progress.learned.statistics
        params, inputs = _compute_in(recipe, (params, images))
        model = nnx.merge(program.train_graph, params, streams, statistics, copy=True)
        outputs = model(inputs)
        loss = (losses(recipe, outputs, labels) * batch.weights).sum()
        correct = ((outputs.argmax(-1) == labels) * batch.weights).sum()
        return loss / batch.weights.sum(), (loss, correct, _arrays(model).statistics)

    params = progress.learned.params
    gradients, (loss, correct, statistics) = jax.grad(objective, has_aux=True)(params)
    towards, optimizer = direction(recipe).update(gradients, progress.optimizer, params)
    size = pace.learning_rate * rate(recipe, jnp.asarray(batch.steps / pace.total_steps))
    params = jax.tree.map(lambda value, way: value - size * way, params, towards)
    learned = Learned(params, statistics)
    return Progress(learned, optimizer, progress.loss + loss, progress.correct + correct)


def _all_seeds(
    program: Program,
    data: Data,
    pace: Pace,
    progress: Progress,
    batches: Batches,
    place: int | jax.Array,
) -> Progress:
    batch = Batches(
        batches.indices[:, place],
        batches.weights[place],
        batches.steps[place],
        None if batches.images is None else batches.images[:, place],
    )
    per_seed = (None, Pace(None, None, 0), 0, Batches(0, None, None, 0))  # type: ignore[arg-type]
    return jax.vmap(partial(_step, program), in_axes=per_seed)(data, pace, progress, batch)


@partial(jax.jit, static_argnums=0, donate_argnums=3)
def one_step(
    program: Program, data: Data, pace: Pace, progress: Progress, batches: Batches
) -> Progress:
    """Make the first step of `batches`, of all seeds."""
    return _all_seeds(program, data, pace, progress, batches, 0)


@partial(jax.jit, static_argnums=0, donate_argnums=3)
def many_steps(
    program: Program, data: Data, pace: Pace, progress: Progress, batches: Batches, count: int
) -> Progress:
    """Make the first `count` steps of `batches` in one program on the device."""

    def step(place: jax.Array, progress: Progress) -> Progress:
        return _all_seeds(program, data, pace, progress, batches, place)

    return jax.lax.fori_loop(0, count, step, progress)


def advance(
    program: Program, data: Data, pace: Pace, progress: Progress, batches: Batches
) -> Progress:
    """Make all steps of `batches`, in the way that suits network and device."""
    for first in range(0, len(batches.steps), program.steps_per_call):
        some = batches.part(slice(first, first + program.steps_per_call))
        # One length, one compilation, however many steps an epoch leaves for its last call.
        here = some.filled(program.steps_per_call).beside(data.labels)
        if program.steps_per_call == 1:
            progress = one_step(program, data, pace, progress, here)
        else:
            progress = many_steps(program, data, pace, progress, here, len(some.steps))
    return progress


@partial(jax.jit, static_argnums=0)
def predict(
    program: Program, learned: Learned, normalisation: Normalisation, images: jax.Array
) -> jax.Array:
    """Return the scores of all seeds' networks, float32 [seeds, n, classes]."""

    def one(learned: Learned) -> jax.Array:
        streams = _streams(program, jax.random.key(0))  # there to be merged, unused in prediction
        params, inputs = _compute_in(program.recipe, (learned.params, normalisation(images)))
        model = nnx.merge(program.eval_graph, params, streams, learned.statistics)
        scores: jax.Array = model(inputs).astype(jnp.float32)
        return scores

    return jax.vmap(one)(learned)


def join(parts: Sequence[Any]) -> Any:
    """Put runs of different seeds together along the axis of seeds."""
    return jax.tree.map(
        lambda *leaves: np.concatenate([np.asarray(leaf) for leaf in leaves]), *parts
    )
