"""Time a network's training step and its prediction, from pixels to label.

`python -m pipeline.throughput_network DATASET NETWORK`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.stage import params, paths
from pipeline.stage.entry import run
from pipeline.stage.files import read_array, read_arrays, read_json, write_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.training.program import Program
    from models.training.recipe import Recipe
    from pipeline.evaluation.clock import Timed

STEPS_PER_CALL = 8


def in_memory(dataset: str, split: str, most: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the images and labels of a split; of streamed images, as many as are timed."""
    from pipeline.ingest.records import Records, open_images

    folder = paths.data(dataset)
    images = open_images(folder, split)
    labels = read_array(folder / f"{split}_labels.npy")
    if isinstance(images, Records):
        return images[:most], labels[:most]
    return images, labels


def time_training(
    program: Program, recipe: Recipe, images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> Timed:
    """Time training steps of one seed; a call makes several, so that its overhead is the loop's."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    from models.training import program as programs
    from models.training.data import Data, Normalisation, shuffled
    from pipeline.evaluation.clock import measure

    data = Data(jnp.asarray(images), jnp.asarray(labels, jnp.int32), Normalisation.of(images))
    rows = np.resize(np.arange(len(labels)), STEPS_PER_CALL * recipe.batch_size)
    batches = shuffled([0], rows, recipe, epoch=0)
    pace = programs.Pace(recipe.learning_rate, 10**6, np.zeros(1, np.uint32))
    progress = programs.start(program, pace.seeds)

    def steps() -> None:
        nonlocal progress
        progress = jax.block_until_ready(programs.advance(program, data, pace, progress, batches))

    return measure(steps, len(rows))


def main(dataset: str, network: str) -> None:
    """Time training steps, the prediction of one image, and that of the best batch."""
    description = read_json(paths.scores(dataset, network) / "method.json")
    if description["status"] == "skipped":
        write_json(paths.timing(dataset, f"throughput-{network}"), {"skipped": True})
        return

    import jax

    from models.training.program import program
    from pipeline.evaluation.clock import BATCH_SIZES, latency_and_best
    from pipeline.scoring.network import scorer
    from pipeline.stage import blueprints, machine

    recipe = blueprints.recipe(params.load(), dataset, description["setting"])
    plan = blueprints.blueprint(dataset, network, description["setting"])
    prepared = program(plan, recipe)
    images, labels = in_memory(dataset, "train", STEPS_PER_CALL * recipe.batch_size)
    training = time_training(prepared, recipe, images, labels)
    scores = scorer(prepared, read_arrays(paths.model(dataset, network)))
    images, _ = in_memory(dataset, "test", max(BATCH_SIZES))
    prediction = latency_and_best(lambda batch: scores(batch).argmax(-1), images)
    memory = jax.devices()[0].memory_stats() or {}
    on_device = memory.get("peak_bytes_in_use", 0) / 2**20
    write_json(
        paths.timing(dataset, f"throughput-{network}"),
        {
            "device": jax.devices()[0].device_kind,
            "dtype": recipe.dtype,
            # A call of several steps is no latency, and its batch is the recipe's.
            "train": {
                **training.columns(),
                "batch_size": recipe.batch_size,
                "latency_p50_ms": None,
            },
            "infer": [one.columns() for one in prediction],
            "peak_memory_mib": on_device or machine.peak_memory_mib(),
            **machine.description(),
        },
    )


if __name__ == "__main__":
    run(main, timing=True)
