"""What the stages count seconds, images and mistakes of; nothing is trained."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from models import weights
from models.networks import mlp
from models.training.blueprint import Blueprint
from models.training.recipe import Recipe
from pipeline import prepare, tabulate, throughput_network, train
from pipeline.evaluation import clock, device
from pipeline.stage import paths
from pipeline.stage.files import read_json, write_json


def test_training_of_a_classical_method_is_extraction_and_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    for name, seconds, memory in (("extract-hog", 5.0, 300), ("fit-hog-logistic", 2.0, 200)):
        timing = {"train_seconds": seconds, "peak_memory_mib": memory, "search_seconds": 9.0}
        write_json(paths.timing("d", name), timing)
    found = tabulate.training_time("d", ("hog", "logistic"))
    assert found == {"train_seconds": 7, "peak_memory_mib": 300, "search_seconds": 9}


def test_training_of_a_network_is_that_of_one_seed_and_search_is_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(weights, "to_arrays", lambda *_: {})
    final = SimpleNamespace(
        learned=None, normalisation=None, seconds=12.0, curve=np.zeros((3, 1, 2))
    )
    searched = {f"search-{place}": SimpleNamespace(seconds=1.5) for place in range(2)}
    train._write_model("d", "mlp", {**searched, "final": final})
    timing = read_json(paths.timing("d", "train-mlp"))
    assert (timing["train_seconds"], timing["search_seconds"]) == (4, 3)


def test_a_timed_call_of_training_has_the_images_of_all_its_steps(monkeypatch: pytest.MonkeyPatch):
    measured = []

    def measure(_: object, images: int):
        measured.append(images)
        return clock.Timed(images, 1.0, 1.0, np.full(7, 0.5))

    nothing = lambda *_: device.Cost(1.0, 1.0)  # noqa: E731
    monkeypatch.setattr(clock, "measure", measure)
    monkeypatch.setattr(device, "peak_flops", lambda _: 1.0)
    monkeypatch.setattr(throughput_network, "some_steps", lambda _: (nothing, nothing))
    monkeypatch.setattr(throughput_network, "prediction", lambda _: (nothing, nothing))
    program = SimpleNamespace(blueprint=Blueprint(mlp.Network, (4, 4, 1), 3))
    images = np.zeros((5, 4, 4, 1), np.uint8), np.zeros(5, np.int64)
    subject = throughput_network.Subject(
        program, Recipe(epochs=1, batch_size=16), {}, images, images
    )
    found = throughput_network.timings(subject)["train"]
    assert measured[0] == 16 * throughput_network.STEPS_PER_CALL
    assert (found["batch_size"], found["images_per_second"]) == (16, 2 * measured[0])


def test_validation_takes_a_sixth_of_every_class():
    labels = np.repeat([0, 1, 2], [300, 60, 12])
    held_out = prepare.validation_split(labels, 3)
    assert np.bincount(labels[held_out]).tolist() == [50, 10, 2]


def test_confusions_are_of_actual_with_predicted_classes():
    scores = np.eye(2, dtype=np.float32)[[0, 1, 1]][None]
    table = tabulate.confusion_table({"m": scores}, np.array([0, 0, 1]), ["cat", "dog"])
    assert table.to_numpy().tolist() == [
        ["m", "cat", "cat", 1],
        ["m", "cat", "dog", 1],
        ["m", "dog", "dog", 1],
    ]
