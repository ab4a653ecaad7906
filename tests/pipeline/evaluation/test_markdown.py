"""Tables for people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation import markdown, rows


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (None, 3, "-"),
        (np.nan, 3, "-"),
        (0, 3, "0"),
        (0.012345, 3, "0.0123"),
        (12.345, 3, "12.3"),
        (99.96, 3, "100"),
        (123.4, 3, "123"),
        (61706, 12, "61,706"),
        (19_632_062_464.0, 12, "19,632,062,464"),
        (1234.5, 6, "1,234.5"),
        (1e5, 3, "100,000"),
        (166_084.0, 3, "166,000"),
    ],
)
def test_numbers(value: float | None, digits: int, text: str):
    assert markdown.number(value, digits) == text


def accuracy_frame(**changes: list[object]):
    frame = pd.DataFrame(
        {
            "method": ["raw-logistic", "hog-linear_svm", "lenet5", "alexnet"],
            "title": ["Raw", "HOG", "LeNet-5", "AlexNet"],
            "year": [1962, 2005, 1998, 2012],
            "n_train": 60_000,
            "n_test": 10_000,
            "n_seeds": [1, 1, 3, 0],
            "accuracy": [0.92, 0.98, 0.99, np.nan],
            "accuracy_low": [0.91, 0.975, 0.985, np.nan],
            "accuracy_high": [0.93, 0.985, 0.995, np.nan],
            "accuracy_std": [np.nan, np.nan, 0.001, np.nan],
            "p_vs_best": [0.0, 0.05, np.nan, np.nan],
            "parameters": [7850, 12970, 61706, np.nan],
            "macs": [7840, 12960, 416520, np.nan],
            "published": [0.917, np.nan, 0.9905, np.nan],
            "protocol": ["near", np.nan, "different-network", np.nan],
            "verdict": ["reproduced", None, None, None],
            "status": ["ok", "unconverged", "ok", "skipped"],
            "reason": ["", "max_iter", "", "for cifar10"],
            **changes,
        }
    )
    return frame.reindex(columns=rows.ACCURACY)


def cells(text: str, method: str):
    line = next(line for line in text.splitlines() if f" {method} " in line)
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_string_stays_in_its_cell():
    lines = markdown.table([{"title": "a | b\nc", "year": 1998}]).splitlines()
    assert [line.count("|") - line.count(r"\|") for line in lines] == [3, 3, 3]
    assert r"a \| b c" in lines[2]


def test_accuracy_in_full():
    text = markdown.accuracy(accuracy_frame(), "MNIST")
    assert text.startswith("# MNIST: accuracy\n\n60,000 training and 10,000 test images.")
    assert cells(text, "raw-logistic") == [
        *("1962", "raw-logistic", "Raw", "92.00 (91.00-93.00)", "1", "-", "7,850", "7,840"),
        *("91.70 near: reproduced", "ok"),
    ]
    assert cells(text, "alexnet") == [
        *("2012", "alexnet", "AlexNet", "-", "-", "-", "-", "-", "", "skipped: for cifar10"),
    ]


def test_bold_are_the_best_and_what_cannot_be_told_from_it():
    text = markdown.accuracy(accuracy_frame(), "MNIST")
    assert cells(text, "lenet5")[3] == "**99.00 (98.50-99.50)**"
    assert cells(text, "hog-linear_svm")[3] == "**98.00 (97.50-98.50)**"
    assert "**" not in cells(text, "raw-logistic")[3]
    assert "**" not in cells(text, "alexnet")[3]


def test_a_published_number_without_a_verdict_names_its_protocol():
    text = markdown.accuracy(accuracy_frame(), "MNIST")
    assert cells(text, "lenet5")[-2] == "99.05 different-network"


def throughput_frame():
    return pd.DataFrame(
        {
            "method": ["mlp", "mlp", "mlp"],
            "phase": ["train", "infer", "infer"],
            "device": "cpu",
            "batch_size": [32, 1, 1],
            "images_per_second": [1234.5, 500.0, 800.0],
            "images_per_second_low": [np.nan, 450.0, 700.0],
            "images_per_second_high": [np.nan, 550.0, 900.0],
            "latency_p50_ms": [np.nan, 2.0, 1.25],
            "train_seconds": [3.25, np.nan, np.nan],
            "compile_seconds": [0.5, 0.0, 0.0],
            "peak_memory_mib": [512.26, 400.0, 400.0],
            "machine": ["one", "one", "another"],
            "threads": [2, 2, 2],
        }
    ).reindex(columns=rows.THROUGHPUT)


def test_machines_are_never_in_one_table():
    text = markdown.throughput(throughput_frame(), "MNIST")
    another, one = text.split("\none, 2 threads\n")
    assert "another, 2 threads" in another
    assert another.count("| mlp") == 1
    assert one.count("| mlp") == 2


def test_throughput_in_full():
    text = markdown.throughput(throughput_frame(), "MNIST").split("\none, 2 threads\n")[1]
    train, infer = [line for line in text.splitlines() if " mlp " in line]
    assert cells(train, "train") == [
        *("mlp", "train", "cpu", "32", "1,230", "-", "-", "3.25", "0.5", "512.3"),
    ]
    assert cells(infer, "infer") == [
        *("mlp", "infer", "cpu", "1", "500", "450-550", "2", "-", "0", "400"),
    ]
