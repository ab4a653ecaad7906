"""What the stages get of params.yaml."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models.training.recipe import Recipe
from pipeline.stage import params, plugins, validation
from pipeline.stage.blueprints import recipe
from tests.pipeline.stage.parameters import Load

ROOT = Path(__file__).parents[3]


pytestmark = pytest.mark.usefixtures("root")


def test_the_file_that_ships_is_valid():
    found = params.load()
    validation.check(found)
    assert "digits" in found.datasets


def test_its_commented_entries_are_valid_too(load: Load):
    text = (ROOT / "params.yaml").read_text("utf-8")
    with_all = re.sub(r"^  # ([a-z0-9_]+: \{)", r"  \1", text, flags=re.MULTILINE)
    assert {"digits", "usps", "mnist", "fashion_mnist", "cifar10"} <= set(load(with_all).datasets)


def test_a_section_may_be_empty_and_an_entry_without_options(load: Load):
    found = load(features="{}", classifiers="{}", networks="{mlp: , lenet5: {}}")
    assert (found.features, found.classifiers) == ({}, {})
    assert found.networks == {"mlp": {}, "lenet5": {}}
    assert found.methods() == [("mlp",), ("lenet5",)]


def test_methods_are_all_pairs_and_all_networks(load: Load):
    found = load(classifiers="{logistic: {}, linear_svm: {}}")
    assert found.methods() == [
        ("raw", "logistic"),
        ("raw", "linear_svm"),
        ("hog", "logistic"),
        ("hog", "linear_svm"),
        ("mlp",),
    ]


def test_settings_are_all_combinations_of_the_lists(load: Load):
    found = load(
        networks="{mlp: {hidden: [2, 3], loss: squared_error, learning_rate: [1, 0.1], "
        "datasets: [a, b]}}"
    )
    assert found.settings("networks", "mlp", "digits") == [
        {"hidden": hidden, "loss": "squared_error", "learning_rate": rate}
        for hidden in (2, 3)
        for rate in (1, 0.1)
    ]
    assert found.settings("features", "raw", "digits") == [{}]


def test_five_settings_are_allowed(load: Load):
    found = load(classifiers="{logistic: {C: [1, 2, 3, 4, 5]}}")
    assert found.settings("classifiers", "logistic", "digits") == [{"C": C} for C in range(1, 6)]


def test_an_anchor_may_be_set_anew(load: Load):
    hog = "{on: {usps: &a {orientations: 8}, mnist: *a}}"
    found = load(features=f"{{hog: {hog}, raw: {{on: {{mnist: &a {{}}}}}}}}")
    assert found.options("features", "hog", "mnist") == {"orientations": 8}


@pytest.mark.parametrize("number", ["1e-3", "1E-3", "1.0e-3", "0.001"])
def test_a_number_may_have_an_exponent(load: Load, number: str):
    # As dvc reads it, which knows a newer YAML than PyYAML.
    found = load(classifiers=f"{{logistic: {{C: {number}}}}}")
    assert found.settings("classifiers", "logistic", "digits") == [{"C": 0.001}]


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ("datasets: [digits]", None),
        ("datasets: [mnist, usps]", "features.raw is for mnist, usps"),
        ("skip: {mnist: too large}", None),
        ("skip: {digits: too small}", "features.raw: too small"),
    ],
)
def test_a_method_is_skipped_where_it_is_not_for_the_dataset(
    load: Load, stated: str, reason: str | None
):
    found = load(features=f"{{raw: {{{stated}}}}}")
    assert found.skipped("digits", ("classifiers", "logistic"), ("features", "raw")) == reason
    assert found.skipped("digits", ("classifiers", "logistic")) is None
    assert found.options("features", "raw", "digits") == {}


def test_a_method_may_differ_on_a_dataset(load: Load):
    found = load(
        features="{hog: {orientations: 9, votes: nearest, on: {mnist: {orientations: 8}}}}",
        networks="{mlp: {hidden: [1, 2], on: {mnist: {hidden: 3, epochs: 5}}}}",
    )
    assert found.options("features", "hog", "digits") == {"orientations": 9, "votes": "nearest"}
    assert found.options("features", "hog", "mnist") == {"orientations": 8, "votes": "nearest"}
    assert found.settings("networks", "mlp", "digits") == [{"hidden": 1}, {"hidden": 2}]
    assert found.settings("networks", "mlp", "mnist") == [{"hidden": 3, "epochs": 5}]


def test_a_network_may_override_the_epochs_of_its_dataset(load: Load):
    found = load(networks="{mlp: {hidden: 5, learning_rate: 1}, lenet5: {epochs: 3}}")
    (mlp,), (lenet5,) = (found.settings("networks", name, "digits") for name in ("mlp", "lenet5"))
    assert recipe(found, "digits", mlp) == Recipe(epochs=20, learning_rate=1)
    assert recipe(found, "digits", lenet5) == Recipe(epochs=3)


@pytest.mark.parametrize("kind", plugins.FOLDERS)
def test_every_annotation_of_an_option_is_understood(kind: str):
    for name in plugins.names(kind):
        for annotation in plugins.card(kind, name).options.values():
            assert {part.strip() for part in annotation.split("|")} <= set(validation.TYPES)
