"""What ImageNet-1k would cost, on paper: `python -m benchmarks.scale`.

Measures on this machine what one core decodes and describes of photographs, and what its device
computes; the rest is arithmetic, written with it to benchmarks/results/scale.md. For machines that
are not at hand there are the figures of a data sheet, and the page says so.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import joblib
import numpy as np
import skimage.data
from joblib import parallel_config
from PIL import Image

from benchmarks.parts import turns
from models import counting
from pipeline.evaluation import device as jax_device
from pipeline.ingest.photographs import decode
from pipeline.stage import blueprints, machine, plugins

RESULTS = turns.RESULTS / "scale.md"
IMAGES, CLASSES, SIZE = 1_281_167, 1000, 224  # ILSVRC 2012, training images
ORIGINAL = (500, 375)  # pixels, the usual size of its photographs (400 x 350 on average)
EPOCHS = 90
NETWORKS = ("alexnet", "resnet34")
FEATURES = {"hog": {"pixels_per_cell": 8}, "spatial_pyramid": {"words": 100}}
DEVICES = (1, 8, 64)
CORES = 16  # of the host, for each device
BATCH = 256  # of each device
PASSES = 3  # forward, gradient of the inputs, gradient of the weights: each one times the MACs
TURNS = 7


class Device(NamedTuple):
    """What a device computes, in multiply-accumulates a second, and moves, in bytes a second.

    `link` is the way from its host, `near` that to seven others beside it, `far` that to others.
    """

    name: str
    macs: float
    cores: int
    counts: tuple[int, ...] = (1,)
    link: float = math.inf
    near: float = math.inf
    far: float = math.inf


# NVIDIA H200 SXM, data sheet: bfloat16 1,979 TFLOP/s with sparsity, half of it without, 2 FLOP a
# multiply-accumulate; PCIe generation 5, 128 GB/s, and NVLink, 900 GB/s, both directions together.
# Between hosts 400 Gbit/s of InfiniBand a device, as in NVIDIA's DGX.
H200 = Device(
    "H200, bfloat16, half of its peak",
    macs=0.5 * 989.5e12 / 2,
    cores=CORES,
    counts=DEVICES,
    link=64e9,
    near=450e9,
    far=50e9,
)


def median_rate(work: Callable[[], int]) -> float:
    """Do some work in turns; return the median of how much is done a second, the first apart."""
    work()
    rates = []
    for _ in range(TURNS):
        begin = time.perf_counter()
        done = work()
        rates.append(done / (time.perf_counter() - begin))
    return float(np.median(rates))


def photographs() -> list[Image.Image]:
    """Return scikit-image's bundled photographs in the usual size of ImageNet's."""
    scenes = (skimage.data.astronaut(), skimage.data.chelsea(), skimage.data.coffee())
    return [Image.fromarray(scene).resize(ORIGINAL) for scene in scenes]


def decoding_rate() -> float:
    """Return how many photographs one core decodes a second, brought to `SIZE`."""
    encoded = []
    for photograph in photographs():
        with io.BytesIO() as stream:
            photograph.save(stream, format="jpeg", quality=90)
            encoded.append(stream.getvalue())

    def work() -> int:
        for content in 10 * encoded:
            decode(content, "a photograph", SIZE)
        return 10 * len(encoded)

    return median_rate(work)


def feature_cost(name: str) -> tuple[float, int]:
    """Return how many photographs one core describes a second, and how many numbers each has."""
    images = np.stack([np.asarray(photo.resize((SIZE, SIZE))) for photo in 4 * photographs()])
    feature = plugins.load("features", name).Feature(**FEATURES[name]).fit(images)

    def work() -> int:
        return len(feature.transform(images))

    with parallel_config("threading", n_jobs=1):
        return median_rate(work), feature.transform(images[:1]).shape[1]


def this_device() -> Device:
    """Measure the matrix product of this process's device."""
    dtype = "bfloat16" if jax_device.accelerator() else "float32"
    macs = jax_device.peak_flops(dtype) / 2
    return Device(f"{jax_device.name()}, {dtype}", macs, joblib.cpu_count())


