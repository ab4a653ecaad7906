"""The stages once more: what changes, what stays, and what is refused."""

from __future__ import annotations

import filecmp
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import jax
import numpy as np
import pandas as pd
import pytest

from models.classifiers import logistic
from models.training import loop, program
from pipeline import (
    extract,
    fit,
    illustrate,
    page,
    prepare,
    provenance,
    report,
    tabulate,
    throughput_classical,
    throughput_network,
    train,
)
from pipeline.evaluation import device
from pipeline.scoring.classical import Pair, accelerated_scorer, scorer
from pipeline.stage.errors import UserError
from pipeline.stage.files import read_arrays
from tests.pipeline.stages.project import (
    DIVERGING,
    N_TRAIN,
    PARAMS,
    SCORES,
    TABLES,
    TIMINGS,
    bytes_of,
    classical,
    read_json,
    run_all,
    set_params,
)

pytestmark = pytest.mark.usefixtures("project")


def test_the_same_bytes_without_the_test_labels():
    outputs = SCORES, Path("artifacts/models"), Path("artifacts/features")
    expected = bytes_of(*outputs)
    for folder in outputs:
        shutil.rmtree(folder)
    Path("artifacts/data/squares/test_labels.npy").unlink()  # nothing that learns needs them
    jax.clear_caches()
    extract.main("squares", "raw")
    extract.main("squares", "sobel")
    classical(fit.main)
    for network in ("lenet5", "mlp"):
        train.main("squares", network)
    assert bytes_of(*outputs) == expected


def test_settings_are_tried_without_the_validation_images(monkeypatch: pytest.MonkeyPatch):
    seen: list[int | list[int]] = []
    fit_one, train_one = logistic.Classifier.fit, loop.train

    def noted_fit(self: logistic.Classifier, X: np.ndarray, y: np.ndarray):
        seen.append(len(X))
        return fit_one(self, X, y)

    def noted_train(*arguments: Any, rows: Any = None, **options: Any):
        seen.append(N_TRAIN if rows is None else rows.tolist())
        return train_one(*arguments, rows=rows, **options)

    monkeypatch.setattr(logistic.Classifier, "fit", noted_fit)
    monkeypatch.setattr(loop, "train", noted_train)
    fit.main("squares", "raw", "logistic")
    train.main("squares", "mlp")
    held_out = np.load("artifacts/data/squares/validation.npy").tolist()
    kept = [row for row in range(N_TRAIN) if row not in held_out]
    assert seen == [len(kept), len(kept), N_TRAIN, kept, kept, N_TRAIN]


def test_the_same_images_have_the_same_bytes():
    expected = bytes_of(Path("artifacts/data"))
    shutil.rmtree("artifacts/data")
    prepare.main("squares")
    assert bytes_of(Path("artifacts/data")) == expected


def test_the_same_tables_from_the_same_scores():
    expected = bytes_of(Path("results"))
    shutil.rmtree(TABLES)
    tabulate.main("squares")
    illustrate.main("squares")
    report.main()
    assert bytes_of(Path("results")) == expected


def test_pictures_stay_until_new_ones_are_written(monkeypatch: pytest.MonkeyPatch):
    pictures = TABLES / "pictures"
    expected = bytes_of(pictures)
    for name in ("earlier.png", "earlier.csv"):
        (pictures / name).write_text("of a method that is gone")
    with monkeypatch.context() as patch:
        patch.setattr(illustrate, "write_png", Mock(side_effect=OSError("disk")))
        with pytest.raises(OSError, match="disk"):
            illustrate.main("squares")
    assert bytes_of(pictures).items() > expected.items()
    illustrate.main("squares")
    assert bytes_of(pictures) == expected


def test_another_image_is_another_checksum():
    before = read_json(Path("artifacts/data/squares/dataset.json"))["checksum"]
    shutil.copy("images/train/dark/0.png", "images/train/dark/1.png")
    prepare.main("squares")
    assert read_json(Path("artifacts/data/squares/dataset.json"))["checksum"] != before


