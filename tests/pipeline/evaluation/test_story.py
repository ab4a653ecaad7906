"""The table that opens the results: the best of both kinds, and whether they differ."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.evaluation.story import story

SAME = {"year": 2000, "accuracy_low": 0.7, "accuracy_high": 0.99, "n_test": 50, "status": "ok"}


def table(dataset: str = "d", gain: float = 0.0) -> pd.DataFrame:
    rows = [
        {"dataset": dataset, "kind": kind, "title": title, "accuracy": accuracy + gain}
        for kind, title, accuracy in [
            ("classical", "HOG", 0.9),
            ("classical", "Canny", 0.8),
            ("network", "LeNet", 0.95),
            ("network", "MLP", 0.7),
        ]
    ]
    numbers = [1000, 1, 2000, 1]
    return pd.DataFrame(rows).assign(
        **SAME, parameters=numbers, p_vs_best=[0.04, 0.01, np.nan, 0.01]
    )


def test_the_best_of_both_kinds_stand_beside_each_other():
    assert story(table()) == [
        {
            "data set": "d",
            "test images": "50",
            "best feature": "HOG, 2000: 90.00 (70.00-99.00)",
            "best network": "LeNet, 2000: 95.00 (70.00-99.00)",
            "told apart": "yes",
            "numbers": "1,000 against 2,000",
        }
    ]


def test_what_the_test_does_not_tell_apart_is_said_so():
    (row,) = story(table().assign(p_vs_best=[0.05, 0.01, np.nan, 0.01]))
    assert row["told apart"] == "no"


def test_a_status_and_a_lonely_network_are_named():
    found = table()
    found.loc[0, "status"] = "unconverged"
    (row,) = story(found[found["title"] != "MLP"])
    assert row["best feature"].endswith("(70.00-99.00), unconverged")
    assert row["best network"].endswith("(70.00-99.00) (the only one that ran)")


def test_the_easiest_dataset_comes_first_and_one_kind_alone_has_no_row():
    both = pd.concat(
        [table("a"), table("b", gain=0.01), table("c", gain=0.02).query("kind == 'network'")]
    )
    assert [row["data set"] for row in story(both)] == ["b", "a"]
