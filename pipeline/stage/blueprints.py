"""From a network's entry in params.yaml to the network, for a dataset's images and classes."""

from __future__ import annotations

from models.training.program import Blueprint
from pipeline.stage import params, paths, plugins
from pipeline.stage.entry import blame
from pipeline.stage.files import read_json


def blueprint(dataset: str, network: str, setting: params.Entry) -> Blueprint:
    """Return the network of one setting.

    Raises
    ------
    UserError
        The network refuses the setting or the images, for example because they are too small.
    """
    description = read_json(paths.data(dataset) / "dataset.json")
    height, width, channels = description["image_shape"]
    own = tuple((key, value) for key, value in setting.items() if key not in params.RECIPE)
    plan = Blueprint(
        plugins.load("networks", network).Network,
        (height, width, channels),
        len(description["class_names"]),
        own,
    )
    with blame(f"networks.{network} on {dataset} ({height}x{width}x{channels})"):
        plan.abstract()
    return plan
