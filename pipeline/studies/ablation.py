"""The ladder from LeNet-5 to today's parts, one rung at a time, everything else being equal."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np
import pandas as pd

from models import counting
from models.networks.lenet5_modern import Network
from models.training.blueprint import Blueprint
from models.training.recipe import Recipe
from pipeline.evaluation.intervals import holm, mcnemar
from pipeline.evaluation.trials import Data, difference, network, summary

TITLE = "From LeNet-5 to the parts of 2012 and 2015"
NOTES = (
    "p: exact McNemar test of seed 0 against the row above, adjusted by Holm. The interval, over "
    "all seeds and not adjusted, may say otherwise.",
    "The interval of a difference is over the test images, for these seeds: how much others would "
    "differ it leaves out.",
)

# What each rung changes, and what it is called.
RUNGS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "LeNet-5",
        {"activation": "tanh", "pooling": "average", "normalisation": "none", "dropout": 0.0},
    ),
    ("+ ReLU", {"activation": "relu"}),
    ("+ max pooling", {"pooling": "max"}),
    ("+ batch normalisation", {"normalisation": "batch"}),
    ("+ dropout", {"dropout": 0.5}),
    ("+ distortions", {"augmentation": "planar"}),
)


def run(
    data: Data,
    *,
    epochs: int = 20,
    seeds: int = 3,
    batch_size: int = 32,
    learning_rate: float = 0.05,
    augmentation: str = "planar",
) -> pd.DataFrame:
    """Train every rung with one recipe.

    Returns
    -------
    DataFrame
        One row a rung: accuracy with its interval, the gain over the rung below with its paired
        interval, and the exact McNemar p value of that gain (seed 0), Holm-adjusted over the rungs.
    """
    rows, previous, p_values = [], None, []
    states = accumulate((change for _, change in RUNGS), lambda below, change: below | change)
    for (rung, _), state in zip(RUNGS, states, strict=True):
        options = {key: value for key, value in state.items() if key != "augmentation"}
        recipe = Recipe(
            epochs=epochs,
            seeds=seeds,
            batch_size=batch_size,
            learning_rate=learning_rate,
            augmentation=augmentation if "augmentation" in state else "none",
        )
        predict = network(Network, data, recipe, options=options, label=rung)
        right = predict(data.test_images) == data.test_labels
        shape: tuple[int, int, int] = data.train_images.shape[1:]
        plan = Blueprint(Network, shape, data.classes, tuple(options.items()))
        row = {"rung": rung, **summary(right), "n_seeds": len(right)}
        if previous is not None:
            gain = difference(right, previous)
            row |= dict(zip(("gain", "gain_low", "gain_high"), gain, strict=True))
            p_values.append(mcnemar(right[0], previous[0]))
        rows.append({**row, "parameters": counting.parameters(plan), "macs": counting.macs(plan)})
        previous = right
    return pd.DataFrame(rows).assign(p=[np.nan, *holm(p_values)])
