"""The one training loop: a network, images and a recipe in; learned arrays and a curve out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh
from numpy.typing import NDArray
from tqdm import tqdm

from models.training import devices
from models.training import program as programs
from models.training.blueprint import Blueprint
from models.training.checkpoints import Checkpoints
from models.training.data import Images, Normalisation, Order
from models.training.program import Learned, Pace, Progress
from models.training.recipe import Recipe
from models.training.source import Resident, Streamed, parts, source

SECONDS_BETWEEN_SAVES = 15.0
SECONDS_WORTH_KEEPING = 5.0  # a finished run of one seed, while others are still to come
PREDICTION_BATCH = 512


class Trained(NamedTuple):
    """What training leaves.

    Attributes
    ----------
    program : Program
    learned : Learned
        The networks after the last epoch, stacked over seeds.
    normalisation : Normalisation
    curve : float32 array [seeds, epochs, 2]
        Mean loss and accuracy over each epoch's training images, while they are being learned.
    seconds : float
        Wall-clock time of all seeds, compilation included.
    """

    program: programs.Program
    learned: Learned
    normalisation: Normalisation
    curve: NDArray[np.float32]
    seconds: float

    @property
    def diverged(self) -> bool:
        """Whether a loss became infinite or no number."""
        return not bool(np.isfinite(self.curve).all())

    def scores(self, images: Images, rows: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """Score every image with every seed's network.

        Parameters
        ----------
        images : uint8 array or Encoded [n, height, width, channels]
        rows : int array, optional
            Score these images only.

        Returns
        -------
        float32 array [seeds, n, classes]
        """
        rows = np.arange(len(images)) if rows is None else rows
        found = []
        for part in parts(images, rows, PREDICTION_BATCH):
            # One shape, one compilation: the last batch is filled up and cut again.
            full = np.resize(part, (PREDICTION_BATCH, *part.shape[1:]))
            scores = programs.predict(self.program, self.learned, self.normalisation, full)
            found.append(np.asarray(scores)[:, : len(part)])
        return np.concatenate(found, axis=1)


class Run(NamedTuple):
    """What a checkpoint holds: the arrays, the curve so far and the seconds spent."""

    progress: Progress
    curve: NDArray[np.float32]
    seconds: Any


def train(
    blueprint: Blueprint,
    images: Images,
    labels: NDArray[np.int64],
    recipe: Recipe,
    *,
    rows: NDArray[np.int64] | None = None,
    seeds: Sequence[int] | None = None,
    checkpoints: Path | None = None,
    label: str = "train",
) -> Trained:
    """Train a network from each seed.

    Parameters
    ----------
    blueprint : Blueprint
    images : uint8 array or Encoded [n, height, width, channels]
        Encoded images are streamed, in the same order and to the same result.
    labels : int array [n]
    recipe : Recipe
    rows : int array, optional
        Train on these images only.
    seeds : sequence of int, optional
        By default ``range(recipe.seeds)``.
    checkpoints : Path, optional
        A folder for this run alone. If it holds a checkpoint, training goes on from there and
        ends with the same bytes as if it had never stopped.
    label : str
        Shown before the progress bar.

    Returns
    -------
    Trained
    """
    rows = np.arange(len(images)) if rows is None else rows
    seeds = list(range(recipe.seeds) if seeds is None else seeds)
    program = programs.program(blueprint, recipe)
    mesh = devices.mesh(recipe.batch_size)
    supply = source(images, labels, rows, mesh)
    # On a CPU one seed after the other: together they would only need more memory.
    size = len(seeds) if jax.default_backend() != "cpu" else 1
    groups = [seeds[first : first + size] for first in range(0, len(seeds), size)]
    runs = []
    for group in groups:
        name = "-".join(map(str, group))
        saved = Checkpoints(checkpoints and checkpoints / name)
        order = Order(group, rows, recipe)
        runs.append(_train_group(program, supply, order, saved, mesh, f"{label} seed {name}"))
    learned, curves, seconds = zip(*runs, strict=True)
    curve = np.concatenate(curves)
    return Trained(program, programs.join(learned), supply.data.normalisation, curve, sum(seconds))


def _train_group(
    program: programs.Program,
    supply: Resident | Streamed,
    order: Order,
    checkpoints: Checkpoints,
    mesh: Mesh,
    label: str,
) -> tuple[Learned, NDArray[np.float32], float]:
    """Train the seeds of one group at once; return their networks, curves and seconds."""
    begin = time.monotonic()
    pace = Pace(order.recipe.learning_rate, len(order), np.asarray(order.seeds, np.uint32))
    program = replace(program, steps_per_call=supply.steps_per_call(program.steps_per_call, order))
    done, run = checkpoints.restore(_start(program, pace, order.recipe.epochs))
    run = run._replace(progress=devices.copied(run.progress, mesh))
    before = float(run.seconds)

    def save_if_due(seconds: float) -> None:
        if checkpoints.due(seconds):
            checkpoints.save(done, run._replace(seconds=before + time.monotonic() - begin))

    with (
        closing(supply.calls(order, done, program.steps_per_call)) as calls,
        tqdm(total=len(order), initial=done, desc=label, unit="step", disable=None) as bar,
    ):
        for batches in calls:
            save_if_due(SECONDS_BETWEEN_SAVES)
            supply.wait(run.progress)
            progress = programs.advance(program, supply.data, pace, run.progress, batches)
            run = run._replace(progress=progress)
            done += len(batches.steps)
            bar.update(len(batches.steps))
            if done % order.steps == 0:
                epoch = done // order.steps - 1
                run = _end_epoch(run, epoch, len(order.rows), mesh)
                if not np.isfinite(run.curve[:, epoch, 0]).any():
                    run.curve[:, epoch:] = np.nan  # every seed has diverged: the rest would stay so
                    break
    save_if_due(SECONDS_WORTH_KEEPING)
    return run.progress.learned, run.curve, before + time.monotonic() - begin


def _start(program: programs.Program, pace: Pace, epochs: int) -> Run:
    """Return the state before the first step."""
    seeds = np.asarray(pace.seeds)
    curve = np.zeros((len(seeds), epochs, 2), np.float32)
    return Run(programs.start(program, seeds), curve, np.zeros(()))


def _end_epoch(run: Run, epoch: int, images: int, mesh: Mesh) -> Run:
    """Note the epoch's mean loss and accuracy, and start new sums."""
    progress = run.progress
    run.curve[:, epoch] = np.stack([progress.loss, progress.correct], axis=-1) / images
    # Two arrays of zeros: one buffer must not be donated twice.
    loss, correct = (devices.copied(np.zeros(len(run.curve), np.float32), mesh) for _ in range(2))
    return run._replace(progress=progress._replace(loss=loss, correct=correct))
