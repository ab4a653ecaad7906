"""Training and inference beside PyTorch: `python benchmarks/against_pytorch.py`.

It wants `pip install torch==2.13.0` (the CPU build). Same networks, batches and optimizer, data in
memory, both sides in one run and in turns. Writes benchmarks/results/against_pytorch.csv; a ratio
above 1 means ours is faster.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pipeline.stage.environment import threads  # noqa: E402 (pins the threads first)

try:
    import torch
    from torch import nn
    from torch.nn import functional
except ModuleNotFoundError:
    print("against_pytorch: skipped, PyTorch is not installed")
    raise SystemExit(0) from None

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

from models import counting  # noqa: E402
from models.networks import cuda_convnet, lenet5, resnet20  # noqa: E402
from models.training import program as programs  # noqa: E402
from models.training.blueprint import Blueprint  # noqa: E402
from models.training.data import Data, Normalisation, shuffled  # noqa: E402
from models.training.recipe import Recipe  # noqa: E402
from pipeline.stage import machine  # noqa: E402

RESULTS = ROOT / "benchmarks/results/against_pytorch.csv"
BATCH = 128
REPEATS = 9
COLUMNS = (
    *("case", "device", "ours", "peer", "theirs", "ratio", "ratio_low", "ratio_high"),
    *("unit", "machine"),
)
Call = Callable[[], object]
Images = np.ndarray


class Block(nn.Module):
    """A residual block of two 3x3 convolutions with the identity past it (option A)."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.stride, self.missing = filters // channels, filters - channels
        self.conv1 = nn.Conv2d(channels, filters, 3, self.stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(filters)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Map [n, channels, height, width] to [n, filters, out_height, out_width]."""
        learned = functional.relu(self.norm1(self.conv1(maps)))
        learned = self.norm2(self.conv2(learned))
        past = maps[:, :, :: self.stride, :: self.stride]
        return functional.relu(learned + functional.pad(past, (0, 0, 0, 0, 0, self.missing)))


def torch_lenet5() -> nn.Module:
    """Return LeNet-5 as `models/networks/lenet5.py` has it."""
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten()),
        *(nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)),
    )


def torch_cuda_convnet() -> nn.Module:
    """Return cuda-convnet's small network."""
    pool = partial(nn.AvgPool2d, 3, 2, ceil_mode=True)
    return nn.Sequential(
        *(nn.Conv2d(3, 32, 5, padding=2), nn.MaxPool2d(3, 2, ceil_mode=True), nn.ReLU()),
        *(nn.Conv2d(32, 32, 5, padding=2), nn.ReLU(), pool()),
        *(nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), pool(), nn.Flatten(), nn.Linear(1024, 10)),
    )


def torch_resnet20() -> nn.Module:
    """Return ResNet-20."""
    widths = [16] * 4 + [32] * 3 + [64] * 3
    return nn.Sequential(
        *(nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()),
        *(Block(*pair) for pair in pairwise(widths)),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)),
    )


# Ours, theirs, channels, and the steps of a call.
NETWORKS = {
    "lenet5": (lenet5.Network, torch_lenet5, 1, 48),
    "cuda_convnet": (cuda_convnet.Network, torch_cuda_convnet, 3, 4),
    "resnet20": (resnet20.Network, torch_resnet20, 3, 2),
}


def ours(plan: Blueprint, images: Images, labels: Images, steps: int) -> tuple[Call, Call]:
    """Return calls that train for some steps, and that predict one batch."""
    recipe = Recipe(epochs=1, batch_size=BATCH, schedule="constant")
    prepared = programs.program(plan, recipe)
    normalisation = Normalisation.of(images)
    data = Data(jnp.asarray(images), jnp.asarray(labels, jnp.int32), normalisation)
    pace = programs.Pace(1e-3, 10**6, np.zeros(1, np.uint32))
    batches = shuffled([0], np.resize(np.arange(len(images)), steps * BATCH), recipe, epoch=0)
    progress = programs.start(prepared, pace.seeds)
    learned = jax.tree.map(jnp.copy, progress.learned)  # the steps give up the others

    def train() -> None:
        nonlocal progress
        progress = programs.advance(prepared, data, pace, progress, batches)
        jax.block_until_ready(progress)

    batch = jnp.asarray(images[:BATCH])
    return train, lambda: jax.block_until_ready(
        programs.predict(prepared, learned, normalisation, batch)
    )


def theirs(
    model: nn.Module, images: Images, labels: Images, steps: int, *, compiled: bool
) -> tuple[Call, Call]:
    """Return the same calls of PyTorch, channels last, the images normalised beforehand."""
    normal = (images - images.mean()) / images.std()
    layout = torch.channels_last
    pixels = torch.tensor(normal, dtype=torch.float32).permute(0, 3, 1, 2)
    pixels = pixels.contiguous(memory_format=layout)
    targets = torch.tensor(labels)
    model = model.to(memory_format=layout)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    run = torch.compile(model) if compiled else model
    order = np.random.default_rng(0).permutation(np.resize(np.arange(len(images)), steps * BATCH))
    batches = torch.tensor(order.reshape(steps, BATCH))

    def train() -> None:
        model.train()
        for batch in batches:
            optimizer.zero_grad()
            functional.cross_entropy(run(pixels[batch]), targets[batch]).backward()
            optimizer.step()

    def predict() -> None:
        model.eval()
        with torch.inference_mode():
            run(pixels[:BATCH])

    return train, predict


def seconds(call: Call) -> float:
    """Time one call."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def compare(name: str) -> list[list[str | float]]:
    """Measure one network; return its rows."""
    network, make, channels, steps = NETWORKS[name]
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (1024, 32, 32, channels), dtype=np.uint8)
    labels = generator.integers(0, 10, len(images))
    plan = Blueprint(network, (32, 32, channels), 10)
    model = make()
    count = sum(parameter.numel() for parameter in model.parameters())
    if count != counting.parameters(plan):
        raise SystemExit(f"{name}: {count} parameters in PyTorch, {counting.parameters(plan)} here")
    sides = {
        "ours": ours(plan, images, labels, steps),
        "eager": theirs(model, images, labels, steps, compiled=False),
        "torch.compile": theirs(make(), images, labels, steps, compiled=True),
    }
    rows: list[list[str | float]] = []
    for place, (phase, size) in enumerate((("training", steps * BATCH), ("inference", BATCH))):
        calls = {side: both[place] for side, both in sides.items()}
        for call in calls.values():
            seconds(call), seconds(call)
        taken = np.array([[seconds(call) for call in calls.values()] for _ in range(REPEATS)])
        for column, peer in list(enumerate(calls))[1:]:
            low, ratio, high = np.percentile(taken[:, column] / taken[:, 0], [10, 50, 90])
            speed = size / np.median(taken, axis=0)
            rows.append(
                [
                    *(f"{name}, {phase}, batch {BATCH}", "cpu", f"{speed[0]:.0f}"),
                    *(f"PyTorch {torch.__version__} {peer}", f"{speed[column]:.0f}"),
                    *(f"{ratio:.2f}", f"{low:.2f}", f"{high:.2f}", "images/s"),
                ]
            )
    return rows


def main() -> None:
    """Measure all networks and write the table."""
    torch.set_num_threads(threads())
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for name in NETWORKS:
            writer.writerows([*row, machine.description()["machine"]] for row in compare(name))
            file.flush()
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
