"""What goes wrong under `dvc repro`: bad parameters, a method that fails, a run that is killed."""

from __future__ import annotations

import subprocess
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from tests.pipeline.conftest import Project

BROKEN = """\
from __future__ import annotations

from flax import nnx

TITLE = "Broken"
YEAR = 2000
CITATION = "nobody"
DEVIATIONS = ()
IMAGE_SHAPE = (28, 28, 1)
CLASSES = 10
PARAMETERS = 0
MACS = 0


class Network(nnx.Module):
    def __init__(self, *, image_shape, classes, rngs):
        raise ValueError(f"no network for {image_shape}")
"""

# What stands in params.yaml, what a user makes of it, and what the line must say.
BAD = [
    (
        "  mlp:",
        "  nosuch: {}\n  mlp:",
        "networks.nosuch: no file models/networks/nosuch.py; expected one of",
    ),
    ("reader: digits", "reader: nosuch", "datasets.digits.reader: "),
    ("  hog:", "  hog: 3\n  # hog:", "features.hog: found 3, expected key: value pairs"),
    ("  mlp:", "  le-net: {}\n  mlp:", "networks.le-net: expected a name of lower-case letters"),
    (
        "networks:",
        "optimizers: {}\nnetworks:",
        "found the keys datasets, features, classifiers, opt",
    ),
]
# What dvc itself stumbles over when it fills in dvc.yaml, before any stage runs.
BAD_FOR_DVC = [
    (
        "reader: digits, ",
        "",
        "'stages.prepare@digits.deps' in 'dvc.yaml': Could not find 'item.reader'",
    ),
    ("networks:", "network:", "'stages.train.matrix' in 'dvc.yaml': Could not find 'networks'"),
    ("{C: 1.0}", "{C: 1.0", "'params.yaml', YAML file structure is corrupted"),
]


@pytest.mark.parametrize(("old", "new", "message"), BAD, ids=[row[2] for row in BAD])
def test_bad_parameters_end_in_one_line_that_names_the_key(
    project: Project, old: str, new: str, message: str
):
    project.edit("params.yaml", old, new)
    result = project.dvc("repro", fails=True)
    assert result.returncode == 255
    said, dvc_said = result.stderr.splitlines()
    assert said.startswith("check: ")
    assert message in said
    assert dvc_said.startswith("ERROR: failed to reproduce 'check'")
    assert project.changed() == {"params.yaml"}


@pytest.mark.parametrize(
    ("old", "new", "message"), BAD_FOR_DVC, ids=[row[2] for row in BAD_FOR_DVC]
)
def test_what_dvc_itself_refuses_names_the_key(project: Project, old: str, new: str, message: str):
    project.edit("params.yaml", old, new)
    result = project.dvc("repro", fails=True)
    assert result.returncode == 255
    assert message in result.stderr
    assert project.changed() == {"params.yaml"}


@pytest.mark.xfail(reason="dvc 3.67 says only: 'Value' object is not iterable")
def test_a_section_without_a_value_is_named(project: Project):
    # A user who puts # in front of every line of a section; `networks: {}` is the way.
    project.edit("params.yaml", "networks:", "networks:\nx:")
    assert "networks" in project.dvc("repro", fails=True).stderr


def test_after_bad_parameters_are_mended_nothing_runs(project: Project):
    project.edit("params.yaml", "hidden: 20", "hidden: many")
    result = project.dvc("repro", fails=True)
    assert "check: networks.mlp.hidden: found 'many', expected int" in result.stderr
    project.git("checkout", "--quiet", "params.yaml")
    assert project.repro() == set()
    project.dvc("status", "--quiet")


def test_a_python_without_the_packages_is_named(project: Project, tmp_path: Path):
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    project.edit("params.yaml", "hidden: 20", "hidden: 21")
    path = f"{tmp_path}/bare/bin:{project.environment['PATH']}"
    result = project.dvc("repro", fails=True, PATH=path)
    assert result.returncode == 255
    said, dvc_said = result.stderr.splitlines()
    assert said.startswith(f"{tmp_path}/bare/bin/python has no package ")
    assert "source .venv/bin/activate" in said
    assert dvc_said.startswith("ERROR: failed to reproduce 'check'")


