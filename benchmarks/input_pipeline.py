"""The input pipeline alone beside JPEG decoding alone: `python -m benchmarks.input_pipeline`.

Imagenette at 224 pixels from HINDSIGHT_MIRROR, recorded, then streamed in batches in the order of
a training run. The peers only decode (Pillow, to RGB): one core, times the cores, of which the
target is 0.8; and all cores at once, which may be less. The last rows take a worker apart: on one
core, without Grain, images decoded into a batch, and the batch put into shared memory as well. All
in turns, from warm files. Writes benchmarks/results/input_pipeline.csv; a ratio above 1 means ours
is faster.
"""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import joblib
import numpy as np
import PIL
from grain.multiprocessing import SharedMemoryArray
from numpy.typing import NDArray
from PIL import Image

from benchmarks.parts import turns
from models.training import source
from models.training.data import Order
from models.training.recipe import Recipe
from pipeline.datasets import folder
from pipeline.ingest.records import Records
from pipeline.stage.errors import UserError

SOURCE = "imagenette/imagenette2-224.tar.gz"
BATCH = 128
BATCHES = 32  # a turn
ALONE = 512  # images that one core decodes in a turn
TURNS = 11


def decode(images: Records, seed: int) -> float:
    """Decode some images on this core; return images a second."""
    rows = np.random.default_rng(seed).permutation(len(images))[:ALONE]
    contents = [content for _, content in images.read(rows)]
    begin = time.perf_counter()
    for content in contents:
        with Image.open(io.BytesIO(content)) as image:
            np.asarray(image.convert("RGB"))
    return ALONE / (time.perf_counter() - begin)


def into_batches(images: Records, put: Callable[[Records, NDArray[np.int64]], object]) -> float:
    """Decode batches on this core, and hand each to where `put` leaves it; images a second."""
    rows = np.random.default_rng(0).permutation(len(images))[:ALONE]
    begin = time.perf_counter()
    for first in range(0, ALONE, BATCH):
        put(images, rows[first : first + BATCH])
    return ALONE / (time.perf_counter() - begin)


def into_shared_memory(images: Records, rows: NDArray[np.int64]) -> None:
    """Do what a worker does for a batch; Grain's other side frees it."""
    batch = source._decode(images, rows)
    if isinstance(batch, SharedMemoryArray):
        batch.unlink_on_del()


def on_all_cores(images: Records) -> float:
    """Decode on every core at once; return images a second of all together."""
    cores = joblib.cpu_count()
    return sum(joblib.Parallel(cores)(joblib.delayed(decode)(images, n) for n in range(cores)))


def streaming(images: Records) -> Callable[[], float]:
    """Return a call that streams batches and returns images a second, start of workers apart."""
    rows, recipe = np.arange(len(images)), Recipe(epochs=100, batch_size=BATCH)
    warm_up = 4 * joblib.cpu_count()  # until every worker's first batches have been taken

    def batches() -> float:
        with closing(source.stream(images, Order([0], rows, recipe))) as decoded:
            for _ in range(warm_up):
                next(decoded)
            begin = time.perf_counter()
            for _ in range(BATCHES):
                next(decoded)
            return BATCHES * BATCH / (time.perf_counter() - begin)

    return batches


def main() -> None:
    """Measure in turns and write the table."""
    cores = joblib.cpu_count()
    with tempfile.TemporaryDirectory() as place:
        try:
            images = folder.record(224, Path(place), source=SOURCE).train_images
        except UserError as error:
            print(f"nothing measured: {error}")
            return
        ours = streaming(images)
        on_all_cores(images)  # starts its processes
        speeds = [
            (
                ours(),
                decode(images, 0),
                on_all_cores(images),
                into_batches(images, Records.__getitem__),
                into_batches(images, into_shared_memory),
            )
            for _ in range(TURNS)
        ]
    own, alone, together, batches, shared = (
        list(1 / np.array(side)) for side in zip(*speeds, strict=True)
    )
    peer = f"Pillow {PIL.__version__} decoding alone"
    sides = (
        ("streamed", own, f"one core x {cores}", [seconds / cores for seconds in alone]),
        ("streamed", own, f"{cores} cores at once", together),
        ("into a batch, one core", batches, "one core", alone),
        ("into a batch and shared memory, one core", shared, "one core", alone),
    )
    rows = [
        [
            *(f"imagenette_224, batch {BATCH}, {case}", "cpu"),
            *turns.ratio(seconds, f"{peer}, {where}", theirs, 1),
        ]
        for case, seconds, where, theirs in sides
    ]
    turns.write("input_pipeline", rows)


if __name__ == "__main__":
    main()
