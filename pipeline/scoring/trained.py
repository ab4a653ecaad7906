"""A trained method as one file: what it is, and all arrays that its predictions need."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline import provenance
from pipeline.evaluation.terms import EVALUATED
from pipeline.ingest.records import open_images
from pipeline.stage import params, paths
from pipeline.stage.errors import UserError
from pipeline.stage.files import read_array, read_arrays, read_json, write_arrays

DESCRIPTION = "description"
BORDERS = 200  # images whose borders are looked at
FEATURE, MODEL = "feature.", "model."  # before the names of the arrays of either


class Trained(NamedTuple):
    """A trained method, apart from the data and the tables that it came from.

    Attributes
    ----------
    description : dict
        `method`, `dataset`, `title` (the dataset's), `image_shape`, `class_names`, `border` (the
        usual brightness of an image's outermost pixels, 0 to 255), `accuracy` (of these very
        arrays on the test images, a fraction), `kind`, `feature`, `options` (the feature's),
        `model`, `setting` (the model's), `scores` (logits or margins).
    arrays : dict
        Names to arrays, those of the feature after ``feature.``, the others after ``model.``.
    """

    description: dict[str, Any]
    arrays: dict[str, NDArray[Any]]

    def part(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return the arrays of the feature or of the model, under their own names."""
        return {
            name.removeprefix(prefix): array
            for name, array in self.arrays.items()
            if name.startswith(prefix)
        }

    def scorer(self) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
        """Return a function from images, uint8 [n, height, width, channels], to [n, classes]."""
        about = self.description
        if about["kind"] == "network":
            from pipeline.scoring import network

            return network.scorer(
                network.plan(about["model"], about["setting"], about), self.part(MODEL)
            )
        from pipeline.scoring import classical

        state, arrays = self.part(FEATURE), self.part(MODEL)
        pair = classical.Pair(about["feature"], about["model"], about["options"], state, arrays)
        return classical.scorer(pair)

    def write(self, file: Path) -> None:
        """Write all of it as .npz."""
        words = np.frombuffer(json.dumps(self.description).encode(), np.uint8)
        write_arrays(file, {DESCRIPTION: words, **self.arrays})


Known = dict[tuple[str, str], Callable[[], Trained]]


def read(file: Path) -> Trained:
    """Read what :meth:`Trained.write` wrote.

    Raises
    ------
    UserError
        The file is damaged, or another one.
    """
    arrays = read_arrays(file)
    try:
        return Trained(json.loads(arrays.pop(DESCRIPTION).tobytes()), arrays)
    except (KeyError, ValueError) as error:
        raise UserError(f"{file}: expected a method of pipeline.publish ({error})") from error


def ran_here(dataset: str, method: str) -> Trained:
    """Gather a method that was trained here from between the stages.

    Raises
    ------
    UserError
        params.yaml no longer has its feature, or code or parameters have changed since.
    """
    scores = paths.scores(dataset, method)
    row = read_json(scores / "method.json")
    labels = read_array(paths.data(dataset) / "test_labels.npy")
    info = read_json(paths.data(dataset) / "dataset.json")
    description = {
        "method": method,
        "dataset": dataset,
        **{name: info[name] for name in ("title", "image_shape", "class_names")},
        "accuracy": float((read_array(scores / "scores.npy")[0].argmax(-1) == labels).mean()),
        "border": border(open_images(paths.data(dataset), "test")[:: -(-len(labels) // BORDERS)]),
        **{name: row[name] for name in ("kind", "feature", "model", "setting", "scores")},
    }
    arrays = _prefixed(MODEL, read_arrays(paths.model(dataset, method)))
    checked = params.load()
    _check_unchanged(checked, dataset, method)
    if row["feature"]:
        if row["feature"] not in checked.features:
            raise UserError(f"{method}: trained here, but params.yaml has no {row['feature']} now")
        options = checked.options("features", row["feature"], dataset)
        state = read_arrays(paths.learned(dataset, row["feature"]))
        description["options"] = options
        arrays |= _prefixed(FEATURE, state)
    return Trained(description, arrays)


def _check_unchanged(checked: params.Params, dataset: str, method: str) -> None:
    """Raise a UserError where code or parameters behind the method's row have changed since."""
    recipes = paths.TABLES / dataset / "recipes.json"
    row = read_json(recipes)["rows"].get(method) if recipes.exists() else None
    if row and (what := provenance.changed(checked, dataset, row)):
        raise UserError(f"{method}: made before a change of {', '.join(what)}; run dvc repro")


def trained_here() -> Known:
    """List by method and dataset how to get what was trained here."""
    known: Known = {}
    for file in sorted((paths.ARTIFACTS / "scores").glob("*/*/method.json")):
        dataset, method = file.parts[-3:-1]
        if read_json(file)["status"] in EVALUATED:
            known[method, dataset] = partial(ran_here, dataset, method)
    return known


def all_trained() -> Known:
    """List also what results/models holds; what was trained here goes first."""
    files = sorted(paths.MODELS.glob("*/*.npz"))
    published = {(file.stem, file.parent.name): partial(read, file) for file in files}
    return published | trained_here()


def border(images: NDArray[np.uint8]) -> float:
    """Return the mean brightness of the outermost pixels, 0 to 255."""
    inside = np.zeros(images.shape[1:3], bool)
    inside[1:-1, 1:-1] = True
    return float(images[:, ~inside].mean())


def _prefixed(prefix: str, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {prefix + name: array for name, array in arrays.items()}
