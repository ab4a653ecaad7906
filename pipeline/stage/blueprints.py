"""From a network's entry in params.yaml to the network and its training recipe."""

from __future__ import annotations

import dataclasses

from models.training.blueprint import Blueprint
from models.training.recipe import Recipe
from pipeline.stage import params, paths, plugins
from pipeline.stage.entry import blame
from pipeline.stage.errors import UserError
from pipeline.stage.files import read_json

OF_RECIPE = {field.name for field in dataclasses.fields(Recipe)}


def recipe_of(setting: params.Entry) -> Recipe:
    """Return the training recipe of a setting that states its epochs."""
    return Recipe(**{key: value for key, value in setting.items() if key in OF_RECIPE})


def recipe(checked: params.Params, dataset: str, setting: params.Entry) -> Recipe:
    """Return the training recipe of a network's setting; the dataset states the epochs."""
    return recipe_of({"epochs": checked.datasets[dataset]["epochs"], **setting})


def network_of(
    network: str, image_shape: tuple[int, int, int], classes: int, setting: params.Entry
) -> Blueprint:
    """Return the network of one setting; what its recipe needs is left out."""
    own = tuple((key, value) for key, value in setting.items() if key not in OF_RECIPE)
    return Blueprint(plugins.load("networks", network).Network, image_shape, classes, own)


def blueprint(dataset: str, network: str, setting: params.Entry) -> Blueprint:
    """Return the network of one setting, once an image has gone through it.

    Raises
    ------
    UserError
        The network refuses the setting or the images, for example because they are too small, or
        has another number of scores than there are classes.
    """
    description = read_json(paths.data(dataset) / "dataset.json")
    height, width, channels = description["image_shape"]
    classes = len(description["class_names"])
    plan = network_of(network, (height, width, channels), classes, setting)
    # What is too small for one layer shows when an image goes through; TypeError is JAX's word.
    where = f"networks.{network} on {dataset} ({height}x{width}x{channels})"
    with blame(where, TypeError, ZeroDivisionError):
        shapes = [variable.aval.shape for variable in plan.trace().outvars]
    if shapes != [(1, classes)]:
        found = " and ".join(map(str, shapes)) or "none"
        raise UserError(f"{where}: scores of shape {found}, expected {(1, classes)}")
    return plan