def test_a_failing_network_stops_only_what_needs_it(project: Project):
    before = project.bytes_of("results")
    project.write("models/networks/broken.py", BROKEN)
    project.set(networks={"broken": {"seeds": 1}, "mlp": {"hidden": 25, "seeds": 1}})
    result = project.dvc("repro", "--keep-going", fails=True)
    assert result.returncode == 255
    line = "train@digits-broken: networks.broken on digits (16x16x1): no network for (16, 16, 1)"
    assert line in result.stderr.splitlines()
    assert project.ran(result) == {
        "check",
        "train@digits-broken",
        "train@digits-mlp",
        "throughput_network@digits-mlp",
    }
    # No table mixes new rows and old ones: what stands there is still the last whole run.
    assert project.bytes_of("results") == before
    assert "tabulate@digits" in project.dvc("status").stdout
    old = project.rows("accuracy")

    project.set(networks={"broken": None})
    assert project.repro() == {"check", "tabulate@digits", "illustrate@digits", "report", "page"}
    new = project.rows("accuracy")
    assert {name for name in new if new[name]["recipe"] != old[name]["recipe"]} == {"mlp"}
    project.dvc("status", "--quiet")


def wait_for(condition: Callable[[], object], seconds: float) -> bool:
    """Wait until a condition holds, for so long at most."""
    end = time.monotonic() + seconds
    while not (held := bool(condition())) and time.monotonic() < end:
        time.sleep(0.01)
    return held


def checkpoints_of(project: Project) -> list[int]:
    """Return after how many steps there is a whole checkpoint of the final training of seed 0."""
    folders = project.root.glob("artifacts/checkpoints/*/final/0/*")
    return [
        int(folder.name) for folder in folders if folder.name.isdecimal() and folder.name != "0"
    ]


def test_a_killed_training_resumes_and_ends_with_the_same_bytes(
    project: Project, measured_project: Project, tmp_path: Path
):
    undisturbed = measured_project.copy(tmp_path / "undisturbed")
    stage, epochs = "train@digits-mlp", 6
    for one in (project, undisturbed):
        one.edit("params.yaml", "{hidden: 20,", f"{{epochs: {epochs}, hidden: 20,")
        # A checkpoint every epoch, and a word about where a training starts.
        one.edit("models/training/loop.py", "SAVES = 15.0", "SAVES = 0.0")
        restore = "    before = float(run.seconds)\n"
        told = f"{restore}    print(f'starts after {{done}} steps', flush=True)\n"
        one.edit("models/training/loop.py", restore, told)
    whole = undisturbed.run("python", "-m", "pipeline.train", "digits", "mlp")
    assert "starts after 0 steps" in whole.stdout

    with subprocess.Popen(
        ["dvc", "repro", stage],
        cwd=project.root,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as dvc:
        try:
            saved = wait_for(lambda: checkpoints_of(project), 60)
            children = psutil.Process(dvc.pid).children(recursive=True)
        finally:
            dvc.kill()
    assert saved
    (child,) = children
    assert wait_for(lambda: not child.is_running() or child.status() == "zombie", 1)
    assert not (project.root / "artifacts/scores/digits/mlp").exists()
    (checkpoints,) = project.root.glob("artifacts/checkpoints/digits-mlp-*")
    half = checkpoints / "final/1/3"  # as a kill leaves it that falls while they are deleted
    half.mkdir(parents=True)
    (half / "_METADATA").write_text("{}")

    again = project.dvc("repro", stage)
    assert f"{half.relative_to(project.root)}: half deleted by a killed run" in again.stderr
    assert "starts after " in again.stdout
    assert "starts after 0 steps" not in again.stdout
    assert not any((project.root / "artifacts/checkpoints").iterdir())
    results = ("artifacts/scores/digits/mlp", "artifacts/models/digits")
    for folder in results:
        assert project.bytes_of(folder) == undisturbed.bytes_of(folder)
    assert project.repro(stage) == set()
