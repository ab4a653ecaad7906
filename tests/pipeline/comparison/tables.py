"""Folders of result tables, made by hand with known differences."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.comparison import differences, results
from pipeline.evaluation.predictions import LABELS as LABELS_KEY
from pipeline.stage.files import write_arrays, write_json

N = 40
LABELS = np.arange(N, dtype=np.uint8) % 10
HERE = "EPYC, 2 cores"


def predictions(*wrong: int):
    """Classify all test images rightly but these."""
    made = LABELS.copy()
    made[list(wrong)] = 10
    return made


def write_tables(
    folder: Path, methods: dict[str, np.ndarray], machine: str = HERE, **changes: object
):
    """Write the tables of one dataset; `changes` go into every row and recipe."""
    folder.mkdir(parents=True)
    rows = {"parameters": 100, "macs": 90, "status": "ok", "recipe": "a"}
    rows["accuracy_std"] = changes.get("std", np.nan)
    table = pd.DataFrame(dict.fromkeys(methods, rows)).T
    table["accuracy"] = [(made == LABELS).mean() for made in methods.values()]
    table["setting"] = [json.dumps({"C": changes.get("C", 1.0)})] * len(methods)
    table["recipe"] = str(sorted(changes))
    table.rename_axis("method").to_csv(folder / "accuracy.csv")
    timed = {"phase": "infer", "machine": machine, "threads": 2, "device": "cpu"}
    speed = changes.get("speed", 100.0)
    pd.DataFrame(
        [
            {"method": name, "batch_size": size, "images_per_second": speed * size, **timed}
            for name in methods
            for size in (1, 64)
        ]
    ).to_csv(folder / "throughput.csv", index=False)
    recipe = {
        "made_of": {"feature": "hog", "classifier": "logistic"},
        "parameters": {"dataset": {"reader": "digits"}, "classifier": {"C": changes.get("C", 1.0)}},
        "data": changes.get("data", "d"),
        "code": changes.get("hog", "h"),
    }
    files = {
        "features/hog.py": changes.get("hog", "h"),
        "features/canny.py": changes.get("hog", "h"),
    }
    write_json(folder / "recipes.json", {"rows": dict.fromkeys(methods, recipe), "files": files})
    write_arrays(folder / "predictions.npz", {LABELS_KEY: LABELS, **methods})


def compared(old: Path, new: Path):
    return differences.compare(results.read(old), results.read(new)).set_index("method")
