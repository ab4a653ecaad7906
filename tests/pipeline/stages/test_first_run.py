"""What every stage leaves, on a few small images, in a copy of the project."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.evaluation import rows
from tests.pipeline.stages.project import (
    CLASSES,
    METHODS,
    N_TEST,
    N_TRAIN,
    SCORES,
    TABLES,
    TIMINGS,
    read_json,
)

pytestmark = pytest.mark.usefixtures("finished")


def test_prepare():
    folder = Path("artifacts/data/squares")
    arrays = {file.stem: np.load(file) for file in folder.glob("*.npy")}
    assert {name: (array.dtype, array.shape) for name, array in arrays.items()} == {
        "train_images": (np.uint8, (N_TRAIN, 8, 8, 3)),
        "train_labels": (np.int64, (N_TRAIN,)),
        "test_images": (np.uint8, (N_TEST, 8, 8, 3)),
        "test_labels": (np.int64, (N_TEST,)),
        "validation": (np.int64, (5,)),
    }
    assert (np.diff(arrays["validation"]) > 0).all()
    assert set(arrays["train_labels"][arrays["validation"]]) == {0, 1, 2}
    described = read_json(folder / "dataset.json")
    assert described["class_names"] == sorted(CLASSES)
    assert described["image_shape"] == [8, 8, 3]
    assert re.fullmatch("[0-9a-f]{64}", described["checksum"])


def test_extract():
    folder = Path("artifacts/features/squares/raw")
    assert np.load(folder / "train.npy").shape == (N_TRAIN, 192)
    assert np.load(folder / "test.npy").shape == (N_TEST, 192)
    described = read_json(folder / "feature.json")
    assert described == {"title": "Raw pixels", "year": 1962, "parameters": 0, "macs": 0}
    assert read_json(TIMINGS / "extract-raw.json")["train_seconds"] > 0


def test_fit():
    scores = np.load(SCORES / "raw-logistic/scores.npy")
    assert (scores.dtype, scores.shape) == (np.float32, (1, N_TEST, 3))
    described = read_json(SCORES / "raw-logistic/method.json")
    assert described["title"] == "Raw pixels + logistic regression"
    assert (described["status"], described["scores"]) == ("ok", "logits")
    assert (described["parameters"], described["macs"]) == (3 * 192 + 3, 3 * 192)
    assert described["tried"] == [{"C": 0.01}, {"C": 1.0}]
    assert described["setting"] in described["tried"]
    assert len(described["validation_accuracies"]) == 2
    assert read_json(SCORES / "raw-linear_svm/method.json")["validation_accuracies"] == []


def test_train():
    scores = np.load(SCORES / "mlp/scores.npy")
    assert (scores.dtype, scores.shape) == (np.float32, (2, N_TEST, 3))
    described = read_json(SCORES / "mlp/method.json")
    assert (described["status"], described["scores"]) == ("ok", "logits")
    assert described["seeds"] == [0, 1]
    assert (described["parameters"], described["macs"]) == (
        192 * 5 + 5 + 5 * 3 + 3,
        192 * 5 + 15,
    )
    assert described["setting"]["epochs"] == 2
    assert described["setting"]["learning_rate"] in (0.01, 0.1)
    curves = pd.read_csv(SCORES / "mlp/curves.csv")
    assert curves.groupby("run")["seed"].nunique().to_dict() == {
        "final": 2,
        "search-0": 1,
        "search-1": 1,
    }
    assert set(curves["epoch"]) == {1, 2}
    assert curves["loss"].notna().all()
    assert not list(Path("artifacts/checkpoints").glob("*"))


@pytest.mark.parametrize("method", ["raw-logistic", "mlp"])
def test_throughput(method: str):
    timing = read_json(TIMINGS / f"throughput-{method}.json")
    assert timing["infer"][0]["batch_size"] == 1
    assert all(one["images_per_second"] > 0 for one in timing["infer"])
    assert ("train" in timing) == (method == "mlp")


def test_what_is_skipped_says_why_and_costs_nothing():
    reasons = {"sobel-logistic": "features.sobel is for mnist"}
    reasons["lenet5"] = "networks.lenet5 is for mnist, usps"
    for method, reason in reasons.items():
        described = read_json(SCORES / method / "method.json")
        assert (described["status"], described["reason"]) == ("skipped", reason)
        assert [file.name for file in (SCORES / method).iterdir()] == ["method.json"]


def test_accuracy_table():
    table = pd.read_csv(TABLES / "accuracy.csv", index_col="method")
    assert [table.index.name, *table.columns] == rows.ACCURACY
    assert sorted(table.index) == METHODS
    assert table["year"].is_monotonic_increasing
    ran = table[table["status"] != "skipped"]
    assert sorted(ran.index) == ["mlp", "raw-linear_svm", "raw-logistic"]
    assert ran["accuracy"].between(0, 1).all()
    assert (ran["accuracy_low"] <= ran["accuracy"]).all()
    assert (ran["accuracy"] <= ran["accuracy_high"]).all()
    assert (set(table["n_train"]), set(table["n_test"])) == ({N_TRAIN}, {N_TEST})
    assert ran["n_seeds"].to_dict() == {"raw-linear_svm": 1, "raw-logistic": 1, "mlp": 2}
    assert ran["recipe"].str.fullmatch("[0-9a-f]{12}").all()
    assert table.loc["raw-logistic", "accuracy"] == 1
    assert table["top5"].isna().all()  # of three classes


def test_skipped_rows_have_a_reason_and_nothing_else():
    table = pd.read_csv(TABLES / "accuracy.csv", index_col="method")
    skipped = table[table["status"] == "skipped"]
    assert sorted(skipped.index) == ["lenet5", "sobel-linear_svm", "sobel-logistic"]
    assert skipped["reason"].str.contains(" is for mnist").all()
    filled = {"title", "year", "kind", "feature", "model", "n_train", "n_test", "n_seeds"}
    filled |= {"status", "reason"}
    assert set(skipped.columns[skipped.notna().any()]) == filled
    assert (skipped["n_seeds"] == 0).all()


def test_the_papers_of_this_dataset_stand_beside():
    table = pd.read_csv(TABLES / "accuracy.csv", index_col="method")
    assert table["published"].dropna().to_dict() == {"mlp": 0.9}
    assert pd.isna(table.loc["mlp", "verdict"])  # of 15 test images


def test_tables_beside_it_agree():
    accuracy = pd.read_csv(TABLES / "accuracy.csv", index_col="method")["accuracy"].dropna()
    seeds = pd.read_csv(TABLES / "seeds.csv")
    np.testing.assert_allclose(
        seeds.groupby("method")["accuracy"].mean()[accuracy.index], accuracy, atol=1e-6
    )
    assert len(seeds) == 4
    confusion = pd.read_csv(TABLES / "confusion.csv")
    assert (confusion.groupby("method")["count"].sum() == N_TEST).all()
    assert set(confusion["actual"]) == set(CLASSES)
    assert read_json(TABLES / "metrics.json") == accuracy.to_dict()
    assert set(pd.read_csv(TABLES / "curves.csv")["method"]) == {"mlp"}


def test_throughput_table():
    table = pd.read_csv(TABLES / "throughput.csv")
    assert list(table.columns) == rows.THROUGHPUT
    assert set(table["method"]) == {"raw-linear_svm", "raw-logistic", "mlp"}
    for _, own in table.groupby("method"):
        assert set(own["phase"]) == {"train", "infer"}
    always = ["device", "dtype", "images_per_second", "machine", "threads", "versions"]
    assert table[always].notna().all(axis=None)
    assert table["train_seconds"].notna().equals(table["phase"] == "train")
    counted = table[["flops", "xla_flops", "bytes", "peak_share"]]
    assert counted.notna().all(axis=1).equals(table["method"] == "mlp")
    flops = table[table["method"] == "mlp"].groupby("phase")["flops"].unique()
    macs = 192 * 5 + 5 * 3
    assert (list(flops["infer"]), list(flops["train"])) == ([2 * macs], [6 * macs])


def test_pages():
    history = Path("results/README.md").read_text("utf-8")
    assert all(f" {method} " in history for method in METHODS)
    assert "stale" not in history
    assert "## " in Path("results/throughput.md").read_text("utf-8")
    for name in ("accuracy", "throughput"):
        assert f"# squares: {name}\n" in (TABLES / f"{name}.md").read_text("utf-8")


def test_pictures():
    folder = TABLES / "pictures"
    captions = read_json(folder / "captions.json")
    assert {file.name for file in folder.glob("*.png")} == set(captions)
    assert {"weights-raw-logistic.png", "weights-raw-linear_svm.png"} <= set(captions)
    assert np.asarray(Image.open(folder / "weights-raw-logistic.png")).shape == (8, 26, 3)


def test_nothing_half_written_is_left():
    assert not list(Path().rglob("*.part"))
