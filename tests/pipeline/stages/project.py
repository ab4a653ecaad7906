"""A copy of the project with a few small images, and what it is to run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline import (
    check,
    extract,
    fit,
    illustrate,
    prepare,
    report,
    tabulate,
    throughput_classical,
    throughput_network,
    train,
)
from pipeline.evaluation import clock, device

Entries = dict[str, dict[str, Any]]

ROOT = Path(__file__).parents[3]
CLASSES = {"bright": 200, "dark": 40, "grey": 120}
N_TRAIN, N_TEST = 30, 15
CLASSICAL = ["raw-linear_svm", "raw-logistic", "sobel-linear_svm", "sobel-logistic"]
METHODS = sorted([*CLASSICAL, "lenet5", "mlp"])
PARAMS: dict[str, Entries] = {
    "datasets": {"squares": {"reader": "folder", "size": 8, "epochs": 2, "source": "images"}},
    "features": {"raw": {}, "sobel": {"pool": 4, "datasets": ["mnist"]}},
    "classifiers": {"logistic": {"C": [0.01, 1.0]}, "linear_svm": {}},
    "networks": {
        "mlp": {"hidden": 5, "learning_rate": [0.01, 0.1], "batch_size": 8, "seeds": 2},
        "lenet5": {"datasets": ["mnist", "usps"]},
    },
    "studies": {},
}
DIVERGING = {"hidden": 5, "loss": "squared_error", "batch_size": 4, "epochs": 3, "seeds": 1}
SCORES = Path("artifacts/scores/squares")
TIMINGS = Path("artifacts/timings/squares")
TABLES = Path("results/tables/squares")


def set_params(**sections: Entries):
    """Write params.yaml, as JSON: the entries above, with others in their place."""
    content = {section: entries | sections.get(section, {}) for section, entries in PARAMS.items()}
    Path("params.yaml").write_text(json.dumps(content), "utf-8")


def draw_images(folder: Path):
    """Write noisy squares of 10x12 pixels, whose class is how bright they are."""
    random = np.random.default_rng(0)
    for name, level in CLASSES.items():
        for split, count in (("train", N_TRAIN // 3), ("test", N_TEST // 3)):
            (folder / split / name).mkdir(parents=True)
            for place in range(count):
                pixels = level + random.integers(-30, 31, (12, 10, 3))
                Image.fromarray(pixels.astype(np.uint8)).save(
                    folder / split / name / f"{place}.png"
                )


def classical(run: Callable[[str, str, str], None]):
    for feature in ("raw", "sobel"):
        for classifier in ("linear_svm", "logistic"):
            run("squares", feature, classifier)


def run_all():
    check.main()
    prepare.main("squares")
    for feature in ("raw", "sobel"):
        extract.main("squares", feature)
    classical(fit.main)
    classical(throughput_classical.main)
    for network in ("lenet5", "mlp"):
        train.main("squares", network)
        throughput_network.main("squares", network)
    tabulate.main("squares")
    illustrate.main("squares")
    report.main()


def quick_clock(patch: pytest.MonkeyPatch):
    patch.setattr(clock, "BATCH_SIZES", (1, 16))
    patch.setattr(clock, "SECONDS", 0)
    patch.setattr(device, "SIDES", (64,))


def read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def bytes_of(*folders: Path):
    files = [file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file()]
    return {str(file): file.read_bytes() for file in files}
