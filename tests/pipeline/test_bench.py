"""All speeds of a machine, with nothing trained: the script of `make gpu-bench` on digits."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline import bench, prepare
from pipeline.evaluation import clock, device, rows
from pipeline.stage import params

ROOT = Path(__file__).parents[2]
PARAMS = """
datasets: {digits: {reader: digits, size: 16, epochs: 1}}
features: {raw: {}, sobel: {pool: 4}}
classifiers: {linear_svm: {C: [0.1, 1.0]}, knn: {neighbours: 1}}
networks: {mlp: {hidden: 4, learning_rate: [0.1, 0.2]}, lenet5: {datasets: [mnist]}}
studies: {}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for package in ("pipeline", "features", "models"):
        (tmp_path / package).symlink_to(ROOT / package)
    (tmp_path / "params.yaml").write_text(PARAMS, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clock, "BATCH_SIZES", (1, 16))
    monkeypatch.setattr(clock, "SECONDS", 0)
    monkeypatch.setattr(device, "SIDES", (64,))
    return tmp_path


@pytest.mark.usefixtures("project")
def test_what_is_there_is_not_measured_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert bench.main(["digits"]) == 1
    assert capsys.readouterr().err.startswith("bench: artifacts/data/digits: not found")
    assert bench.main(["nothing"]) == 1
    assert "datasets.nothing: not in params.yaml" in capsys.readouterr().err
    prepare.main("digits")
    monkeypatch.setattr(device, "accelerator", lambda: "Fast 2")
    assert bench.main(["digits"]) == 0
    printed = capsys.readouterr().out
    assert "timing mlp" in printed
    assert "timing sobel-linear_svm" in printed
    assert "raw" not in printed  # no accelerated version
    assert "knn" not in printed  # its speed depends on what is stored

    file = Path("results/tables/digits/throughput-fast-2.csv")
    table = pd.read_csv(file)
    assert list(table.columns) == rows.THROUGHPUT
    assert table.groupby("method")["phase"].apply(set).to_dict() == {
        "mlp": {"train", "infer"},
        "sobel-linear_svm": {"infer"},
    }
    assert set(table[table["method"] == "sobel-linear_svm"]["device"]) == {"cpu", "Fast 2"}
    # All methods in one process: nothing was trained, and its peak is none of theirs.
    assert table[["train_seconds", "peak_memory_mib"]].isna().all(axis=None)
    before = file.read_bytes()
    assert bench.main(["digits"]) == 0
    assert "timing" not in capsys.readouterr().out
    assert file.read_bytes() == before

    table.assign(method="resnet34").to_csv(file, index=False)  # of another clone, through git
    assert bench.main(["digits"]) == 0
    assert set(pd.read_csv(file)["method"]) == {"resnet34", "mlp", "sobel-linear_svm"}


@pytest.mark.usefixtures("project")
def test_what_fails_leaves_the_rest_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def full(*_: object):
        raise TypeError("37 GiB")

    prepare.main("digits")
    monkeypatch.setattr(bench, "time_network", full)
    assert bench.main(["digits"]) == 1
    assert capsys.readouterr().err == "bench: mlp on digits: 37 GiB\n"
    (file,) = Path("results/tables/digits").glob("throughput-*.csv")
    assert set(pd.read_csv(file)["method"]) == {"sobel-linear_svm"}


@pytest.mark.usefixtures("project")
def test_images_that_come_class_by_class_are_all_seen():
    prepare.main("digits")
    folder = Path("artifacts/data/digits")
    labels = np.load(folder / "train_labels.npy")
    for name in ("images", "labels"):
        file = folder / f"train_{name}.npy"
        np.save(file, np.load(file)[np.argsort(labels, kind="stable")])
    pair = bench.quickly_fitted(params.load(), "digits", "sobel", "linear_svm")
    assert len(pair.arrays["classes"]) == 10


