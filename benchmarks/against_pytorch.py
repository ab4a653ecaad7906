"""Training and inference beside PyTorch: `python -m benchmarks.against_pytorch [NETWORK...]`.

It wants `pip install torch==2.13.0` (the CPU build; on a machine with a GPU its own). Same
networks, batches, number types and optimizer, data in memory, all sides in one run and in turns;
ours normalises the images as part of its work, PyTorch gets them normalised. On a GPU both sides
may multiply float32 as TF32 and try out algorithms of convolution first; `torch.compile` is in its
default mode. Without names a CPU measures the networks for small images alone; `--missing` leaves
out those that the table has of this device and version of JAX. Puts its rows into
benchmarks/results/against_pytorch.csv (with a GPU against_pytorch_gpu.csv), network by network; a
ratio above 1 means ours is faster.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import NamedTuple

from pipeline.stage.environment import threads

try:
    import torch
    from torch import nn
    from torch.nn import functional
except ModuleNotFoundError:
    print("against_pytorch: skipped, PyTorch is not installed (pip install torch==2.13.0)")
    raise SystemExit(0) from None

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.parts import torch_networks, turns
from benchmarks.parts.turns import Call
from models import counting
from models.training import program as programs
from models.training.blueprint import Blueprint
from models.training.data import Normalisation
from models.training.recipe import Recipe
from pipeline.evaluation import device
from pipeline.throughput_network import training

Images = np.ndarray
ON_GPU = jax.default_backend() != "cpu"
WHERE = torch.device("cuda" if ON_GPU else "cpu")
BETWEEN = 1024  # different images; a GPU's caches hold none of the larger ones


class Case(NamedTuple):
    """What is run of a network.

    Attributes
    ----------
    shape : tuple of int
        Height, width, channels.
    classes, batch : int
    steps : int
        Of one call.
    dtype : str
        Of activations and gradients; weights are float32.
    """

    shape: tuple[int, int, int]
    classes: int
    batch: int
    steps: int
    dtype: str = "float32"


SMALL = {
    "lenet5": Case((32, 32, 1), 10, 128, 469 if ON_GPU else 48),  # an epoch of MNIST
    "cuda_convnet": Case((32, 32, 3), 10, 128, 200 if ON_GPU else 4),
    "resnet20": Case((32, 32, 3), 10, 128, 100 if ON_GPU else 2),
}
LARGE = {
    name: Case((224, 224, 3), 1000, *((batch, 20, "bfloat16") if ON_GPU else (on_cpu, 1)))
    for name, batch, on_cpu in (("alexnet", 512, 16), ("resnet34", 256, 8), ("vgg19", 128, 2))
}


def ours(plan: Blueprint, images: Images, labels: Images, case: Case) -> tuple[Call, Call]:
    """Return calls that train for some steps, and that predict one batch."""
    recipe = Recipe(
        epochs=1,
        batch_size=case.batch,
        learning_rate=1e-3,
        schedule="constant",
        dtype=case.dtype,
    )
    prepared = programs.program(plan, recipe)
    rows = np.resize(np.arange(len(images)), case.steps * case.batch)
    train, _ = training(prepared, recipe, (images, labels), rows)
    learned = programs.start(prepared, np.zeros(1, np.uint32)).learned
    normalisation = jax.device_put(Normalisation.of(images))
    batch = jnp.asarray(images[: case.batch])
    predict = jax.jit(partial(programs.predict, prepared))
    return train, lambda: jax.block_until_ready(predict(learned, normalisation, batch))


def theirs(
    model: nn.Module, images: Images, labels: Images, case: Case, *, compiled: bool
) -> tuple[Call, Call]:
    """Return the same calls of PyTorch, channels last, the images normalised beforehand."""
    layout, dtype = torch.channels_last, getattr(torch, case.dtype)
    normal = (images - images.mean()) / images.std()
    pixels = torch.tensor(normal, dtype=dtype, device=WHERE).permute(0, 3, 1, 2)
    pixels = pixels.contiguous(memory_format=layout)
    targets = torch.tensor(labels, device=WHERE)
    model = model.to(WHERE, memory_format=layout)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    run = torch.compile(model) if compiled else model
    rows = np.resize(np.arange(len(images)), case.steps * case.batch)
    order = np.random.default_rng(0).permutation(rows).reshape(case.steps, case.batch)
    batches = torch.tensor(order, device=WHERE)
    mixed = partial(torch.autocast, WHERE.type, dtype, enabled=case.dtype != "float32")

    def train() -> None:
        model.train()
        for batch in batches:
            optimizer.zero_grad()
            with mixed():
                loss = functional.cross_entropy(run(pixels[batch]), targets[batch])
            loss.backward()
            optimizer.step()
        finish()

    def predict() -> None:
        model.eval()
        with torch.inference_mode(), mixed():
            run(pixels[: case.batch])
        finish()

    return train, predict


def finish() -> None:
    """Wait for the device."""
    if ON_GPU:
        torch.cuda.synchronize()


def same_size(name: str, plan: Blueprint, model: nn.Module) -> None:
    """Stop where the two networks have another number of parameters."""
    count = sum(parameter.numel() for parameter in model.parameters())
    if count != counting.parameters(plan):
        raise SystemExit(f"{name}: {count} parameters in PyTorch, {counting.parameters(plan)} here")


def compare(name: str, case: Case) -> list[list[str]]:
    """Measure one network; return its rows."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (BETWEEN, *case.shape), dtype=np.uint8)
    labels = generator.integers(0, case.classes, BETWEEN)
    network = import_module(f"models.networks.{name}").Network
    plan = Blueprint(network, case.shape, case.classes)
    make: Callable[[], nn.Module] = getattr(torch_networks, name)
    same_size(name, plan, make())
    own = ours(plan, images, labels, case)
    peers = {
        f"PyTorch {torch.__version__} {how}": theirs(
            make(), images, labels, case, compiled=how == "torch.compile"
        )
        for how in ("eager", "torch.compile")
    }
    table = []
    for place, (phase, steps) in enumerate((("training", case.steps), ("inference", 1))):
        calls = {peer: both[place] for peer, both in peers.items()}
        title = f"{name}, {phase}, batch {case.batch}, JAX {jax.__version__}"
        title += f", {case.dtype}" if case.dtype != "float32" else ""
        table += turns.rows(title, device.name(), {"": own[place]}, calls, steps * case.batch)
    return table


def main() -> None:
    """Measure the networks that are named, or those that suit the device; write the table."""
    known = SMALL | LARGE
    parser = argparse.ArgumentParser()
    parser.add_argument("networks", nargs="*", metavar="NETWORK")
    parser.add_argument("--missing", action="store_true", help="leave out what the table has")
    words = parser.parse_args()
    if unknown := set(words.networks) - set(known):
        parser.error(f"{', '.join(unknown)}: expected some of {', '.join(known)}")
    torch.set_num_threads(threads())
    if ON_GPU:
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.benchmark = True
    file = "against_pytorch_gpu" if ON_GPU else "against_pytorch"
    version = f"JAX {jax.__version__}"
    there = {case.split(",")[0] for case in turns.cases(file, device.name()) if version in case}
    for name in words.networks or (known if ON_GPU else SMALL):
        if not (words.missing and name in there):
            turns.put(file, compare(name, known[name]))


if __name__ == "__main__":
    main()
