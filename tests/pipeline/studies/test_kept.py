"""What a study has learned is kept: a killed one goes on where it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from models.classifiers import linear_svm, logistic
from models.networks import mlp
from models.training.recipe import Recipe
from pipeline.evaluation import trials
from pipeline.evaluation.trials import Data
from pipeline.studies import learning_curve


class Killed(BaseException):
    pass


def test_a_killed_study_learns_nothing_twice(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    learned: list[str] = []
    deadly = 3

    def counted(name: str, learn: Callable[..., Any]):
        def guarded(*args: Any, **kwargs: Any):
            if len(learned) == deadly:
                raise Killed
            learned.append(name)
            return learn(*args, **kwargs)

        return guarded

    monkeypatch.setattr(trials, "train", counted("network", trials.train))
    for classifier in (logistic.Classifier, linear_svm.Classifier):
        monkeypatch.setattr(classifier, "fit", counted("classifier", classifier.fit))
    kept = data._replace(kept=tmp_path)
    with pytest.raises(Killed):
        learning_curve.run(kept, sizes=[8], seeds=1, steps=6)
    deadly = -1
    table = learning_curve.run(kept, sizes=[8], seeds=1, steps=6)
    assert learned == ["classifier"] * 8 + ["network"] * 2  # three choices and the chosen one
    undisturbed = learning_curve.run(data, sizes=[8], seeds=1, steps=6)
    assert len(learned) == 20
    pd.testing.assert_frame_equal(table, undisturbed, check_exact=True)
    assert {file.suffix for file in tmp_path.iterdir() if file.is_file()} == {".npy"}


def test_what_was_learned_from_other_images_is_not_taken_for_kept(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    learned: list[int] = []

    def counted(*args: Any, **kwargs: Any):
        learned.append(len(args[1]))
        return train(*args, **kwargs)

    train = trials.train
    monkeypatch.setattr(trials, "train", counted)
    kept = data._replace(kept=tmp_path)
    recipe = Recipe(epochs=1, seeds=1, batch_size=8)
    for learned_from in (kept, kept._replace(train_images=255 - data.train_images), kept):
        predict = trials.network(mlp.Network, learned_from, recipe, label="mlp")
        predict(data.test_images)
    assert len(learned) == 2