@pytest.fixture
def stub(tmp_path: Path):
    """The scripts, and a python that notes its words: `vgg19` and `y` fail, `huge` is killed."""
    for script in ("gpu_train.sh", "gpu_bench.sh", "in_time.sh"):
        (tmp_path / "pipeline").mkdir(exist_ok=True)
        shutil.copy(ROOT / "pipeline" / script, tmp_path / "pipeline")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, text in (
        (
            "python",
            'echo "$*" $JAX_PLATFORMS >> ran\n'
            'case "$*" in *vgg19|*" y") exit 1;; *huge) exit 137;; esac\n',
        ),
        ("nvidia-smi", ""),
    ):
        (tools / name).write_text(f"#!/bin/sh\n{text}", "utf-8")
        (tools / name).chmod(0o755)

    def run(script: str, **own: str) -> tuple[int, str, list[str]]:
        environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"} | own
        environment.pop("JAX_PLATFORMS")  # pytest's own
        done = subprocess.run(
            ["bash", f"pipeline/{script}"],
            env=environment,
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        return done.returncode, done.stdout, (tmp_path / "ran").read_text("utf-8").splitlines()

    return run


def test_a_training_that_fails_leaves_the_next_one_alone(stub: Callable[..., Any]):
    code, printed, ran = stub("gpu_train.sh", GPU_RUNS="x-vgg19 x-huge x-mlp")
    assert code == 1
    assert printed == "x-mlp is done; rm artifacts/timings/x/*-mlp.json to run it again\n"
    assert ran == [
        "-m pipeline.check cuda",  # where there is a GPU, on it or not at all
        "-m pipeline.prepare x cuda",
        "-m pipeline.train x vgg19 cuda",
        "-m pipeline.prepare x cuda",
        "-m pipeline.train x huge cuda",
        "-m pipeline.prepare x cuda",
        "-m pipeline.train x mlp cuda",
        "-m pipeline.throughput_network x mlp cuda",
    ]


def test_a_benchmark_that_fails_leaves_the_next_one_alone(stub: Callable[..., Any]):
    code, _, ran = stub("gpu_bench.sh", GPU_BENCH="y x", GPU_NETWORKS="vgg19 lenet5")
    assert code == 1
    assert ran == [
        "-m pipeline.check cuda",
        "-m benchmarks.accelerator --missing cuda",
        "-m benchmarks.against_pytorch --missing vgg19 cuda",
        "-m benchmarks.against_pytorch --missing lenet5 cuda",
        "-m pipeline.prepare y cuda",
        "-m pipeline.prepare x cuda",
        "-m pipeline.bench x cuda",
    ]


def test_ctrl_c_ends_the_script_and_not_only_what_runs(tmp_path: Path):
    stage = "#!/bin/sh\ntrap 'exit 130' INT\necho begun\nsleep 30 & wait\n"
    (tmp_path / "python").write_text(stage, "utf-8")
    (tmp_path / "python").chmod(0o755)
    inner, terminal = pty.openpty()
    script = f"source {ROOT}/pipeline/in_time.sh; in_time first || in_time second"
    running = subprocess.Popen(
        ["setsid", "--ctty", "--wait", "bash", "-c", script],
        stdin=terminal,
        stdout=terminal,
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    os.close(terminal)
    assert b"begun" in os.read(inner, 100)
    os.write(inner, b"\x03")
    assert running.wait(20) == 130
    os.close(inner)


def test_the_script_goes_on_where_it_was(project: Path):
    shutil.copytree(ROOT / "pipeline", project / "own", symlinks=True)
    (project / "pipeline").unlink()
    (project / "own").rename(project / "pipeline")
    script = ["bash", "pipeline/gpu_bench.sh"]
    own = {"GPU_BENCH": "digits", "GPU_SECONDS": "10", "HINDSIGHT_LOCK": str(project / "lock")}
    done = subprocess.run(
        script, env=os.environ | own, check=True, capture_output=True, text=True, cwd=project
    )
    assert done.stdout == "time is up: call again to go on\n"
    assert not (project / "artifacts").exists()
