"""How convolutions and steps are best computed here: `python benchmarks/lowering.py`.

Writes benchmarks/results/lowering.csv: the figures behind models/layers/convolution.py, the loop
over steps in models/training/program.py, and the large pages in dvc.yaml.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("GLIBC_TUNABLES", "")

import pipeline  # noqa: E402, F401 (pins the threads)

RESULTS = ROOT / "benchmarks/results/lowering.csv"

if "again" not in sys.argv:  # glibc reads it when a process starts
    RESULTS.unlink(missing_ok=True)
    for pages in ("", "glibc.malloc.hugetlb=1"):
        environment = {**os.environ, "GLIBC_TUNABLES": pages}
        subprocess.run([sys.executable, __file__, "again"], env=environment, check=True)
    raise SystemExit(0)

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

from models.layers import convolution  # noqa: E402
from models.networks import cuda_convnet, lenet5, lenet_1989, mlp, mlp2  # noqa: E402
from models.training.blueprint import Blueprint  # noqa: E402
from models.training.program import program  # noqa: E402
from models.training.recipe import Recipe  # noqa: E402
from pipeline.stage import machine  # noqa: E402
from pipeline.throughput_network import training  # noqa: E402

BATCH = 128
# Rows and columns (padding included), channels, filters, side of the kernel.
LAYERS = {
    "LeNet-5 C1": (32, 1, 6, 5),
    "LeNet-5 C3": (14, 6, 16, 5),
    "cuda-convnet, first": (36, 3, 32, 5),
    "cuda-convnet, second": (20, 32, 32, 5),
}
NETWORKS = {lenet5: 32, lenet_1989: 1, mlp: 32, mlp2: 32, cuda_convnet: 32}
STEPS = 24


def convolutions() -> dict[tuple[str, str], Callable[[], object]]:
    """Return every layer, forward and backward, in every way to compute it."""
    calls = {}
    for name, (side, channels, filters, kernel) in LAYERS.items():
        shapes = (BATCH, side, side, channels), (kernel, kernel, channels, filters)
        images, bank = (jax.random.normal(jax.random.key(0), shape) for shape in shapes)
        for way, tile in (("tiles of 4", 4), ("patches", 1), ("one band", side), ("lax", 0)):

            def loss(images: jax.Array, bank: jax.Array, tile: int = tile) -> jax.Array:
                convolution.TILE = max(tile, 1)
                convolution.FEW_CHANNELS = 64 if tile else 0
                return jnp.square(convolution.convolve(images, bank)).sum()

            step = jax.jit(jax.value_and_grad(loss, (0, 1)))
            jax.block_until_ready(step(images, bank))
            calls[name, way] = lambda step=step, a=images, b=bank: jax.block_until_ready(step(a, b))
    convolution.TILE, convolution.FEW_CHANNELS = 4, 12
    return calls


def steps() -> dict[tuple[str, str], Callable[[], object]]:
    """Return some training steps of every network, called singly and as one loop."""
    calls = {}
    for module, size in NETWORKS.items():
        n = STEPS * size
        images = np.random.default_rng(0).integers(0, 256, (n, 32, 32, 1), dtype=np.uint8)
        recipe = Recipe(epochs=1, batch_size=size, learning_rate=1e-4)
        prepared = program(Blueprint(module.Network, (32, 32, 1), 10), recipe)
        name = module.__name__.rpartition(".")[2]
        for way, together in (("single steps", 1), ("one loop", STEPS)):
            changed = replace(prepared, steps_per_call=together)
            call, _ = training(changed, recipe, (images, np.arange(n) % 10), np.arange(n))
            call()
            calls[f"{STEPS} steps of {name}, batch {size}", way] = call
    return calls


def main() -> None:
    """Measure all ways in turn, so that the machine's moods are shared; append the medians."""
    rows = []
    for calls, repeats in ((convolutions(), 15), (steps(), 3)):
        seconds: dict[tuple[str, str], list[float]] = {name: [] for name in calls}
        for _ in range(repeats):
            for name, call in calls.items():
                begin = time.perf_counter()
                call()
                seconds[name].append(time.perf_counter() - begin)
        for (what, way), own in seconds.items():
            low, median, high = 1000 * np.percentile(own, [10, 50, 90])
            rows.append([what, way, f"{median:.3g}", f"{low:.3g}", f"{high:.3g}"])
    pages = "large" if "hugetlb" in os.environ["GLIBC_TUNABLES"] else "small"
    new = not RESULTS.exists()
    with RESULTS.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(["what", "way", "ms", "ms_low", "ms_high", "pages", "machine"])
        writer.writerows([*row, pages, machine.description()["machine"]] for row in rows)


if __name__ == "__main__":
    main()
