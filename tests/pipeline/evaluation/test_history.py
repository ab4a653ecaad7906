"""The history page."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation import history


@pytest.fixture
def accuracy():
    return pd.DataFrame(
        {
            "dataset": ["digits", "digits", "mnist", "mnist"],
            "method": ["lenet5", "raw-logistic", "lenet5", "raw-logistic"],
            "title": ["LeNet-5", "Raw + logistic", "LeNet-5", "Raw + logistic"],
            "year": [1998, 1962, 1998, 1962],
            "kind": ["network", "classical", "network", "classical"],
            "n_test": 360,
            "parameters": 61_706,
            "p_vs_best": [1.0, 0.02, 1.0, np.nan],
            "accuracy": [0.98, 0.96, 0.99, np.nan],
            "accuracy_low": [0.97, 0.95, 0.985, np.nan],
            "accuracy_high": [0.99, 0.97, 0.995, np.nan],
            "status": ["ok", "unconverged", "ok", "diverged"],
            "published": [np.nan, np.nan, 0.9905, 0.917],
            "published_source": [np.nan, np.nan, "LeCun et al. 1998", "Xiao et al. 2017"],
            "protocol": [np.nan, np.nan, "near", "near"],
            "verdict": [np.nan, np.nan, "reproduced", np.nan],
            "stale": "",
        }
    )


@pytest.fixture
def throughput():
    return pd.DataFrame(
        {
            "dataset": "mnist",
            "method": "lenet5",
            "phase": ["train", "infer", "infer", "infer"],
            "device": "cpu",
            "batch_size": [32, 1, 256, 1],
            "images_per_second": [9000.0, 2000.0, 30000.0, 500.0],
            "images_per_second_low": [8000.0, 1900.0, 28000.0, 400.0],
            "images_per_second_high": [9500.0, 2100.0, 31000.0, 600.0],
            "latency_p50_ms": [np.nan, 0.5, 8.0, 2.0],
            "train_seconds": [61.0, np.nan, np.nan, np.nan],
            "search_seconds": [240.0, np.nan, np.nan, np.nan],
            "machine": ["one", "one", "one", "another"],
            "threads": 2,
        }
    )


def rows(text: str):
    """Return the cells of the first table."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_one_row_a_method_by_year_and_one_column_a_dataset(accuracy: pd.DataFrame):
    header, _, *body = rows(history.accuracy_by_year(accuracy))
    assert header == ["year", "method", "title", "digits", "mnist"]
    assert body == [
        ["1962", "raw-logistic", "Raw + logistic", "96.00 (95.00-97.00) unconverged", "diverged"],
        ["1998", "lenet5", "LeNet-5", "98.00 (97.00-99.00)", "99.00 (98.50-99.50)"],
    ]


def test_a_method_that_was_not_run_on_a_dataset_leaves_its_cell_empty(accuracy: pd.DataFrame):
    *_, lenet5 = rows(history.accuracy_by_year(accuracy.drop(index=0)))
    assert lenet5 == ["1998", "lenet5", "LeNet-5", "", "99.00 (98.50-99.50)"]


def test_the_page_opens_with_the_best_of_both_kinds(accuracy: pd.DataFrame):
    opening, _ = history.accuracy_page(accuracy).split("## Accuracy by year")
    _, _, (dataset, _, feature, *_) = rows(opening)
    assert dataset == "digits"
    assert feature.startswith("Raw + logistic, 1962: 96.00")


def test_stale_rows_are_marked_and_explained(accuracy: pd.DataFrame):
    assert history.STALE not in history.accuracy_page(accuracy)
    accuracy.loc[2, "stale"] = "code, dataset parameters"
    text = history.accuracy_page(accuracy)
    _, by_year = text.split("## Accuracy by year")
    assert rows(by_year)[3][4] == f"99.00 (98.50-99.50) {history.STALE}"
    assert "- mnist, lenet5: code, dataset parameters\n" in text
    assert text.count(history.STALE) == 2
    accuracy.loc[:1, "stale"] = "code"
    assert "- digits, all 2 methods: code\n" in history.accuracy_page(accuracy)


def test_measured_stands_beside_published(accuracy: pd.DataFrame):
    _, _, *body = rows(history.beside_the_papers(accuracy))
    assert body == [
        ["mnist", "raw-logistic", "-", "91.70", "near", "", "Xiao et al. 2017"],
        [
            "mnist",
            "lenet5",
            "99.00 (98.50-99.50)",
            "99.05",
            "near",
            "reproduced",
            "LeCun et al. 1998",
        ],
    ]


def test_without_a_published_number_it_says_so(accuracy: pd.DataFrame):
    text = history.beside_the_papers(accuracy[accuracy["dataset"] == "digits"])
    assert text == "No method here has a published number yet.\n"


def test_each_machine_shows_its_fastest_batch_by_itself(throughput: pd.DataFrame):
    another, one = history.throughput_page(throughput).split("## one, 2 threads\n")
    assert "## another, 2 threads\n" in another
    assert rows(one)[2] == [
        "mnist",
        "lenet5",
        "cpu",
        "30,000",
        "28,000-31,000",
        "256",
        "0.5",
        "61",
        "240",
    ]
    assert rows(another)[2] == ["mnist", "lenet5", "cpu", "500", "400-600", "1", "2", "-", "-"]


def test_each_device_of_a_machine_shows_its_own(throughput: pd.DataFrame):
    throughput.loc[2, "device"] = "gpu"
    _, one = history.throughput_page(throughput).split("## one, 2 threads\n")
    assert rows(one)[2:] == [
        ["mnist", "lenet5", "cpu", "2,000", "1,900-2,100", "1", "0.5", "61", "240"],
        ["mnist", "lenet5", "gpu", "30,000", "28,000-31,000", "256", "-", "-", "-"],
    ]


def test_a_network_trained_on_another_machine_keeps_its_row(throughput: pd.DataFrame):
    throughput.loc[0, "machine"] = "large"
    large = history.throughput_page(throughput).split("## large, 2 threads\n")[1]
    assert rows(large)[2] == ["mnist", "lenet5", "cpu", "-", "-", "-", "-", "61", "240"]


def test_what_was_not_searched_took_no_seconds(throughput: pd.DataFrame):
    throughput.loc[0, "search_seconds"] = 2e-5
    _, one = history.throughput_page(throughput).split("## one, 2 threads\n")
    assert rows(one)[2][-2:] == ["61", "-"]


def test_a_skipped_method_says_so_in_its_cell(accuracy: pd.DataFrame):
    accuracy.loc[3, "status"] = "skipped"
    assert rows(history.accuracy_by_year(accuracy))[2][4] == "skipped"
