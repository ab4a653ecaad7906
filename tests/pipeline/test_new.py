"""New plug-ins pass the contract tests as they are written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import new
from pipeline.stage import params, plugins

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = {
    "network": "tests/models/networks/test_contract.py",
    "feature": "tests/features/test_contract.py",
    "classifier": "tests/models/classifiers/test_contract.py",
    "dataset": "tests/pipeline/datasets/test_contract.py",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("pipeline", "features", "models", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "params.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def passes_contract(kind: str, name: str, project: Path):
    test = [sys.executable, "-m", "pytest", "-q", "-k", f"{name} or found", CONTRACTS[kind]]
    done = subprocess.run(test, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout


def test_the_network_of_the_readme_passes_its_contract(project: Path):
    _, after = (ROOT / "README.md").read_text("utf-8").split("`models/networks/small_cnn.py`:")
    example = after.split("```python\n")[1].split("```")[0]
    (project / "models/networks/small_cnn.py").write_text(example, "utf-8")
    passes_contract("network", "small_cnn", project)


@pytest.mark.parametrize("kind", CONTRACTS)
def test_a_new_file_passes_its_contract(
    kind: str, project: Path, capsys: pytest.CaptureFixture[str]
):
    assert new.main([kind, "my_own"]) == 0
    *_, entry = capsys.readouterr().out.splitlines()
    passes_contract(kind, "my_own", project)
    # The line for params.yaml is read as it is printed.
    text = (project / "params.yaml").read_text("utf-8")
    section = f"\n{kind}s:\n"
    (project / "params.yaml").write_text(text.replace(section, f"{section}{entry}\n"), "utf-8")
    options = getattr(params.load(), f"{kind}s")["my_own"]
    card = plugins.card(f"{kind}s", "my_own")
    assert card.title == "My own"
    if kind != "network":  # its options are the recipe's
        assert set(options) - {"reader", "size", "epochs"} <= set(card.options)


def own_file(**changed: Any) -> dict[str, Any]:
    """Return what a new reader expects of its file, with changes."""
    images = np.arange(4 * 6 * 6, dtype=np.uint8).reshape(4, 6, 6, 1)
    labels = np.array([0, 1, 0, 1])
    parts = {f"{name}_images": images for name in ("train", "test")}
    parts |= {f"{name}_labels": labels for name in ("train", "test")}
    return {**parts, "class_names": ["a", "b"], **changed}


def read_own(project: Path) -> subprocess.CompletedProcess[str]:
    """Have the new reader read the file, in a process that imports it."""
    code = """
from pipeline.datasets.my_own import read
from pipeline.stage.errors import UserError
try:
    found = read(8, source="own.npz")
    print(found.train_images.shape, found.class_names)
except UserError as error:
    print(error)
"""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        env=os.environ,
        capture_output=True,
        text=True,
        check=True,
    )


def test_a_new_dataset_reads_its_file(project: Path):
    new.write("dataset", "my_own")
    np.savez(project / "own.npz", **own_file())
    assert read_own(project).stdout == "(4, 8, 8, 1) ('a', 'b')\n"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"test_images": np.zeros((4, 6, 6, 1))}, "test_images: found float64 [4, 6, 6, 1]"),
        ({"train_images": np.zeros((4, 6, 6), np.uint8)}, "train_images: found uint8 [4, 6, 6]"),
        ({"train_images": np.zeros((4, 6, 5, 1), np.uint8)}, "found uint8 [4, 6, 5, 1]"),
        ({"test_labels": np.array([0, 1, 0.5, 1])}, "test_labels: found float64, expected whole"),
    ],
)
def test_a_new_dataset_refuses_what_it_would_spoil(
    project: Path, changed: dict[str, Any], message: str
):
    new.write("dataset", "my_own")
    np.savez(project / "own.npz", **own_file(**changed))
    assert message in read_own(project).stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("network lenet5", "models/networks/lenet5.py: this name is taken"),
        ("feature ops", "features/ops.py: this name is taken"),
        ("network My-Net", "expected a name of"),
    ],
)
def test_what_it_refuses(
    name: str, message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(ROOT)
    assert new.main(name.split()) == 1
    assert message in capsys.readouterr().err
