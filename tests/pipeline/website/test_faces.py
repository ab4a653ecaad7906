"""The page's detector of faces: its curves, what the page says of them, and the frames it draws."""

from __future__ import annotations

import numpy as np
import pandas as pd
from skimage import data

from pipeline.website import faces


def test_fewer_faces_are_missed_where_more_false_alarms_are_borne():
    curve = faces.curve([], [data.chelsea()[::2, ::2]])
    assert curve["false_positives_per_window"].is_monotonic_increasing
    assert curve["miss_rate"].is_monotonic_decreasing
    assert curve["miss_rate"].iloc[-1] == 0
    assert 0 < curve["false_positives_per_window"].iloc[-1] < 0.7


def test_the_second_lesson_is_worth_more_than_the_first():
    curves = pd.read_csv(faces.CURVES)
    once, twice = faces.missed(curves)
    assert list(curves["trained_on"].unique()) == list(faces.TRAINED_ON)
    assert once - twice > 100 - once


def test_the_faces_missed_are_those_at_no_more_false_alarms():
    once, twice = faces.TRAINED_ON
    rows = [(1e-5, 0.9, once), (9e-5, 0.8, once), (2e-4, 0.1, once), (1e-4, 0.5, twice)]
    columns = ["false_positives_per_window", "miss_rate", "trained_on"]
    assert faces.missed(pd.DataFrame(rows, columns=columns)) == [80, 50]


def test_the_best_window_has_its_own_colour():
    photograph = data.astronaut()[20:220, 120:330]
    images, labels = faces.crops()
    trained = faces.detector(images, labels, [])
    top, left, bottom, right = np.rint(trained.detect(photograph).boxes[0]).astype(int)
    drawn = faces.marked(photograph, trained)
    for row in (top, bottom - 1):
        assert drawn[row, (left + right) // 2].tolist() == list(faces.BEST)
    assert (drawn == faces.OTHER).all(-1).any()
