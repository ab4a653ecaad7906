"""Stages in a process of their own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.stages.project import SCORES, bytes_of, set_params

pytestmark = pytest.mark.usefixtures("project")

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


def test_a_network_for_larger_images_is_one_line():
    Path("models/networks/large.py").write_text(REFUSING, "utf-8")
    set_params(networks={"large": {}})
    assert run("pipeline.train", "squares", "large") == (
        1,
        "train@squares-large: networks.large on squares (8x8x3): "
        "images of at least 64x64 pixels are needed, got 8\n",
    )
    assert not list(Path("artifacts").rglob("*large*.*[!k]"))
    assert not (SCORES / "large").exists()


def test_a_bad_params_file_is_one_line_and_nothing_is_written():
    Path("artifacts/checked").unlink()
    set_params(networks={"lenet": {}})
    code, said = run("pipeline.check")
    assert code == 1
    assert re.fullmatch(r"check: networks\.lenet: no file .*; expected one of .*lenet5.*\n", said)
    assert not Path("artifacts/checked").exists()


def test_what_prepare_depends_on_never_changes():
    before = Path("artifacts/checked").read_bytes()
    set_params(networks={"mlp": {"hidden": 7}})
    assert run("pipeline.check") == (0, "")
    assert Path("artifacts/checked").read_bytes() == before
    assert json.loads(Path("artifacts/params.json").read_text())["networks"]["mlp"] == {"hidden": 7}


def test_the_copy_of_the_parameters_does_not_know_their_order():
    entries = {"mlp": {"hidden": 7}, "lenet5": {}}
    copies = []
    for names in (["mlp", "lenet5"], ["lenet5", "mlp"]):
        set_params(networks={name: entries[name] for name in names})
        assert run("pipeline.check") == (0, "")
        copies.append(Path("artifacts/params.json").read_bytes())
    assert copies[0] == copies[1]


def test_scores_are_those_of_another_process():
    expected = bytes_of(SCORES / "raw-logistic")
    shutil.rmtree(SCORES / "raw-logistic")
    assert run("pipeline.fit", "squares", "raw", "logistic") == (0, "")
    assert bytes_of(SCORES / "raw-logistic") == expected
