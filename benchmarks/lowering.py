"""How convolutions and steps are best computed here: `python -m benchmarks.lowering`.

Writes benchmarks/results/lowering.csv: the figures behind models/layers/convolution.py, the loop
over steps in models/training/program.py, and the large pages in dvc.yaml.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.parts import turns
from models.layers import convolution
from models.networks import cuda_convnet, lenet5, lenet_1989, mlp, mlp2, resnet20
from models.training.blueprint import Blueprint
from models.training.program import program
from models.training.recipe import Recipe
from pipeline.stage import machine
from pipeline.stage.environment import threads
from pipeline.throughput_network import training

COLUMNS = ("what", "way", "ms", "ms_low", "ms_high", "pages", "machine")
Calls = dict[tuple[str, str], Callable[[], object]]  # by what is computed, and how

BATCH = 128
# Rows and columns (padding included), channels, filters, side of the kernel.
LAYERS = {
    "LeNet-5 C1": (32, 1, 6, 5),
    "LeNet-5 C3": (14, 6, 16, 5),
    "cuda-convnet, first": (36, 3, 32, 5),
    "cuda-convnet, second": (20, 32, 32, 5),
    "ResNet-20, 16 channels": (34, 16, 16, 3),
    "ResNet-20, 32 channels": (18, 32, 32, 3),
    "ResNet-20, 64 channels": (10, 64, 64, 3),
}
# Other ways to compute a convolution that XLA may be told to take: its default is YNNPACK's.
LIBRARIES: dict[str, dict[str, bool | str]] = {
    "lax, oneDNN": {"xla_cpu_use_onednn": True},
    "lax, XNNPACK": {"xla_cpu_use_xnnpack": True},
    "lax, YNNPACK": {
        "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_INDIVIDUAL_CONVOLUTION"
    },
}
NETWORKS = {lenet5: 32, lenet_1989: 1, mlp: 32, mlp2: 32, cuda_convnet: 32}
STEPS = 24
WIDEST = max(side for side, *_ in LAYERS.values())


def tiled(tile: int) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """Return the project's convolution with tiles of another width, or with 0 XLA's own."""

    def convolve(images: jax.Array, bank: jax.Array) -> jax.Array:
        convolution.TILE, convolution.FEW_CHANNELS = max(tile, 1), 64 if tile else 0
        try:
            return convolution.convolve(images, bank)
        finally:
            convolution.TILE, convolution.FEW_CHANNELS = 4, 12

    return convolve


def rows_summed(images: jax.Array, bank: jax.Array) -> jax.Array:
    """Convolve by one product for the columns of the kernel, and add up its rows afterwards."""
    rows, columns, channels, filters = bank.shape
    n, height, width, _ = images.shape
    out_height, out_width = height - rows + 1, width - columns + 1
    beside = jnp.concatenate([images[:, :, i : i + out_width] for i in range(columns)], axis=3)
    table = bank.transpose(1, 2, 0, 3).reshape(columns * channels, rows * filters)
    product = (beside.reshape(-1, columns * channels) @ table).reshape(
        n, height, out_width, rows, filters
    )
    shifted = [product[:, i : i + out_height, :, i] for i in range(rows)]
    return sum(shifted[1:], shifted[0])


def synchronised(step: Callable[..., object], *arguments: jax.Array) -> object:
    """Call and wait for the result."""
    return jax.block_until_ready(step(*arguments))


def pytorch(images: jax.Array, bank: jax.Array) -> Callable[[], object] | None:
    """Return the same in PyTorch, channels last (oneDNN), or None where there is none."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(threads())
    channels_last = {"memory_format": torch.channels_last}
    order = {"images": (0, 3, 1, 2), "bank": (3, 2, 0, 1)}
    arrays = {"images": images, "bank": bank}
    leaves = [
        torch.tensor(np.asarray(arrays[name]).transpose(order[name])).to(**channels_last)
        for name in arrays
    ]
    for leaf in leaves:
        leaf.requires_grad_()

    def step() -> object:
        loss = torch.nn.functional.conv2d(*leaves).square().sum()
        return torch.autograd.grad(loss, leaves)

    return step


