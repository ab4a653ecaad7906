"""How long two recipes of the table take: `python -m benchmarks.recipes [CASE...]`.

`usps`: the network of 1989 as in its paper, USPS, 23 passes one image at a time, one seed, one
thread, beside the public re-implementation in PyTorch (its author's figure, another machine).
`mnist`: LeNet-5 on MNIST, 20 epochs, three seeds, two threads. Compilation included; `cpu_seconds`
tell what other work on the machine took from the seconds, and what runs beside XLA's one thread.
Files come from HINDSIGHT_MIRROR or the network. Puts its rows into benchmarks/results/recipes.csv.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from typing import Any, NamedTuple

from benchmarks.parts import turns
from pipeline.stage.entry import tool
from pipeline.stage.errors import UserError

COLUMNS = (
    *("case", "threads", "seconds", "cpu_seconds", "target_seconds", "theirs_seconds"),
    *("test_error", "machine"),
)


class Case(NamedTuple):
    """A training, the seconds it should take, and those of the public re-implementation."""

    dataset: str
    size: int
    network: str
    recipe: dict[str, Any]
    threads: int
    target: int
    theirs: int | str


CASES = {
    "usps": Case(
        *("usps", 16, "lenet_1989"),
        {
            "epochs": 23,
            "batch_size": 1,
            "learning_rate": 0.3,
            "learning_rate_by": "fan_in",
            "loss": "squared_error",
            "momentum": 0.0,
            "schedule": "constant",
            "seeds": 1,
        },
        *(1, 8, 167),
    ),
    "mnist": Case(
        *("mnist", 28, "lenet5"),
        {"epochs": 20, "batch_size": 32, "learning_rate": 0.03, "seeds": 3},
        *(2, 150, ""),
    ),
}


def measure(case: str) -> tuple[str, ...]:
    """Train; return the title, threads, seconds, seconds of processors, error, machine."""
    from importlib import import_module

    from models.training import loop
    from models.training.blueprint import Blueprint
    from models.training.recipe import Recipe
    from pipeline.stage import machine

    chosen = CASES[case]
    data = import_module(f"pipeline.datasets.{chosen.dataset}").read(chosen.size)
    kind = import_module(f"models.networks.{chosen.network}").Network
    plan = Blueprint(kind, data.train_images.shape[1:], len(data.class_names))
    recipe = Recipe(**chosen.recipe)
    begin, begin_cpu = time.perf_counter(), time.process_time()
    trained = loop.train(plan, data.train_images, data.train_labels, recipe)
    seconds, on_cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    wrong = trained.scores(data.test_images).argmax(-1) != data.test_labels
    title = f"{chosen.network} on {chosen.dataset}, {recipe.epochs} epochs, seeds: {recipe.seeds}"
    where = str(machine.description()["machine"])
    return (
        title,
        f"{chosen.threads}",
        f"{seconds:.1f}",
        f"{on_cpu:.1f}",
        f"{100 * wrong.mean():.2f} %",
        where,
    )


@tool()
def main() -> int:
    """Measure each case in a process of its own, which pins its threads; return the exit code."""
    if sys.argv[1:2] == ["--one"]:
        csv.writer(sys.stdout).writerow(measure(sys.argv[2]))
        return 0
    if unknown := set(sys.argv[1:]) - set(CASES):
        raise UserError(f"found {', '.join(unknown)}; expected some of {', '.join(CASES)}")
    for case in sys.argv[1:] or CASES:
        chosen = CASES[case]
        command = [sys.executable, "-m", "benchmarks.recipes", "--one", case]
        environment = {**os.environ, "HINDSIGHT_THREADS": f"{chosen.threads}"}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            return done.returncode
        title, threads, seconds, on_cpu, wrong, where = next(csv.reader([done.stdout]))
        goals = f"{chosen.target}", f"{chosen.theirs}"
        turns.put("recipes", [[title, threads, seconds, on_cpu, *goals, wrong, where]], COLUMNS)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
