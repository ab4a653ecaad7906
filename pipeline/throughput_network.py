"""Time a network's training step and its prediction, from pixels to label.

`python -m pipeline.throughput_network DATASET NETWORK [--profile FOLDER]`

With `--profile` no timing is written, but a trace of some calls of both.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.stage import params, paths
from pipeline.stage.entry import run
from pipeline.stage.errors import UserError
from pipeline.stage.files import read_array, read_arrays, read_json, write_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.training.program import Program
    from models.training.recipe import Recipe
    from pipeline.evaluation.device import Cost

    Images = NDArray[np.uint8]
    Labels = NDArray[np.int64]

STEPS_PER_CALL = 8
PASSES_OF_A_STEP = 3  # forward, and back to the activations and to the weights
OPTIONS = "[--profile FOLDER]"
PROFILED_CALLS = 3


class Subject(NamedTuple):
    """A network with all that its timing needs.

    Attributes
    ----------
    program : Program
    recipe : Recipe
    arrays : dict of str to array
        What was learned.
    train, test : tuple
        Images and labels.
    """

    program: Program
    recipe: Recipe
    arrays: dict[str, NDArray[Any]]
    train: tuple[Images, Labels]
    test: tuple[Images, Labels]


def in_memory(dataset: str, split: str, most: int) -> tuple[Images, Labels]:
    """Return the images and labels of a split; of streamed images, as many as are timed."""
    from pipeline.ingest.records import Records, open_images

    folder = paths.data(dataset)
    images = open_images(folder, split)
    labels = read_array(folder / f"{split}_labels.npy")
    if isinstance(images, Records):
        return images[:most], labels[:most]
    return images, labels


def trained(dataset: str, network: str, setting: dict[str, Any]) -> Subject:
    """Read what was trained."""
    from models.training.program import program
    from pipeline.evaluation.clock import BATCH_SIZES
    from pipeline.stage import blueprints

    recipe = blueprints.recipe(params.load(), dataset, setting)
    plan = blueprints.blueprint(dataset, network, setting)
    return Subject(
        program(plan, recipe),
        recipe,
        read_arrays(paths.model(dataset, network)),
        in_memory(dataset, "train", STEPS_PER_CALL * recipe.batch_size),
        in_memory(dataset, "test", max(BATCH_SIZES)),
    )


def some_steps(subject: Subject) -> tuple[Callable[[], None], Callable[[], Cost]]:
    """Return :func:`training` in several steps, so that its overhead is the training loop's."""
    import numpy as np

    recipe, n = subject.recipe, len(subject.train[0])
    rows = np.resize(np.arange(n), STEPS_PER_CALL * recipe.batch_size)
    return training(subject.program, recipe, subject.train, rows)


def training(
    program: Program,
    recipe: Recipe,
    train: tuple[Images, Labels],
    rows: NDArray[np.int64],
    seeds: int = 1,
) -> tuple[Callable[[], None], Callable[[], Cost]]:
    """Return a call that trains once on each of `rows`, and what XLA says that a step costs."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    from models.training import program as programs
    from models.training.data import Data, Normalisation, shuffled
    from pipeline.evaluation import device

    images, labels = train
    data = Data(jnp.asarray(images), jnp.asarray(labels, jnp.int32), Normalisation.of(images))
    batches = shuffled(range(seeds), rows, recipe, epoch=0)
    pace = programs.Pace(recipe.learning_rate, 10**6, np.arange(seeds, dtype=np.uint32))
    progress = programs.start(program, pace.seeds)

    def steps() -> None:
        nonlocal progress
        progress = jax.block_until_ready(programs.advance(program, data, pace, progress, batches))

    def cost() -> Cost:
        length = program.steps_per_call
        call = (program, data, pace, progress, batches.part(slice(length)).filled(length))
        if length == 1:
            return device.cost(programs.one_step, *call)
        return device.cost(programs.many_steps, *call, len(batches.steps))

    return steps, cost


def prediction(subject: Subject) -> tuple[Callable[[Images], Labels], Callable[[Images], Cost]]:
    """Return a call from a batch to its labels, and what XLA says that it costs."""
    import numpy as np

    from pipeline.evaluation import device
    from pipeline.scoring.network import compiled

    scores, learned = compiled(subject.program, subject.arrays)
    return (
        lambda batch: np.asarray(scores(*learned, batch))[0].argmax(-1),
        lambda batch: device.cost(scores, *learned, batch),
    )


def timings(subject: Subject) -> dict[str, Any]:
    """Time training steps, the prediction of one image, and that of the best batch."""
    import numpy as np

    from models import counting
    from pipeline.evaluation import device
    from pipeline.evaluation.clock import latency_and_best, measure
    from pipeline.stage import machine

    dtype, size = subject.recipe.dtype, subject.recipe.batch_size
    steps, step_cost = some_steps(subject)
    step = measure(steps, STEPS_PER_CALL * size)
    predict, batch_cost = prediction(subject)
    images, _ = subject.test
    batches = latency_and_best(predict, images)
    memory = device.peak_memory_mib() or machine.peak_memory_mib()

    peak = device.peak_flops(dtype)  # the last: it takes memory of its own
    flops = 2 * counting.macs(subject.program.blueprint)
    infer = []
    for one in batches:
        cost = batch_cost(images[np.arange(one.batch_size) % len(images)])
        infer.append({**one.columns(), **cost.columns(one.batch_size, flops, peak, one)})
    return {
        "device": device.name(),
        "dtype": dtype,
        "train": {
            **step.columns(),
            **step_cost().columns(size, PASSES_OF_A_STEP * flops, peak, step),
            # A call of several steps is no latency, and its batch is the recipe's.
            "batch_size": size,
            "latency_p50_ms": None,
        },
        "infer": infer,
        "peak_memory_mib": memory,
        **machine.description(),
    }


def profile(subject: Subject, folder: Path) -> None:
    """Write a trace of some calls, after those that compile; TensorBoard and Perfetto open it."""
    import jax

    from pipeline.evaluation.clock import BATCH_SIZES

    steps, _ = some_steps(subject)
    predict, _ = prediction(subject)
    batches = [subject.test[0][:size] for size in BATCH_SIZES]

    def calls() -> None:
        steps()
        for batch in batches:
            predict(batch)

    calls()
    with jax.profiler.trace(folder, create_perfetto_trace=True):
        for _ in range(PROFILED_CALLS):
            calls()
    newest = sorted(folder.rglob("perfetto_trace.json.gz"))[-1]
    print(f"wrote {newest} for ui.perfetto.dev; for TensorBoard it is {folder}")


def main(dataset: str, network: str) -> None:
    """Write the timings of a network that was trained."""
    file = paths.timing(dataset, f"throughput-{network}")
    description = read_json(paths.scores(dataset, network) / "method.json")
    if description["status"] == "skipped":
        write_json(file, {"skipped": True})
    else:
        write_json(file, timings(trained(dataset, network, description["setting"])))


def profiled(folder: Path) -> Callable[[str, str], None]:
    """Return what runs in place of `main`."""

    def profile_main(dataset: str, network: str) -> None:
        description = read_json(paths.scores(dataset, network) / "method.json")
        if description["status"] == "skipped":
            raise UserError(f"{network} on {dataset}: skipped, {description['reason']}")
        profile(trained(dataset, network, description["setting"]), folder)

    return profile_main


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--profile", type=Path, metavar="FOLDER")
    chosen, sys.argv[1:] = parser.parse_known_args()
    run(profiled(chosen.profile) if chosen.profile else main, timing=True, options=OPTIONS)
