"""Train on so many images, streamed from a few that are repeated: `... RECORDS N`.

Prints the peak memory in MiB, that of the worker included; :mod:`test_source` starts it.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import joblib
import numpy as np

from models.networks.mlp2 import Network
from models.training import loop
from models.training.blueprint import Blueprint
from models.training.recipe import Recipe
from pipeline.ingest.records import Records
from pipeline.stage.files import read_array, write_array


def main(file: str, n: str) -> None:
    """Train for an epoch, and say how much memory that took at most."""
    joblib.cpu_count = lambda: 1
    for table in ("index", "sums"):
        place = Path(file).with_suffix(f".{table}.npy")
        rows = read_array(place)
        write_array(place, np.resize(rows, (int(n), *rows.shape[1:])))
    images = Records(Path(file), (8, 8, 1))
    labels = np.arange(len(images)) % 10
    recipe = Recipe(epochs=1, batch_size=250, seeds=1)
    loop.train(Blueprint(Network, (8, 8, 1), 10), images, labels, recipe)
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    print(sum(resource.getrusage(one).ru_maxrss for one in who) / 2**10)


if __name__ == "__main__":
    main(*sys.argv[1:])
