"""Rows of the accuracy and throughput tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation import rows
from pipeline.evaluation.intervals import holm, mcnemar, wilson
from pipeline.evaluation.published import published

LABELS = np.arange(3000) % 3
DESCRIPTION = {
    "title": "HOG + linear SVM",
    "year": 2005,
    "kind": "classical",
    "feature": "hog",
    "model": "linear_svm",
    "scores": "margins",
    "status": "ok",
    "reason": "",
    "parameters": 330,
    "macs": 320,
    "seeds": [0],
    "setting": {"C": 0.1},
}


def scores(*accuracies: float):
    """Return scores [seeds, n, 3] that are right for the first images of each seed."""
    right = [np.arange(len(LABELS)) < accuracy * len(LABELS) for accuracy in accuracies]
    return np.stack(
        [np.eye(3, dtype=np.float32)[np.where(r, LABELS, (LABELS + 1) % 3)] for r in right]
    )


def row(own: Any = None, **description: Any):
    return rows.accuracy_row("hog-linear_svm", {**DESCRIPTION, **description}, own, LABELS, 9000)


def test_a_row_of_one_seed():
    found = row(scores(0.9))
    low, high = wilson(0.9, 3000)
    assert found == {
        "method": "hog-linear_svm",
        **{key: DESCRIPTION[key] for key in ("title", "year", "kind", "feature", "model")},
        **{key: DESCRIPTION[key] for key in ("parameters", "macs", "status", "reason")},
        "n_train": 9000,
        "n_test": 3000,
        "n_seeds": 1,
        "accuracy": 0.9,
        "accuracy_low": low,
        "accuracy_high": high,
        "accuracy_std": None,
        "top5": None,
        "setting": '{"C": 0.1}',
    }
    assert set(found) < set(rows.ACCURACY)


def test_seeds_are_averaged_and_spread():
    found = row(scores(0.8, 0.9, 0.85), seeds=[0, 1, 2])
    assert found["n_seeds"] == 3
    assert found["accuracy"] == pytest.approx(0.85)
    assert found["accuracy_std"] == pytest.approx(0.05)
    assert (found["accuracy_low"], found["accuracy_high"]) == wilson(found["accuracy"], 3000)


@pytest.mark.parametrize("kind", ["logits", "margins"])
def test_only_logits_are_calibrated(kind: str):
    found = row(scores(0.9), scores=kind)
    assert ("log_loss" in found) == ("calibration_error" in found) == (kind == "logits")


@pytest.mark.parametrize("status", ["skipped", "diverged"])
def test_what_has_no_scores_has_no_figures(status: str):
    found = row(None, status=status, reason="because")
    assert (found["status"], found["reason"]) == (status, "because")
    assert not {"accuracy", "accuracy_low", "accuracy_high", "top5", "log_loss"} & set(found)


def test_what_was_skipped_has_no_cost_either():
    skipped = {key: DESCRIPTION[key] for key in ("title", "year", "kind", "feature", "model")}
    skipped |= {"status": "skipped", "reason": "features.hog is for mnist"}
    found = rows.accuracy_row("hog-linear_svm", skipped, None, LABELS, 9000)
    assert (found["n_seeds"], found["parameters"], found["setting"]) == (0, None, "")


@pytest.mark.parametrize(
    ("accuracy", "status", "expected"),
    [
        (1 / 3, "ok", "chance"),
        (0.34, "ok", "chance"),
        (0.2, "ok", "chance"),
        (0.36, "ok", "ok"),
        (0.2, "unconverged", "unconverged"),
    ],
)
def test_what_always_naming_one_class_could_do_is_chance(
    accuracy: float, status: str, expected: str
):
    found = row(scores(accuracy), status=status)
    assert found["status"] == expected
    assert ("0.3333" in found["reason"]) == (expected == "chance")


def test_the_best_is_tested_against_all_others_in_the_family_of_all_pairs():
    own = {"a": scores(0.9)[0], "b": scores(0.905)[0], "c": scores(0.5)[0]}
    right = {name: s.argmax(-1) == LABELS for name, s in own.items()}
    table = pd.DataFrame(
        [{"method": name, "accuracy": r.mean()} for name, r in right.items()]
        + [{"method": "skipped", "accuracy": None}]
    )
    _, of_a, of_c = holm(
        [
            mcnemar(right["a"], right["c"]),
            mcnemar(right["b"], right["a"]),
            mcnemar(right["b"], right["c"]),
        ]
    )
    found = rows.compare_with_best(table, right)
    assert found == [pytest.approx(of_a), None, pytest.approx(of_c), None]


def test_of_equally_good_methods_hardly_ever_some_are_told_apart():
    methods, draws = list("abcdefgh"), np.random.default_rng(0)
    told = 0
    for _ in range(200):
        right = {method: draws.random(500) < 0.9 for method in methods}
        table = pd.DataFrame({"method": methods, "accuracy": [right[m].mean() for m in methods]})
        found = [p for p in rows.compare_with_best(table, right) if p is not None]
        told += min(found) < 0.05
    assert told <= 0.05 * 200


def test_alone_there_is_nothing_to_compare():
    table = pd.DataFrame({"method": ["a"], "accuracy": [None]})
    assert rows.compare_with_best(table, {}) == [None]
    assert rows.compare_with_best(table.assign(accuracy=0.5), {"a": LABELS == 0}) == [None]


@pytest.mark.parametrize(
    ("published", "protocol", "n_test", "verdict"),
    [
        (0.95, "exact", 10_000, "reproduced"),
        (0.946, "near", 10_000, "reproduced"),  # the interval is 0.9455 to 0.9541
        (0.954, "near", 10_000, "reproduced"),
        (0.945, "near", 10_000, "better"),
        (0.955, "exact", 10_000, "short by 0.50"),
        (0.97, "exact", 2_000, "short by 2.00"),
        (0.97, "exact", 1_999, None),
        (0.97, "different-network", 10_000, None),
        (0.97, "different-data", 10_000, None),
    ],
)
def test_verdicts(published: float, protocol: str, n_test: int, verdict: str | None):
    low, high = wilson(0.95, n_test)
    measured = pd.DataFrame(
        {"method": ["a"], "n_test": n_test, "accuracy": 0.95}
        | {"accuracy_low": low, "accuracy_high": high}
    )
    papers = pd.DataFrame(
        {"method": ["a"], "published": published, "protocol": protocol, "published_source": "them"}
    )
    found = rows.with_published(measured, papers).iloc[0]
    assert (found["published"], found["protocol"]) == (published, protocol)
    assert found["verdict"] == verdict if verdict else pd.isna(found["verdict"])


def test_methods_without_a_published_or_measured_number_get_no_verdict():
    measured = pd.DataFrame(
        {"method": ["diverged", "unpublished"], "n_test": 10_000, "accuracy": [np.nan, 0.9]}
        | {"accuracy_low": [np.nan, 0.89], "accuracy_high": [np.nan, 0.91]}
    )
    papers = pd.DataFrame(
        {"method": ["diverged", "not run"], "published": 0.9, "protocol": "exact"}
        | {"published_source": "them"}
    )
    found = rows.with_published(measured, papers)
    assert found["method"].tolist() == ["diverged", "unpublished"]
    assert found["verdict"].isna().all()


@pytest.mark.parametrize("file", sorted(Path("results/tables").glob("*/accuracy.csv")), ids=str)
def test_written_rows_stand_beside_the_papers_of_today(file: Path):
    written = pd.read_csv(file, dtype=str, keep_default_na=False)
    renewed = rows.with_published_text(written, published(file.parent.name))
    pd.testing.assert_frame_equal(renewed, written)


MACHINE = {"machine": "one", "threads": 2, "versions": "numpy 2"}
INFER = [
    {"batch_size": 1, "images_per_second": 10.0},
    {"batch_size": 64, "images_per_second": 90.0},
]
TRAINING = {**MACHINE, "train_seconds": 4.0, "search_seconds": 8.0, "peak_memory_mib": 300.0}


def test_a_classical_method_trains_as_fast_as_its_whole_fit():
    timing = {**MACHINE, "device": "cpu", "dtype": "float32", "infer": INFER, "peak_memory_mib": 99}
    train, *infer = rows.throughput_rows("hog-linear_svm", 1000, TRAINING, timing)
    assert (train["phase"], train["images_per_second"]) == ("train", 250)
    assert (train["train_seconds"], train["search_seconds"]) == (4, 8)
    assert train["peak_memory_mib"] == 300
    assert [one["batch_size"] for one in infer] == [1, 64]
    assert all(one["phase"] == "infer" and one["peak_memory_mib"] == 99 for one in infer)
    assert all(set(one) <= set(rows.THROUGHPUT) for one in (train, *infer))


def test_a_network_trains_as_fast_as_its_steps_and_where_it_was_trained():
    timing = {**MACHINE, "device": "cpu", "dtype": "float32", "infer": INFER, "peak_memory_mib": 99}
    timing["train"] = {"batch_size": 32, "images_per_second": 5000.0, "latency_p50_ms": None}
    train, infer, _ = rows.throughput_rows("lenet5", 1000, TRAINING, timing)
    assert (train["images_per_second"], train["batch_size"]) == (5000, 32)
    assert (train["machine"], infer["machine"]) == ("one", "one")

    elsewhere = {**TRAINING, "machine": "another", "device": "Fast 2"}
    train, infer, _ = rows.throughput_rows("lenet5", 1000, elsewhere, timing)
    assert (train["machine"], train["device"]) == ("another", "Fast 2")
    assert (infer["machine"], infer["device"]) == ("one", "cpu")
    assert not {"images_per_second", "batch_size"} & train.keys()