def convolutions() -> Calls:
    """Return every layer, forward and backward, in every way to compute it."""
    ways = {
        "tiles of 4": tiled(4),
        "patches": tiled(1),
        "one band": tiled(WIDEST),
        "rows summed": rows_summed,
        "lax": tiled(0),
    }
    calls: Calls = {}
    for name, (side, channels, filters, kernel) in LAYERS.items():
        shapes = (BATCH, side, side, channels), (kernel, kernel, channels, filters)
        images, bank = (jax.random.normal(jax.random.key(0), shape) for shape in shapes)
        for way, convolve in {**ways, **dict.fromkeys(LIBRARIES, ways["lax"])}.items():

            def loss(
                images: jax.Array,
                bank: jax.Array,
                convolve: Callable[[jax.Array, jax.Array], jax.Array] = convolve,
            ) -> jax.Array:
                return jnp.square(convolve(images, bank)).sum()

            step = jax.jit(jax.value_and_grad(loss, (0, 1)), compiler_options=LIBRARIES.get(way))
            jax.block_until_ready(step(images, bank))
            calls[name, way] = partial(synchronised, step, images, bank)
        if theirs := pytorch(images, bank):
            theirs()
            calls[name, "PyTorch"] = theirs
    return calls


def steps() -> Calls:
    """Return some training steps of every network, called singly and as one loop."""
    calls: Calls = {}
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


@contextmanager
def wide_rows_summed() -> Iterator[None]:
    """Have the layers of many channels convolve by :func:`rows_summed`, where it can."""
    own = convolution.convolve

    def convolve(
        images: jax.Array, kernel: jax.Array, stride: int = 1, padding: int = 0, groups: int = 1
    ) -> jax.Array:
        few = images.shape[-1] <= convolution.FEW_CHANNELS
        if few or stride > 1 or groups > 1 or len(kernel) == 1:
            return own(images, kernel, stride, padding, groups)
        around = ((0, 0), (padding, padding), (padding, padding), (0, 0))
        return rows_summed(jnp.pad(images, around), kernel)

    convolution.convolve = convolve
    try:
        yield
    finally:
        convolution.convolve = own


def whole_networks() -> Calls:
    """Return a few training steps of networks with many channels, convolved in two ways."""
    calls: Calls = {}
    n = 2 * BATCH
    images = np.random.default_rng(0).integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)
    for module in (resnet20, cuda_convnet):
        name = module.__name__.rpartition(".")[2]
        for way, lowering in (("lax", nullcontext), ("rows summed", wide_rows_summed)):
            # What is compiled for one way must not be taken for the other: another learning rate
            # compiles nothing new, another momentum does.
            momentum = 0.9 if way == "lax" else 0.91
            recipe = Recipe(epochs=1, batch_size=BATCH, learning_rate=1e-4, momentum=momentum)
            with lowering():
                prepared = program(Blueprint(module.Network, (32, 32, 3), 10), recipe)
                alone = replace(prepared, steps_per_call=1)
                call, _ = training(alone, recipe, (images, np.arange(n) % 10), np.arange(n))
                call()
            calls[f"steps of {name}, batch {BATCH}", way] = call
    return calls


def measure(pages: str) -> None:
    """Measure all ways in turn, so that the machine's moods are shared; print the medians."""
    writer, where = csv.writer(sys.stdout), machine.description()["machine"]
    for calls, repeats in ((convolutions(), 15), (steps(), 3), (whole_networks(), 9)):
        seconds: dict[tuple[str, str], list[float]] = {name: [] for name in calls}
        for _ in range(repeats):
            for name, call in calls.items():
                begin = time.perf_counter()
                call()
                seconds[name].append(time.perf_counter() - begin)
        for (what, way), own in seconds.items():
            low, median, high = 1000 * np.percentile(own, [10, 50, 90])
            figures = (f"{value:.3g}" for value in (median, low, high))
            writer.writerow([what, way, *figures, pages, where])


def main() -> None:
    """Measure in two processes: glibc reads how large its pages are when one starts."""
    rows: list[list[str]] = []
    for pages, tunables in (("small", ""), ("large", "glibc.malloc.hugetlb=1")):
        command = [sys.executable, "-m", "benchmarks.lowering", pages]
        environment = {**os.environ, "GLIBC_TUNABLES": tunables}
        done = subprocess.run(
            command, env=environment, check=True, stdout=subprocess.PIPE, text=True
        )
        rows += csv.reader(done.stdout.splitlines())
    turns.write("lowering", rows, COLUMNS)


if __name__ == "__main__":
    measure(sys.argv[1]) if sys.argv[1:] else main()
