"""The stages one after the other, on a few small images, in a copy of the project."""

from __future__ import annotations

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import jax
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from models.classifiers import logistic
from models.training import loop, program
from pipeline import (
    check,
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
from pipeline.evaluation import clock, device, rows
from pipeline.scoring.classical import Pair, accelerated_scorer, scorer
from pipeline.stage.errors import UserError
from pipeline.stage.files import read_arrays

Entries = dict[str, dict[str, Any]]

ROOT = Path(__file__).parents[2]
CLASSES = {"bright": 200, "dark": 40, "grey": 120}
N_TRAIN, N_TEST = 30, 15
CLASSICAL = ["raw-linear_svm", "raw-logistic", "sobel-linear_svm", "sobel-logistic"]
METHODS = sorted([*CLASSICAL, "lenet5", "mlp"])
PARAMS: dict[str, Entries] = {
    "datasets": {"squares": {"reader": "folder", "size": 8, "epochs": 2, "source": "images"}},
    "features": {"raw": {}, "sobel": {"pool": 4, "datasets": ["mnist"]}},
    "classifiers": {"logistic": {"C": [0.01, 1.0]}, "linear_svm": {}},
    "networks": {
        "mlp": {"hidden": 5, "learning_rate": [0.01, 0.1], "batch_size": 8, "seeds": 2},
        "lenet5": {"datasets": ["mnist", "usps"]},
    },
    "studies": {},
}
DIVERGING = {"hidden": 5, "loss": "squared_error", "batch_size": 4, "epochs": 3, "seeds": 1}
SCORES = Path("artifacts/scores/squares")
TIMINGS = Path("artifacts/timings/squares")
TABLES = Path("results/tables/squares")


def set_params(**sections: Entries):
    """Write params.yaml, as JSON: the entries above, with others in their place."""
    content = {section: entries | sections.get(section, {}) for section, entries in PARAMS.items()}
    Path("params.yaml").write_text(json.dumps(content), "utf-8")


def draw_images(folder: Path):
    """Write noisy squares of 10x12 pixels, whose class is how bright they are."""
    random = np.random.default_rng(0)
    for name, level in CLASSES.items():
        for split, count in (("train", N_TRAIN // 3), ("test", N_TEST // 3)):
            (folder / split / name).mkdir(parents=True)
            for place in range(count):
                pixels = level + random.integers(-30, 31, (12, 10, 3))
                Image.fromarray(pixels.astype(np.uint8)).save(
                    folder / split / name / f"{place}.png"
                )


def classical(run: Callable[[str, str, str], None]):
    for feature in ("raw", "sobel"):
        for classifier in ("linear_svm", "logistic"):
            run("squares", feature, classifier)


def run_all():
    check.main()
    prepare.main("squares")
    for feature in ("raw", "sobel"):
        extract.main("squares", feature)
    classical(fit.main)
    classical(throughput_classical.main)
    for network in ("lenet5", "mlp"):
        train.main("squares", network)
        throughput_network.main("squares", network)
    tabulate.main("squares")
    illustrate.main("squares")
    report.main()


def quick_clock(patch: pytest.MonkeyPatch):
    patch.setattr(clock, "BATCH_SIZES", (1, 16))
    patch.setattr(clock, "SECONDS", 0)
    patch.setattr(device, "SIDES", (64,))


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory):
    """A copy of the project in which every stage has run."""
    folder = tmp_path_factory.mktemp("project")
    for package in provenance.PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("*.pyc"))
    (folder / "results").mkdir()
    (folder / "results/published.csv").write_text(
        "dataset,method,published,protocol,published_source\n"
        "squares,mlp,0.9,near,them\nmnist,mlp,0.953,near,LeCun et al. 1998\n"
    )
    draw_images(folder / "images")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        quick_clock(patch)
        provenance.code.cache_clear()
        set_params()
        run_all()
        provenance.code.cache_clear()
    return folder


@pytest.fixture
def finished(first_run: Path, monkeypatch: pytest.MonkeyPatch):
    """The same, to look at."""
    monkeypatch.chdir(first_run)
    return first_run


@pytest.fixture
def project(first_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A copy of it, to change."""
    shutil.copytree(first_run, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("HINDSIGHT_LOCK", str(tmp_path / "machine.lock"))
    quick_clock(monkeypatch)
    provenance.code.cache_clear()
    yield tmp_path / "project"
    provenance.code.cache_clear()


def read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def bytes_of(*folders: Path):
    files = [file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file()]
    return {str(file): file.read_bytes() for file in files}


@pytest.mark.usefixtures("finished")
class TestARun:
    """What every stage leaves."""

    def test_prepare(self):
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

    def test_extract(self):
        folder = Path("artifacts/features/squares/raw")
        assert np.load(folder / "train.npy").shape == (N_TRAIN, 192)
        assert np.load(folder / "test.npy").shape == (N_TEST, 192)
        described = read_json(folder / "feature.json")
        assert described == {"title": "Raw pixels", "year": 1962, "parameters": 0, "macs": 0}
        assert read_json(TIMINGS / "extract-raw.json")["train_seconds"] > 0

    def test_fit(self):
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

    def test_train(self):
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
    def test_throughput(self, method: str):
        timing = read_json(TIMINGS / f"throughput-{method}.json")
        assert timing["infer"][0]["batch_size"] == 1
        assert all(one["images_per_second"] > 0 for one in timing["infer"])
        assert ("train" in timing) == (method == "mlp")

    def test_what_is_skipped_says_why_and_costs_nothing(self):
        reasons = {"sobel-logistic": "features.sobel is for mnist"}
        reasons["lenet5"] = "networks.lenet5 is for mnist, usps"
        for method, reason in reasons.items():
            described = read_json(SCORES / method / "method.json")
            assert (described["status"], described["reason"]) == ("skipped", reason)
            assert [file.name for file in (SCORES / method).iterdir()] == ["method.json"]

    def test_accuracy_table(self):
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

    def test_skipped_rows_have_a_reason_and_nothing_else(self):
        table = pd.read_csv(TABLES / "accuracy.csv", index_col="method")
        skipped = table[table["status"] == "skipped"]
        assert sorted(skipped.index) == ["lenet5", "sobel-linear_svm", "sobel-logistic"]
        assert skipped["reason"].str.contains(" is for mnist").all()
        filled = {"title", "year", "kind", "feature", "model", "n_train", "n_test", "n_seeds"}
        filled |= {"status", "reason"}
        assert set(skipped.columns[skipped.notna().any()]) == filled
        assert (skipped["n_seeds"] == 0).all()

    def test_the_papers_of_this_dataset_stand_beside(self):
        table = pd.read_csv(TABLES / "accuracy.csv", index_col="method")
        assert table["published"].dropna().to_dict() == {"mlp": 0.9}
        assert pd.isna(table.loc["mlp", "verdict"])  # of 15 test images

    def test_tables_beside_it_agree(self):
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

    def test_throughput_table(self):
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

    def test_pages(self):
        history = Path("results/README.md").read_text("utf-8")
        assert all(f" {method} " in history for method in METHODS)
        assert "stale" not in history
        assert "## " in Path("results/throughput.md").read_text("utf-8")
        for name in ("accuracy", "throughput"):
            assert f"# squares: {name}\n" in (TABLES / f"{name}.md").read_text("utf-8")

    def test_pictures(self):
        folder = TABLES / "pictures"
        captions = read_json(folder / "captions.json")
        assert {file.name for file in folder.glob("*.png")} == set(captions)
        assert {"weights-raw-logistic.png", "weights-raw-linear_svm.png"} <= set(captions)
        assert np.asarray(Image.open(folder / "weights-raw-logistic.png")).shape == (8, 26, 3)

    def test_nothing_half_written_is_left(self):
        assert not list(Path().rglob("*.part"))


@pytest.mark.usefixtures("project")
class TestAgain:
    """Runs that follow the first."""

    def test_the_same_bytes_without_the_test_labels(self):
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

    def test_settings_are_tried_without_the_validation_images(
        self, monkeypatch: pytest.MonkeyPatch
    ):
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

    def test_the_same_images_have_the_same_bytes(self):
        expected = bytes_of(Path("artifacts/data"))
        shutil.rmtree("artifacts/data")
        prepare.main("squares")
        assert bytes_of(Path("artifacts/data")) == expected

    def test_the_same_tables_from_the_same_scores(self):
        expected = bytes_of(Path("results"))
        shutil.rmtree(TABLES)
        tabulate.main("squares")
        illustrate.main("squares")
        report.main()
        assert bytes_of(Path("results")) == expected

    def test_pictures_stay_until_new_ones_are_written(self, monkeypatch: pytest.MonkeyPatch):
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

    def test_another_image_is_another_checksum(self):
        before = read_json(Path("artifacts/data/squares/dataset.json"))["checksum"]
        shutil.copy("images/train/dark/0.png", "images/train/dark/1.png")
        prepare.main("squares")
        assert read_json(Path("artifacts/data/squares/dataset.json"))["checksum"] != before

    def test_a_diverged_network_is_a_row_without_figures(self):
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

    def test_streamed_images_give_the_same_scores(self):
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

    def test_an_accelerator_is_timed_beside_the_host(self, monkeypatch: pytest.MonkeyPatch):
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
    def test_the_accelerator_finds_the_same_scores(self, classifier: str):
        images = np.load("artifacts/data/squares/test_images.npy")
        set_params(features={"sobel": {"pool": 4}})
        extract.main("squares", "sobel")
        fit.main("squares", "sobel", classifier)
        arrays = read_arrays(Path(f"artifacts/models/squares/sobel-{classifier}.npz"))
        pair = Pair("sobel", classifier, {"pool": 4}, {}, arrays)
        expected, found = scorer(pair)(images), accelerated_scorer(pair)(images)
        np.testing.assert_allclose(found, expected, atol=1e-5, rtol=1e-5)

    def test_what_is_timed_waits_for_the_device(self, monkeypatch: pytest.MonkeyPatch):
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

    def test_a_profile_is_a_trace_and_no_timing(self, capsys: pytest.CaptureFixture[str]):
        file = TIMINGS / "throughput-mlp.json"
        before = file.read_bytes()
        throughput_network.profiled(Path("traces"))("squares", "mlp")
        (trace,) = Path("traces").rglob("perfetto_trace.json.gz")
        assert trace.stat().st_size > 1000
        assert capsys.readouterr().out.startswith(f"wrote {trace} for ")
        assert file.read_bytes() == before
        with pytest.raises(UserError, match=r"^lenet5 on squares: skipped, "):
            throughput_network.profiled(Path("traces"))("squares", "lenet5")

    def test_a_setting_that_diverges_is_not_chosen(self):
        set_params(networks={"mlp": DIVERGING | {"learning_rate": [1e6, 0.001]}})
        train.main("squares", "mlp")
        described = read_json(SCORES / "mlp/method.json")
        assert described["validation_accuracies"][0] == 0
        assert described["setting"]["learning_rate"] == 0.001
        assert (described["status"], described["scores"]) == ("ok", "margins")

    @pytest.mark.parametrize("left_out", ["raw-logistic", "mlp", "lenet5"])
    def test_a_missing_result_is_named(self, left_out: str):
        shutil.rmtree(SCORES / left_out)
        expected = bytes_of(TABLES)
        with pytest.raises(
            UserError, match=f"^artifacts/scores/squares/{left_out}/method.json: not found"
        ):
            tabulate.main("squares")
        assert bytes_of(TABLES) == expected

    def test_results_of_methods_that_are_gone_are_set_aside(
        self, capsys: pytest.CaptureFixture[str]
    ):
        old, aside = SCORES / "old_net", Path("artifacts/leftovers/scores/squares/old_net")
        for _ in range(2):  # the second takes the place of the first
            shutil.copytree(SCORES / "mlp", old)
            tabulate.main("squares")
            said = f"{old}: no longer in params.yaml, moved to {aside}\n"
            assert capsys.readouterr().out == said
            assert not old.exists()
            assert filecmp.dircmp(aside, SCORES / "mlp").diff_files == []
        assert "old_net" not in (TABLES / "curves.csv").read_text("utf-8")

    def test_a_row_of_changed_code_is_stale(self):
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
    def test_an_unknown_name_is_a_mistake_of_the_user(
        self, main: Callable[..., None], names: list[str]
    ):
        before = bytes_of(Path("artifacts"), Path("results"))
        with pytest.raises((UserError, FileNotFoundError), match=r"nothing|hog"):
            main(*names)
        assert bytes_of(Path("artifacts"), Path("results")) == before


REFUSING = """
from flax import nnx

TITLE = "A large net"
YEAR = 2012

class Network(nnx.Module):
    def __init__(self, *, image_shape, classes, rngs):
        raise ValueError(f"images of at least 64x64 pixels are needed, got {image_shape[0]}")
"""


def run(*words: str):
    """Run a stage in a process of its own; return its exit code and what it says."""
    process = subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, check=False, env=os.environ
    )
    return process.returncode, process.stderr


@pytest.mark.usefixtures("project")
class TestInAProcessOfItsOwn:
    def test_a_network_for_larger_images_is_one_line(self):
        Path("models/networks/large.py").write_text(REFUSING, "utf-8")
        set_params(networks={"large": {}})
        assert run("pipeline.train", "squares", "large") == (
            1,
            "train@squares-large: networks.large on squares (8x8x3): "
            "images of at least 64x64 pixels are needed, got 8\n",
        )
        assert not list(Path("artifacts").rglob("*large*.*[!k]"))
        assert not (SCORES / "large").exists()

    def test_a_bad_params_file_is_one_line_and_nothing_is_written(self):
        Path("artifacts/checked").unlink()
        set_params(networks={"lenet": {}})
        code, said = run("pipeline.check")
        assert code == 1
        assert re.fullmatch(
            r"check: networks\.lenet: no file .*; expected one of .*lenet5.*\n", said
        )
        assert not Path("artifacts/checked").exists()

    def test_what_prepare_depends_on_never_changes(self):
        before = Path("artifacts/checked").read_bytes()
        set_params(networks={"mlp": {"hidden": 7}})
        assert run("pipeline.check") == (0, "")
        assert Path("artifacts/checked").read_bytes() == before
        assert json.loads(Path("artifacts/params.json").read_text())["networks"]["mlp"] == {
            "hidden": 7
        }

    def test_the_copy_of_the_parameters_does_not_know_their_order(self):
        entries = {"mlp": {"hidden": 7}, "lenet5": {}}
        copies = []
        for names in (["mlp", "lenet5"], ["lenet5", "mlp"]):
            set_params(networks={name: entries[name] for name in names})
            assert run("pipeline.check") == (0, "")
            copies.append(Path("artifacts/params.json").read_bytes())
        assert copies[0] == copies[1]

    def test_scores_are_those_of_another_process(self):
        expected = bytes_of(SCORES / "raw-logistic")
        shutil.rmtree(SCORES / "raw-logistic")
        assert run("pipeline.fit", "squares", "raw", "logistic") == (0, "")
        assert bytes_of(SCORES / "raw-logistic") == expected
