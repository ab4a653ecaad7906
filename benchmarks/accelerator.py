"""What only an accelerator can do: `python -m benchmarks.accelerator`.

LeNet-5's epochs on as many images as MNIST has, ten seeds at once beside one; and the seconds from
drawn weights to 99 % of MNIST's test images, the median over ten runs; compilation, scoring and the
images' way to the device apart. (The number of epochs is the first at which the mean over the seeds
is there.) MNIST comes from HINDSIGHT_MIRROR or the network. Puts its rows into
benchmarks/results/accelerator.csv, one after the other; `--missing` leaves out those that it has of
this device. A CPU has nothing to say here: `--here` only tries the program out, on a few random
images.
"""

from __future__ import annotations

import sys
from functools import partial

import numpy as np

from benchmarks.parts import turns
from models.networks import lenet5, lenet5_modern
from models.training import loop
from models.training.blueprint import Blueprint
from models.training.program import program
from models.training.recipe import Recipe
from pipeline.evaluation import device
from pipeline.stage import machine
from pipeline.stage.entry import tool
from pipeline.stage.errors import UserError
from pipeline.throughput_network import training

Images = np.ndarray

EPOCH = "lenet5, an epoch"
RUN = "seconds to 99 % on MNIST"

GOAL = 0.99
SEEDS = 10
MOST_EPOCHS = 6
RECORD = 0.76  # seconds: a public record on an older card


def epoch(seeds: int, images: Images, labels: Images) -> turns.Call:
    """Return a call that trains so many LeNet-5 at once for an epoch."""
    recipe = Recipe(epochs=1, batch_size=128, learning_rate=1e-3)
    prepared = program(Blueprint(lenet5.Network, images.shape[1:], 10), recipe)
    train, _ = training(prepared, recipe, (images, labels), np.arange(len(images)), seeds)
    return train


def seeds_at_once(images: Images, labels: Images) -> list[str]:
    """Compare ten seeds at once with ten times one of them."""
    ten, one = epoch(SEEDS, images, labels), epoch(1, images, labels)
    for call in (ten, one):
        turns.seconds(call), turns.seconds(call)
    taken = [(turns.seconds(ten), SEEDS * turns.seconds(one)) for _ in range(9)]
    ours, theirs = (list(side) for side in zip(*taken, strict=True))
    case = f"{EPOCH} of {len(images):,} images, {SEEDS} seeds"
    cells = turns.ratio(ours, "one seed after the other", theirs, SEEDS * len(images))
    return [case, device.name(), *cells]


def seconds_to(goal: float, train: tuple[Images, Images], test: tuple[Images, Images]) -> list[str]:
    """Measure how long one network trains until it names so many test images rightly."""
    # In so few epochs dropout only costs some.
    plan = Blueprint(lenet5_modern.Network, train[0].shape[1:], 10, (("dropout", 0.0),))
    run = partial(loop.train, plan, *train)
    for epochs in range(1, MOST_EPOCHS + 1):
        recipe = Recipe(epochs=epochs, batch_size=256, learning_rate=0.05, warmup=0.1)
        run(recipe, seeds=[0])  # compiles
        trained = [run(recipe, seeds=[seed]) for seed in range(SEEDS)]
        right = [float((one.scores(test[0])[0].argmax(-1) == test[1]).mean()) for one in trained]
        if np.mean(right) >= goal:
            break
    else:
        raise UserError(f"{100 * np.mean(right):.2f} % after {epochs} epochs, expected {goal:.0%}")
    taken = [one.seconds for one in trained]
    low, ours, high = np.percentile(taken, [10, 50, 90])
    ratios = [f"{RECORD / seconds:.2f}" for seconds in (ours, high, low)]
    peer = f"public record on an older card; ours {100 * np.mean(right):.2f} %, {epochs} epochs"
    return [
        *(RUN, device.name(), f"{ours:.3g}", peer, f"{RECORD}", *ratios),
        *("s", str(machine.description()["machine"])),
    ]


@tool()
def main() -> int:
    """Measure both and put them into the table; return the exit code."""
    if device.accelerator():
        from pipeline.datasets import mnist

        data = mnist.read(28)
        train, test = (data.train_images, data.train_labels), (data.test_images, data.test_labels)
        there = turns.cases("accelerator", device.name())
        cases = {EPOCH: partial(seeds_at_once, *train), RUN: partial(seconds_to, GOAL, train, test)}
        for title, measured in cases.items():
            if "--missing" not in sys.argv or not any(case.startswith(title) for case in there):
                turns.put("accelerator", [measured()])
    elif "--here" in sys.argv:
        images = np.random.default_rng(0).integers(0, 256, (256, 28, 28, 1), dtype=np.uint8)
        few = images, np.arange(256) % 10
        print(seeds_at_once(*few), seconds_to(0.0, few, few), sep="\n")
    else:
        print("accelerator: skipped, there is none")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