def test_a_diverged_network_is_a_row_without_figures():
    set_params(networks={"mlp": DIVERGING | {"learning_rate": 1e6}})
    train.main("squares", "mlp")
    throughput_network.main("squares", "mlp")
    tabulate.main("squares")
    report.main()
    row = pd.read_csv(TABLES / "accuracy.csv", index_col="method").loc["mlp"]
    assert (row["status"], row["reason"]) == ("diverged", "the loss is not finite")
    assert row[["accuracy", "accuracy_low", "accuracy_high", "top5", "log_loss"]].isna().all()
    assert row["parameters"] == 983
    illustrate.main("squares")
    page.main()
    assert "<td>diverged</td>" in page.PAGE.read_text("utf-8")
    assert "mlp" not in read_json(TABLES / "metrics.json")
    assert " diverged |" in Path("results/README.md").read_text("utf-8")


def test_streamed_images_give_the_same_scores():
    expected = bytes_of(SCORES / "mlp", Path("artifacts/models/squares/mlp.npz"))
    entry = PARAMS["datasets"]["squares"] | {"stream": True}
    set_params(datasets={"squares": entry})
    shutil.rmtree("artifacts")
    run_all()
    assert bytes_of(SCORES / "mlp", Path("artifacts/models/squares/mlp.npz")) == expected
    assert not Path("artifacts/data/squares/train_images.npy").exists()
    described = read_json(SCORES / "raw-logistic/method.json")
    reason = "its images are streamed, and features want all of them in memory"
    assert (described["status"], described["reason"]) == ("skipped", reason)


def test_an_accelerator_is_timed_beside_the_host(monkeypatch: pytest.MonkeyPatch):
    set_params(features={"sobel": {"pool": 4}})
    extract.main("squares", "sobel")
    classical(fit.main)
    throughput_classical.main("squares", "sobel", "logistic")
    file = TIMINGS / "throughput-sobel-logistic.json"
    host = read_json(file)
    monkeypatch.setattr(device, "accelerator", lambda: "fast")
    for classifier in ("logistic", "linear_svm"):
        throughput_classical.main("squares", "sobel", classifier)
    both = read_json(file)
    assert {key for key in both if key != "infer"} == {key for key in host if key != "infer"}
    assert {one.get("device") for one in both["infer"]} == {None, "fast"}
    tabulate.main("squares")
    report.main()
    table = pd.read_csv(TABLES / "throughput.csv")
    own = table[(table["method"] == "sobel-logistic") & (table["phase"] == "infer")]
    assert set(own["device"]) == {"cpu", "fast"}
    page = Path("results/throughput.md").read_text("utf-8")
    assert re.search(r"\| sobel-logistic +\| fast +\|", page)


@pytest.mark.parametrize("classifier", ["logistic", "linear_svm"])
def test_the_accelerator_finds_the_same_scores(classifier: str):
    images = np.load("artifacts/data/squares/test_images.npy")
    set_params(features={"sobel": {"pool": 4}})
    extract.main("squares", "sobel")
    fit.main("squares", "sobel", classifier)
    arrays = read_arrays(Path(f"artifacts/models/squares/sobel-{classifier}.npz"))
    pair = Pair("sobel", classifier, {"pool": 4}, {}, arrays)
    expected, found = scorer(pair)(images), accelerated_scorer(pair)(images)
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=1e-5)


def test_what_is_timed_waits_for_the_device(monkeypatch: pytest.MonkeyPatch):
    setting = read_json(SCORES / "mlp/method.json")["setting"]
    subject = throughput_network.trained("squares", "mlp", setting)
    steps, _ = throughput_network.some_steps(subject)
    predict, _ = throughput_network.prediction(subject)
    calls = Mock()
    calls.attach_mock(Mock(wraps=program.advance), "advance")
    calls.attach_mock(Mock(wraps=jax.block_until_ready), "wait")
    monkeypatch.setattr(program, "advance", calls.advance)
    monkeypatch.setattr(jax, "block_until_ready", calls.wait)
    steps()
    steps()
    assert [name for name, *_ in calls.mock_calls] == ["advance", "wait"] * 2
    assert isinstance(predict(subject.test[0]), np.ndarray)


