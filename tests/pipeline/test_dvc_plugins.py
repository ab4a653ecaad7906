"""Adding and removing methods and datasets by a file and a line, never in dvc.yaml."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from tests.pipeline.conftest import Project

TABLES = {"tabulate@digits", "illustrate@digits", "report", "page"}
FEATURE = """\
from __future__ import annotations

import numpy as np

from features.ops.image_feature import ImageFeature

TITLE = "Coarse pixels"
YEAR = 1960
CITATION = "nobody"
DEVIATIONS = ()


class Feature(ImageFeature):
    def macs(self, image_shape):
        return 0

    def _smallest_image(self):
        return 1, "one value"

    def _describe(self, images):
        return images[:, ::2, ::2].reshape(len(images), -1).astype(np.float32)
"""
CLASSIFIER = """\
from __future__ import annotations

from sklearn.linear_model import RidgeClassifier

from models.classifiers.ops.linear_scores import LinearScores

TITLE = "ridge"
YEAR = 1970
CITATION = "nobody"
DEVIATIONS = ()
KIND = "margins"


class Classifier(LinearScores):
    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def fit(self, X, y):
        solver = RidgeClassifier(alpha=self.alpha).fit(X, y)
        self._learned(solver.classes_, solver.coef_, solver.intercept_)
        self.converged_ = True
        return self
"""
NETWORK = """\
from __future__ import annotations

from flax import nnx

TITLE = "Perceptron"
YEAR = 1958
CITATION = "nobody"
DEVIATIONS = ()
IMAGE_SHAPE = (28, 28, 1)
CLASSES = 10
PARAMETERS = 7850
MACS = 7840


class Network(nnx.Module):
    def __init__(self, *, image_shape, classes, rngs, bias: bool = True):
        height, width, channels = image_shape
        self.output = nnx.Linear(height * width * channels, classes, use_bias=bias, rngs=rngs)

    def __call__(self, images):
        return self.output(images.reshape(len(images), -1))
"""


def add_folder_of_images(project: Project) -> None:
    """Put 2 classes of 12 training and 6 test images beside the project's files."""
    random = np.random.default_rng(0)
    for split, count in (("train", 12), ("test", 6)):
        for name, level in (("dark", 40), ("light", 200)):
            folder = project.root / "own" / split / name
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = random.integers(level, level + 40, (16, 16, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    project.write(".gitignore", project.read(".gitignore") + "/own/\n")


def test_a_network_is_a_file_and_a_line(project: Project):
    project.write("models/networks/perceptron.py", NETWORK)
    project.edit("params.yaml", "networks:\n", "networks:\n  perceptron: {seeds: 1}\n")
    new = {"train@digits-perceptron", "throughput_network@digits-perceptron"}
    assert project.repro() == new | TABLES | {"check"}
    assert project.rows("accuracy")["perceptron"]["status"] == "ok"
    assert "perceptron" in project.rows("throughput")
    assert "| perceptron " in project.read("results/README.md")
    assert "dvc.yaml" not in project.changed()
    project.dvc("status", "--quiet")


def test_a_feature_and_a_classifier_are_a_file_and_a_line_each(project: Project):
    project.write("features/coarse.py", FEATURE)
    project.write("models/classifiers/ridge.py", CLASSIFIER)
    project.set(
        features={"coarse": {"datasets": ["digits"]}}, classifiers={"ridge": {"alpha": 2.0}}
    )
    pairs = ("coarse-logistic", "coarse-ridge", "raw-ridge", "hog-ridge")
    new = {f"{stage}@digits-{pair}" for stage in ("fit", "throughput_classical") for pair in pairs}
    assert project.out_of_date() == new | TABLES | {"check", "extract@digits-coarse"}
    wanted = "throughput_classical@digits-coarse-ridge"
    assert project.repro(wanted) == {
        "check",
        "extract@digits-coarse",
        "fit@digits-coarse-ridge",
        wanted,
    }
    assert "dvc.yaml" not in project.changed()


def test_a_dataset_is_a_folder_and_a_line(project: Project):
    add_folder_of_images(project)
    project.set(
        datasets={"own": {"reader": "folder", "source": "own", "size": 12, "epochs": 1}},
        features={"hog": None},
        networks={"lenet5": None, "mlp": None},
    )
    new = {
        "prepare@own",
        "extract@own-raw",
        "fit@own-raw-logistic",
        "throughput_classical@own-raw-logistic",
        "tabulate@own",
        "illustrate@own",
    }
    assert project.repro() == new | TABLES | {"check"}
    for table in ("accuracy", "throughput"):
        assert "raw-logistic" in project.read(f"results/tables/own/{table}.csv")
    assert "own" in project.read("results/README.md")
    assert "dvc.yaml" not in project.changed()


def test_a_removed_method_leaves_nothing_behind_and_comes_back_from_the_cache(project: Project):
    parameters = project.read("params.yaml")
    project.set(features={"hog": None}, networks={"lenet5": None})
    assert project.repro() == TABLES | {"check"}
    assert set(project.rows("accuracy")) == {"raw-logistic", "mlp"}
    for page in ("README.md", "tables/digits/accuracy.md", "tables/digits/throughput.md"):
        assert "hog" not in project.read(f"results/{page}")
        assert "lenet5" not in project.read(f"results/{page}")
    read_for_tables = ("artifacts/scores", "artifacts/models", "artifacts/timings")
    left = [name for folder in read_for_tables for name in project.bytes_of(folder)]
    assert [name for name in left if "hog" in name or "lenet5" in name] == []
    shutil.rmtree(project.root / "artifacts")
    assert project.repro() == set()

    project.write("params.yaml", parameters)
    assert project.repro() <= TABLES
    assert project.git("diff") == ""


def test_a_kind_may_be_left_empty(project: Project):
    project.set(classifiers={"logistic": None})
    assert "classifiers: {}" in project.read("params.yaml")
    assert project.repro() == TABLES | {"check"}
    assert set(project.rows("accuracy")) == {"mlp", "lenet5"}
    project.dvc("status", "--quiet")  # what the features wrote is still theirs


def test_a_skipped_pair_costs_nothing_and_is_a_row(project: Project):
    project.set(
        features={"hog": {"datasets": ["mnist"]}}, networks={"lenet5": {"datasets": ["mnist"]}}
    )
    # Whoever imports one of these fails: a skipped pair must not even load them.
    for heavy in ("jax", "sklearn", "cv2", "joblib"):
        project.write(f"{heavy}/__init__.py", "raise RuntimeError('imported')")
    pair = "digits-hog-logistic"
    skipped = {"check", "extract@digits-hog", f"fit@{pair}", f"throughput_classical@{pair}"}
    skipped |= {"train@digits-lenet5", "throughput_network@digits-lenet5"}
    assert project.repro(*skipped) == skipped
    for heavy in ("jax", "sklearn", "cv2", "joblib"):
        shutil.rmtree(project.root / heavy)
    assert project.repro() == TABLES
    rows = project.rows("accuracy")
    assert rows["hog-logistic"]["status"] == rows["lenet5"]["status"] == "skipped"
    assert rows["hog-logistic"]["reason"] == "features.hog is for mnist"
    assert rows["lenet5"]["reason"] == "networks.lenet5 is for mnist"
    assert rows["hog-logistic"]["accuracy"] == rows["lenet5"]["accuracy"] == ""
    assert set(project.rows("throughput")) == {"raw-logistic", "mlp"}
