"""What the charts of the studies show."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.website import study_charts


def shown(spec: study_charts.Spec):
    """Return the rows of a chart's largest table."""
    return max(spec["datasets"].values(), key=len)


def test_the_chart_of_causes_leaves_the_cells_out():
    effect = {"effect": 0.01, "effect_low": -0.005, "effect_high": 0.02}
    table = pd.DataFrame(
        [
            {"kind": "effect", "name": "more images", **effect},
            {"kind": "effect", "name": "distortions", **effect},
            {"kind": "cell", "name": "lenet5", "accuracy": 0.9},
        ]
    ).assign(dataset="mnist")
    rows = shown(study_charts.effects(table))
    assert [row["name"] for row in rows] == ["more images", "distortions"]
    assert (rows[0]["effect"], rows[0]["effect_low"]) == pytest.approx((1, -0.5))


def test_every_change_begins_with_the_images_as_they_are():
    table = pd.DataFrame(
        [("none", 0, 0.9), ("shift, pixels", 2, 0.7), ("contrast", 0.25, 0.6)],
        columns=["change", "amount", "accuracy"],
    ).assign(dataset="mnist", method="mlp", accuracy_low=0.5, accuracy_high=1.0)
    rows = shown(study_charts.invariance(table))
    assert {(row["change"], row["amount"], round(row["accuracy"])) for row in rows} == {
        ("shift, pixels", 0, 90),
        ("shift, pixels", 2, 70),
        ("contrast lost", 0, 90),
        ("contrast lost", 0.75, 60),
    }


def test_a_method_has_one_colour_in_all_charts():
    few, many = (
        pd.DataFrame({"method": names}) for names in (["lenet5"], ["new", "mlp", "lenet5"])
    )
    colours = [
        dict(zip(scale["domain"], scale["range"], strict=True))
        for scale in (study_charts.method_colour(one).to_dict()["scale"] for one in (few, many))
    ]
    assert colours[0].items() < colours[1].items()
    assert len({*colours[1].values()}) == 3


def test_the_ladder_is_in_percent():
    table = pd.DataFrame(
        [("LeNet-5", 0.9, 0.8, 0.95), ("+ ReLU", 0.91, 0.82, 0.96)],
        columns=["rung", "accuracy", "accuracy_low", "accuracy_high"],
    ).assign(dataset="mnist", gain=0.01, p=0.5)
    assert [row["accuracy"] for row in shown(study_charts.ladder(table))] == [90, 91]
