"""The input pipeline alone beside JPEG decoding alone: `python benchmarks/input_pipeline.py`.

Imagenette at 224 pixels from HINDSIGHT_MIRROR, recorded, then streamed in batches in the order of
a training run. The peer is one core that only decodes (Pillow, to RGB), times the cores: what no
pipeline can exceed; the target is 0.8 of it. Both in turns, each from warm files. Writes
benchmarks/results/input_pipeline.csv; a ratio above 1 means ours is faster.
"""

from __future__ import annotations

import csv
import io
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import joblib  # noqa: E402
import numpy as np  # noqa: E402
import PIL  # noqa: E402
from PIL import Image  # noqa: E402

from models.training.data import Order  # noqa: E402
from models.training.recipe import Recipe  # noqa: E402
from models.training.source import stream  # noqa: E402
from pipeline.datasets import folder  # noqa: E402
from pipeline.ingest.records import Records  # noqa: E402
from pipeline.stage import machine  # noqa: E402

RESULTS = ROOT / "benchmarks/results/input_pipeline.csv"
SOURCE = "imagenette/imagenette2-224.tar.gz"
BATCH = 128
BATCHES = 32  # a turn
ALONE = 512  # images that one core decodes in a turn
TURNS = 9
COLUMNS = (
    *("case", "device", "ours", "peer", "theirs", "ratio", "ratio_low", "ratio_high"),
    *("unit", "machine"),
)


def decoding_alone(images: Records) -> Callable[[], float]:
    """Return a call that decodes images on one core and returns its images a second."""
    rows = np.random.default_rng(0).permutation(len(images))[:ALONE]
    contents = [content for _, content in images.read(rows)]

    def decode() -> float:
        begin = time.perf_counter()
        for content in contents:
            with Image.open(io.BytesIO(content)) as image:
                np.asarray(image.convert("RGB"))
        return ALONE / (time.perf_counter() - begin)

    return decode


def streaming(images: Records) -> Callable[[], float]:
    """Return a call that streams batches and returns images a second, start of workers apart."""
    rows, recipe = np.arange(len(images)), Recipe(epochs=100, batch_size=BATCH)
    warm_up = 4 * joblib.cpu_count()  # until every worker's first batches have been taken

    def batches() -> float:
        with closing(stream(images, Order([0], rows, recipe))) as decoded:
            for _ in range(warm_up):
                next(decoded)
            begin = time.perf_counter()
            for _ in range(BATCHES):
                next(decoded)
            return BATCHES * BATCH / (time.perf_counter() - begin)

    return batches


def main() -> None:
    """Measure in turns and write the table."""
    with tempfile.TemporaryDirectory() as place:
        images = folder.record(224, Path(place), source=SOURCE).train_images
        ours, theirs = streaming(images), decoding_alone(images)
        speeds = np.array([(ours(), theirs()) for _ in range(TURNS)])
    cores = joblib.cpu_count()
    low, ratio, high = np.percentile(speeds[:, 0] / (cores * speeds[:, 1]), [10, 50, 90])
    speed, alone = np.median(speeds, axis=0)
    row = [
        *(f"imagenette_224, batch {BATCH}", "cpu", f"{speed:.0f}"),
        *(f"Pillow {PIL.__version__} decoding on one core x {cores} cores", f"{cores * alone:.0f}"),
        *(f"{ratio:.2f}", f"{low:.2f}", f"{high:.2f}", "images/s"),
        machine.description()["machine"],
    ]
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([COLUMNS, row])
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