def hours(network: str, device: Device, count: int, decoding: float) -> dict[str, float]:
    """Return what training would take if only this were to be done."""
    plan = blueprints.network_of(network, (SIZE, SIZE, 3), CLASSES, {})
    images = EPOCHS * IMAGES / count  # of each device
    # Sent and received by every device in a ring, once a step.
    gradients = 2 * 4 * counting.parameters(plan) * (count > 1)
    seconds = {
        "arithmetic": images * PASSES * counting.macs(plan) / device.macs,
        "decoding": images / (device.cores * decoding),
        "images to the device": images * SIZE**2 * 3 / device.link,
        "gradients": images / BATCH * gradients / (device.near if count <= 8 else device.far),
    }
    return {what: value / 3600 for what, value in seconds.items()}


def network_rows(device: Device, decoding: float) -> Iterator[list[str]]:
    """Yield what training takes, which part binds, and how many cores would keep up."""
    for name in NETWORKS:
        for count in device.counts:
            found = hours(name, device, count, decoding)
            cores = device.cores * found["decoding"] / found["arithmetic"]
            yield [
                f"{name}, {EPOCHS} epochs",
                f"{count} x {device.name}",
                *(f"{value:.2g}" if value else "-" for value in found.values()),
                max(found, key=found.__getitem__),
                f"{math.ceil(cores)}",
            ]


def feature_rows(decoding: float) -> Iterator[list[str]]:
    """Yield what a feature takes on the hosts of so many devices, and how large it becomes."""
    for name in FEATURES:
        rate, length = feature_cost(name)
        for count in DEVICES:
            cores = count * CORES
            yield [
                f"{name}, {length:,} numbers",
                f"{cores:,} cores",
                f"{IMAGES / (cores * rate) / 3600:.3g}",
                f"{IMAGES / (cores * decoding) / 3600:.3g}",
                f"{IMAGES * length * 4 / 1e9:,.0f}",
            ]


def table(headings: list[str], rows: list[list[str]]) -> str:
    """Write a Markdown table."""
    lines = [headings, ["---", *["---:"] * (len(headings) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Measure, calculate, write the page."""
    decoding = decoding_rate()
    own = this_device()
    networks = [row for device in (own, H200) for row in network_rows(device, decoding)]
    parts = [f"{what}, h" for what in hours(NETWORKS[0], own, 1, decoding)]
    features = list(feature_rows(decoding))
    page = TEMPLATE.format(
        machine=machine.description()["machine"],
        decoding=decoding,
        original="{} x {}".format(*ORIGINAL),
        own=own,
        gigamacs=own.macs / 1e9,
        networks=table(["network", "on", *parts, "binds", "cores to keep up"], networks),
        features=table(["feature", "on", "feature, h", "decoding, h", "matrix, GB"], features),
        cores=CORES,
        batch=BATCH,
    )
    RESULTS.write_text(page, encoding="utf-8")
    print(page)


TEMPLATE = """\
# ImageNet-1k on paper

Written by `python -m benchmarks.scale` on {machine}.
Measured there: one core decodes {decoding:,.0f} JPEG photographs of {original} pixels a second to
224 x 224; the device ({own.name}) makes {gigamacs:,.0f} thousand million multiply-accumulates a
second in a matrix product, more than a network reaches. Of the H200 only its data sheet is known.

## Networks

Hours for 90 epochs of 1,281,167 images, if only this had to be done; {batch} images a step and
device, {cores} host cores beside every H200. Last column: cores for each device, so that decoding
keeps up.

{networks}

On a fast device decoding binds, not arithmetic; over several hosts a network of many parameters and
little arithmetic, AlexNet, waits for its gradients. The way from host to device is wide enough,
since images travel as bytes. What the design does about it: images are decoded in one process a
core, ahead of the device (`stream: true`); what fits into a device's memory is decoded once and
stays there as bytes for all epochs and seeds (Imagenette does; ImageNet at 224 pixels, 193 GB, does
not). What it does not: store images smaller than they came, or send gradients in bfloat16.

## Features with a linear classifier

{features}

Extraction spreads over any number of cores (`HINDSIGHT_DASK`). The fit does not: it wants the
whole matrix in the memory of one machine, and a product of the matrix with itself. That limits the
classical side: the spatial pyramid's fits into 16 GB; HOG's, with cells of 16 pixels (6,084
numbers, 31 GB), into 64 GB; as in the table only into 256 GB.
"""


if __name__ == "__main__":
    main()
