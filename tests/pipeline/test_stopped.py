"""Features and classifiers that are stopped anywhere: the next run goes on, to the same bytes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.kmeans_patches import Feature
from models.classifiers.logistic import Classifier
from pipeline import check, extract, fit, prepare
from pipeline.stage import paths
from pipeline.stage.files import read_arrays, read_json

ROOT = Path(__file__).parents[2]
NAMES = "digits", "kmeans_patches"
PARAMS = {
    "datasets": {"digits": {"reader": "digits", "size": 16, "epochs": 1}},
    "features": {"kmeans_patches": {"words": 8, "epsilon": 1.0}},
    "classifiers": {"logistic": {"C": [0.01, 1.0]}},
    "networks": {},
    "studies": {},
}
STEP = 16 * 16 * 500  # pixels of 500 images: 3 steps through 1,437, then 1 through 360
CHECKPOINTS = Path("artifacts/checkpoints")
EXTRACTED = Path("artifacts/features/digits"), Path("artifacts/models/digits/features")
FITTED = Path("artifacts/scores"), Path("artifacts/models/digits")


def bytes_of(*folders: Path) -> dict[str, bytes]:
    return {
        str(file): file.read_bytes()
        for folder in folders
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which a feature was extracted and a classifier fitted."""
    folder = tmp_path_factory.mktemp("project")
    for package in ("pipeline", "features", "models"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("*.pyc"))
    (folder / "params.yaml").write_text(json.dumps(PARAMS), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        check.main()
        prepare.main("digits")
        extract.main(*NAMES)
        fit.main(*NAMES, "logistic")
    return folder


@pytest.fixture
def project(first_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, in which one thread does the work."""
    shutil.copytree(first_run, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("HINDSIGHT_THREADS", "1")
    monkeypatch.setattr(extract, "PIXELS_A_STEP", STEP)
    return tmp_path / "project"


def stop_at(call: int, patch: pytest.MonkeyPatch, owner: type, *methods: str) -> list[str]:
    """Have one call of some methods be as if Ctrl-C came; return the list of all calls."""
    calls: list[str] = []

    def watched(name: str) -> None:
        method = getattr(owner, name)

        def watch(*args: Any, **options: Any) -> Any:
            calls.append(name)
            if len(calls) == call:
                raise KeyboardInterrupt
            return method(*args, **options)

        patch.setattr(owner, name, watch)

    for name in methods:
        watched(name)
    return calls


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("stopped", range(1, 8))
def test_extract_goes_on(stopped: int, monkeypatch: pytest.MonkeyPatch):
    expected = bytes_of(*EXTRACTED)
    for folder in EXTRACTED:
        shutil.rmtree(folder)
    # `fit` itself transforms some images, then come three steps and one.
    calls = stop_at(stopped, monkeypatch, Feature, "fit", "transform")
    whole = ["fit", *5 * ["transform"]]
    if stopped <= len(whole):
        with pytest.raises(KeyboardInterrupt):
            extract.main(*NAMES)
        assert len(calls) == stopped
    extract.main(*NAMES)
    assert bytes_of(*EXTRACTED) == expected
    again = {1: 1, 2: 2}.get(stopped, 1 if stopped <= len(whole) else 0)
    assert len(calls) == len(whole) + again
    assert not any(CHECKPOINTS.iterdir())


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("stopped", range(1, 7))
def test_fit_goes_on(stopped: int, monkeypatch: pytest.MonkeyPatch):
    expected = bytes_of(*FITTED)
    shutil.rmtree(FITTED[0])
    (FITTED[1] / "kmeans_patches-logistic.npz").unlink()
    # Two settings, then the better one on all images; its scores of the test images come last.
    calls = stop_at(stopped, monkeypatch, Classifier, "fit", "scores")
    whole = ["fit", "scores", "fit", "scores", "fit", "scores"]
    with pytest.raises(KeyboardInterrupt):
        fit.main(*NAMES, "logistic")
    assert len(calls) == stopped
    fit.main(*NAMES, "logistic")
    assert bytes_of(*FITTED) == expected
    again = 2 if stopped in (2, 4) else 1  # a setting is fitted again, a model is kept
    assert len(calls) == len(whole) + again
    assert not any(CHECKPOINTS.iterdir())


def test_results_that_a_killed_run_moved_already_are_made_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
):
    expected = bytes_of(*EXTRACTED)
    monkeypatch.setattr(extract.checkpoints, "discard", lambda kept: None)
    extract.main(*NAMES)
    monkeypatch.undo()
    monkeypatch.chdir(project)
    for folder in EXTRACTED:
        shutil.rmtree(folder)  # as dvc does before it runs a stage
    extract.main(*NAMES)
    assert bytes_of(*EXTRACTED) == expected


def test_killed_for_good_in_the_middle(project: Path):
    expected = bytes_of(*EXTRACTED)
    for folder in EXTRACTED:
        shutil.rmtree(folder)
    source = project / "pipeline/extract.py"
    source.write_text(source.read_text("utf-8").replace("2**21", "2**12"), "utf-8")
    command = [sys.executable, "-m", "pipeline.extract", *NAMES]
    environment = os.environ | {"HINDSIGHT_LOCK": str(project / "machine.lock")}
    with subprocess.Popen(command, env=environment) as stage:
        while not list(CHECKPOINTS.glob("*/train.json")):
            assert stage.poll() is None
            time.sleep(0.001)
        stage.send_signal(signal.SIGKILL)
    (kept,) = CHECKPOINTS.iterdir()
    learned, vectors = ((kept / name).stat().st_ino for name in ("learned.npz", "train.npy"))
    assert json.loads((kept / "train.json").read_text("utf-8"))["done"]["rows"] < 1437
    subprocess.run(command, env=environment, check=True)
    assert bytes_of(*EXTRACTED) == expected
    features, models = EXTRACTED
    assert (features / "kmeans_patches/train.npy").stat().st_ino == vectors
    assert (models / "kmeans_patches.npz").stat().st_ino == learned


@pytest.mark.usefixtures("project")
def test_a_feature_learns_from_the_training_images_alone():
    images = np.load("artifacts/data/digits/train_images.npy")
    expected = Feature(**PARAMS["features"]["kmeans_patches"]).fit(images).to_arrays()
    learned = read_arrays(paths.learned(*NAMES))
    assert learned.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_allclose(learned[name], array, rtol=1e-5, atol=1e-6)


@pytest.mark.usefixtures("project")
def test_a_row_counts_the_feature_and_the_classifier():
    # 8 words of 6x6 pixels; 11 x 11 patches; 4 x 8 values into 10 classes.
    row = read_json(paths.scores("digits", "kmeans_patches-logistic") / "method.json")
    of_the_feature = 36 + 36 * 36 + 8 * 36 + 2 * 32
    assert row["parameters"] == of_the_feature + 32 * 10 + 10
    assert row["macs"] == 121 * (2 * 36 + 36 * 36 + 36 * 8 + 8) + 32 + 32 * 10
