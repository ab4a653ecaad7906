"""What runs again after which change, and what a clone has to do: the checks of DVC.md."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.pipeline.conftest import Project

TABLES = {"tabulate@digits", "illustrate@digits", "report", "page"}
OF_HOG = {
    "extract@digits-hog",
    "fit@digits-hog-logistic",
    "throughput_classical@digits-hog-logistic",
}


@pytest.fixture(scope="module")
def retrained(measured_project: Project, tmp_path_factory: pytest.TempPathFactory):
    """The project after another learning rate for one network, and the stages that ran."""
    project = measured_project.copy(tmp_path_factory.mktemp("retrained") / "hindsight")
    project.edit("params.yaml", "learning_rate: 0.01", "learning_rate: 0.02")
    ran = project.repro()
    project.commit()
    return project, ran


def test_a_second_repro_does_nothing(project: Project):
    assert "Data and pipelines are up to date." in project.dvc("repro").stdout
    project.dvc("status", "--quiet")
    assert project.changed() == set()


def test_after_another_learning_rate_only_its_network_runs(retrained: tuple[Project, set[str]]):
    _, ran = retrained
    assert ran == {"check", "train@digits-mlp", "throughput_network@digits-mlp"} | TABLES


def test_a_reverted_learning_rate_comes_from_the_run_cache(
    retrained: tuple[Project, set[str]], tmp_path: Path
):
    project = retrained[0].copy(tmp_path / "hindsight")
    project.git("checkout", "HEAD~1", "--", "params.yaml")
    assert project.repro() <= TABLES
    assert {"train@digits-mlp", "throughput_network@digits-mlp"} <= project.restored
    assert project.git("diff", "HEAD~1") == ""


def test_diffs_name_what_changed(retrained: tuple[Project, set[str]]):
    project, _ = retrained
    metrics = json.loads(project.dvc("metrics", "diff", "--json", "HEAD~1").stdout)
    assert list(metrics) == ["results/tables/digits/metrics.json"]
    (changes,) = metrics.values()
    assert list(changes) == ["mlp"]
    assert changes["mlp"]["diff"] != 0
    parameters = json.loads(project.dvc("params", "diff", "--json", "HEAD~1").stdout)
    assert parameters == {
        "params.yaml": {"networks.mlp.learning_rate": {"old": 0.01, "new": 0.02, "diff": 0.01}}
    }
    plots = project.dvc("plots", "diff", "--json", "HEAD~1").stdout
    for table in ("accuracy", "curves", "confusion", "throughput"):
        assert f"results/tables/digits/{table}.csv" in plots


def test_metrics_and_plots_show_the_tables(project: Project):
    (metrics,) = json.loads(project.dvc("metrics", "show", "--json").stdout)[""]["data"].values()
    shown = {method: f"{accuracy:.6f}" for method, accuracy in metrics["data"].items()}
    rows = project.rows("accuracy")
    assert shown == {method: rows[method]["accuracy"] for method in rows}
    project.dvc("plots", "show")
    page = project.read("dvc_plots/index.html")
    assert "throughput" in page
    (library,) = re.findall(r'src="(.+?)"', page)  # a file: it works offline
    assert (project.root / "dvc_plots" / library).is_file()
    assert project.changed() == set()


def test_after_a_change_of_one_feature_only_what_follows_it_runs(project: Project):
    before = project.rows("accuracy")
    project.edit("features/hog.py", "CLIP = 0.2", "CLIP = 0.3")
    assert project.repro() == OF_HOG | TABLES
    after = project.rows("accuracy")
    recipes = {name for name in before if before[name]["recipe"] != after[name]["recipe"]}
    assert recipes == {"hog-logistic"}


def test_order_and_comments_of_the_parameters_run_nothing(project: Project):
    project.write(
        "params.yaml",
        """\
networks:
  lenet5: {seeds: 1, learning_rate: 0.05}
  # A comment.
  mlp: {seeds: 1, learning_rate: 0.01, hidden: 20}
studies: {}
classifiers: {logistic: {C: 1.0}}
features:
  hog: {votes: bilinear, orientations: 9, pixels_per_cell: 4, cells_per_block: 2}
  raw: {}
datasets:
  digits:
    reader: digits
    epochs: 1
    size: 16
""",
    )
    assert "Data and pipelines are up to date." in project.dvc("repro").stdout
    project.dvc("status", "--quiet")
    assert project.changed() == {"params.yaml"}


def test_a_fresh_clone_has_nothing_to_run(measured_project: Project, tmp_path: Path):
    clone = measured_project.clone(tmp_path / "hindsight")
    assert not (clone.root / "artifacts").exists()
    assert clone.repro("--dry", "--allow-missing") == set()


def test_a_fresh_clone_reproduces_all_but_the_timings(measured_project: Project, tmp_path: Path):
    clone = measured_project.clone(tmp_path / "hindsight")
    # Compiled anew, as on another machine.
    ran = clone.repro(JAX_ENABLE_COMPILATION_CACHE="false")
    # The same models and tables again: its pictures, which are in git, are still theirs.
    assert ran == clone.stages() - {"illustrate@digits"}
    files = clone.changed()
    assert "results/tables/digits/throughput.csv" in files
    timeless = {file for file in files if "throughput" not in file}
    assert timeless <= {"dvc.lock", "results/README.md", "results/report.html"}
    clone.dvc("status", "--quiet")


def test_deleted_artifacts_are_checked_out(project: Project):
    before = project.bytes_of("artifacts")
    shutil.rmtree(project.root / "artifacts")
    assert project.repro() == set()
    assert project.changed() == set()
    after = project.bytes_of("artifacts")
    assert after == {name: before[name] for name in before if "/locks/" not in name}


def test_the_stages_are_those_that_the_parameters_imply(project: Project):
    project.set(
        datasets={"own": {"reader": "folder", "source": "own", "size": 8, "epochs": 1}},
        features={"sobel": {"datasets": ["own"]}},
        networks={"mlp": {"datasets": ["digits"]}},
    )
    expected = {"check", "report", "page"}
    for dataset in ("digits", "own"):
        expected |= {f"{stage}@{dataset}" for stage in ("prepare", "tabulate", "illustrate")}
        for feature in ("raw", "hog", "sobel"):
            pair = f"{dataset}-{feature}-logistic"
            expected |= {f"extract@{dataset}-{feature}"}
            expected |= {f"fit@{pair}", f"throughput_classical@{pair}"}
        for network in ("mlp", "lenet5"):
            expected |= {
                f"{stage}@{dataset}-{network}" for stage in ("train", "throughput_network")
            }
    assert project.stages() == expected