def test_a_profile_is_a_trace_and_no_timing(capsys: pytest.CaptureFixture[str]):
    file = TIMINGS / "throughput-mlp.json"
    before = file.read_bytes()
    throughput_network.profiled(Path("traces"))("squares", "mlp")
    (trace,) = Path("traces").rglob("perfetto_trace.json.gz")
    assert trace.stat().st_size > 1000
    assert capsys.readouterr().out.startswith(f"wrote {trace} for ")
    assert file.read_bytes() == before
    with pytest.raises(UserError, match=r"^lenet5 on squares: skipped, "):
        throughput_network.profiled(Path("traces"))("squares", "lenet5")


def test_a_setting_that_diverges_is_not_chosen():
    set_params(networks={"mlp": DIVERGING | {"learning_rate": [1e6, 0.001]}})
    train.main("squares", "mlp")
    described = read_json(SCORES / "mlp/method.json")
    assert described["validation_accuracies"][0] == 0
    assert described["setting"]["learning_rate"] == 0.001
    assert (described["status"], described["scores"]) == ("ok", "margins")


@pytest.mark.parametrize("left_out", ["raw-logistic", "mlp", "lenet5"])
def test_a_missing_result_is_named(left_out: str):
    shutil.rmtree(SCORES / left_out)
    expected = bytes_of(TABLES)
    with pytest.raises(
        UserError, match=f"^artifacts/scores/squares/{left_out}/method.json: not found"
    ):
        tabulate.main("squares")
    assert bytes_of(TABLES) == expected


def test_results_of_methods_that_are_gone_are_set_aside(capsys: pytest.CaptureFixture[str]):
    old, aside = SCORES / "old_net", Path("artifacts/leftovers/scores/squares/old_net")
    for _ in range(2):  # the second takes the place of the first
        shutil.copytree(SCORES / "mlp", old)
        tabulate.main("squares")
        said = f"{old}: no longer in params.yaml, moved to {aside}\n"
        assert capsys.readouterr().out == said
        assert not old.exists()
        assert filecmp.dircmp(aside, SCORES / "mlp").diff_files == []
    assert "old_net" not in (TABLES / "curves.csv").read_text("utf-8")


def test_a_row_of_changed_code_is_stale():
    file = Path("models/networks/mlp.py")
    source = file.read_text("utf-8").replace("hidden: int = 300", "hidden: int = 301")
    file.write_text(source, "utf-8")
    provenance.code.cache_clear()
    report.main()
    history = Path("results/README.md").read_text("utf-8")
    assert "- squares, mlp: code\n" in history
    assert history.count("- squares, ") == 1


@pytest.mark.parametrize(
    ("main", "names"),
    [
        (prepare.main, ["nothing"]),
        (extract.main, ["squares", "nothing"]),
        (extract.main, ["squares", "hog"]),  # a file, and no entry in params.yaml
        (fit.main, ["squares", "nothing", "logistic"]),
        (fit.main, ["squares", "hog", "logistic"]),
        (fit.main, ["nothing", "raw", "logistic"]),
        (train.main, ["squares", "nothing"]),
        (train.main, ["nothing", "mlp"]),
        (throughput_classical.main, ["squares", "hog", "logistic"]),
        (throughput_network.main, ["squares", "nothing"]),
        (tabulate.main, ["nothing"]),
    ],
)
def test_an_unknown_name_is_a_mistake_of_the_user(main: Callable[..., None], names: list[str]):
    before = bytes_of(Path("artifacts"), Path("results"))
    with pytest.raises((UserError, FileNotFoundError), match=r"nothing|hog"):
        main(*names)
    assert bytes_of(Path("artifacts"), Path("results")) == before
