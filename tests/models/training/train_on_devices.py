"""Train a small network on the devices that there are: `... OUT CHECKPOINTS [RECORDS]`.

A program of its own, since JAX counts its devices once; :mod:`test_devices` starts it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import jax
import numpy as np

from models.networks.lenet5_modern import Network
from models.training import devices, loop
from models.training.blueprint import Blueprint
from models.training.recipe import Recipe
from pipeline.ingest.records import Records


def main(out: str, checkpoints: str, records: str = "") -> None:
    """Train for two epochs; the first host writes curve, scores and the number of devices.

    With RECORDS the images are streamed from there.
    """
    if "SLURM_JOB_ID" in os.environ:
        devices.join_hosts()
    loop.SECONDS_BETWEEN_SAVES = loop.SECONDS_WORTH_KEEPING = 0.0
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (84, 20, 20, 1), dtype=np.uint8)
    labels = generator.integers(0, 10, 84)
    blueprint = Blueprint(Network, (20, 20, 1), 10)
    recipe = Recipe(epochs=2, batch_size=16, seeds=2, augmentation="planar")
    source = Records(Path(records), (20, 20, 1)) if records else images
    trained = loop.train(blueprint, source, labels, recipe, checkpoints=Path(checkpoints))
    scores = trained.scores(images[:5])
    if devices.first_host():
        np.savez(
            out,
            curve=trained.curve,
            scores=scores,
            devices=len(jax.devices()),
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
