"""Where the data between stages lies: the same paths as in dvc.yaml."""

from __future__ import annotations

from pathlib import Path

ARTIFACTS = Path("artifacts")
TABLES = Path("results/tables")
MODELS = Path("results/models")


def data(dataset: str) -> Path:
    """Return the folder of images and labels, from prepare."""
    return ARTIFACTS / "data" / dataset


def study(dataset: str, name: str) -> Path:
    """Return the folder of a study's table, beside those of the methods' scores."""
    return ARTIFACTS / "scores" / dataset / f"study-{name}"


def features(dataset: str, feature: str) -> Path:
    """Return the folder of feature matrices, from extract."""
    return ARTIFACTS / "features" / dataset / feature


def learned(dataset: str, feature: str) -> Path:
    """Return the file of what a feature learned, from extract."""
    return ARTIFACTS / "models" / dataset / "features" / f"{feature}.npz"


def model(dataset: str, method: str) -> Path:
    """Return the file of learned arrays, from fit or train."""
    return ARTIFACTS / "models" / dataset / f"{method}.npz"


def scores(dataset: str, method: str) -> Path:
    """Return the folder of scores, curves and description, from fit or train."""
    return ARTIFACTS / "scores" / dataset / method


def timing(dataset: str, name: str) -> Path:
    """Return the file of seconds, from the stage that `name` begins with."""
    return ARTIFACTS / "timings" / dataset / f"{name}.json"
