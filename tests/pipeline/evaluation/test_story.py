"""The sentences that open the results: the best of both kinds, and whether they differ."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.evaluation.story import story


def test_the_story_sets_both_kinds_beside_each_other():
    rows = [
        {"dataset": "d", "kind": kind, "title": title, "accuracy": accuracy}
        for kind, title, accuracy in [
            ("classical", "HOG", 0.9),
            ("classical", "Canny", 0.8),
            ("network", "LeNet", 0.95),
            ("network", "MLP", 0.7),
        ]
    ]
    table = pd.DataFrame(rows).assign(
        year=2000, accuracy_low=0.7, accuracy_high=0.99, parameters=1000, n_test=50, status="ok"
    )
    (line,) = story(table.assign(p_vs_best=[0.04, 0.01, np.nan, 0.01]))
    assert line.startswith("d: HOG (2000) 90.00 % (70.00-99.00), LeNet (2000) 95.00 %")
    assert "95.00 % (70.00-99.00), told apart;" in line
    table["p_vs_best"] = [0.05, 0.01, np.nan, 0.01]
    table.loc[0, "status"] = "unconverged"
    (line,) = story(table)
    assert "HOG (2000) 90.00 % (70.00-99.00, unconverged)" in line
    assert "not told apart;" in line
    (line,) = story(table[table["title"] != "MLP"])
    assert "LeNet (2000), the only network that ran, 95.00 %" in line
    assert list(story(table.query("kind == 'network'"))) == []
