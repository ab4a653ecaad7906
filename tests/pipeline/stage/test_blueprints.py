"""From an entry to a network: what refuses an image is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import jax
import pytest
from flax import nnx

from models.layers.convolution import Convolution
from pipeline.stage import blueprints, plugins
from pipeline.stage.errors import UserError
from pipeline.stage.files import write_json

Dataset = Callable[[int], str]


class Network(nnx.Module):
    """Refuses some images at once and others on the way."""

    def __init__(
        self,
        *,
        image_shape: tuple[int, int, int],
        classes: int,
        rngs: nnx.Rngs,
        filters: int = 4,
        outputs: int = 0,
    ) -> None:
        if filters < 1:
            raise ValueError(f"filters: found {filters}, expected at least 1")
        self.first = Convolution(image_shape[-1], filters, 5, rngs=rngs)
        self.output = nnx.Linear(filters * 4 * 4, outputs or classes, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        return self.output(self.first(images).reshape(len(images), -1))


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write a data set's description: its images are squares of some side."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plugins, "load", lambda kind, name: SimpleNamespace(Network=Network))

    def write(side: int):
        description = {"image_shape": [side, side, 1], "class_names": ["a", "b", "c"]}
        write_json(Path("artifacts/data/own/dataset.json"), description)
        return "own"

    return write


def test_options_go_to_the_network_and_the_rest_to_the_recipe(dataset: Dataset):
    plan = blueprints.blueprint(dataset(8), "mine", {"filters": 2, "learning_rate": 0.1})
    assert plan.options == (("filters", 2),)
    assert (plan.image_shape, plan.classes) == ((8, 8, 1), 3)


@pytest.mark.parametrize(
    ("side", "setting", "message"),
    [
        (8, {"filters": 0}, "filters: found 0, expected at least 1"),
        (9, {}, ".*"),  # 5x5 maps do not fit the fully connected layer
        (3, {}, ".*"),  # smaller than the kernel
        (8, {"outputs": 2}, r"scores of shape \(1, 2\), expected \(1, 3\)"),
    ],
)
def test_a_refusal_names_network_data_set_and_size(
    dataset: Dataset, side: int, setting: dict[str, int], message: str
):
    with pytest.raises(UserError, match=rf"^networks.mine on own \({side}x{side}x1\): {message}$"):
        blueprints.blueprint(dataset(side), "mine", setting)
