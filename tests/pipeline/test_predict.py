"""Pictures of one's own, classified by what was trained in a small project."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline import extract, fit, predict, prepare, provenance, publish, train
from pipeline.datasets import digits
from pipeline.scoring import trained
from pipeline.stage import params

ROOT = Path(__file__).resolve().parents[2]
PARAMS = """
datasets: {digits: {reader: digits, size: 16, epochs: 3}}
features: {raw: {}}
classifiers: {logistic: {C: 0.1}, linear_svm: {C: 0.1}}
networks: {mlp: {hidden: 20, learning_rate: 0.05, seeds: 1}}
studies: {}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("project")
    for name in ("pipeline", "features", "models"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "params.yaml").write_text(PARAMS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        prepare.main("digits")
        extract.main("digits", "raw")
        fit.main("digits", "raw", "logistic")
        fit.main("digits", "raw", "linear_svm")
        train.main("digits", "mlp")
        images = np.load("artifacts/data/digits/test_images.npy")
        labels = np.load("artifacts/data/digits/test_labels.npy")
        for digit in (3, 7):
            pixels = images[np.flatnonzero(labels == digit)[0], ..., 0]
            large = Image.fromarray(pixels).resize((60, 60), Image.Resampling.BICUBIC)
            large.save(f"{digit}.png")
            Image.eval(large.convert("RGB"), lambda value: 255 - value).save(f"dark{digit}.jpg")
    return folder


@pytest.fixture(autouse=True)
def _inside(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(project)


def first(out: str, file: str):
    """Return the class that is shown first below a file's name."""
    lines = out.splitlines()
    return lines[lines.index(file) + 1].split()[-1]


@pytest.mark.parametrize("method", ["raw-logistic", "raw-linear_svm", "mlp"])
def test_own_pictures(method: str, capsys: pytest.CaptureFixture[str]):
    assert predict.main([method, "3.png", "7.png"]) == 0
    out, err = capsys.readouterr()
    assert f"{method}, trained on Digits: 16x16 pixels, grey, 9" in out
    assert (first(out, "3.png"), first(out, "7.png")) == ("3", "7")
    shown = [line for line in out.splitlines() if line.startswith("  ")]
    assert len(shown) == 2 * predict.SHOWN
    assert ("%" in shown[0]) == (method != "raw-linear_svm")  # margins are no probabilities
    assert err == ""


def test_dark_on_light_is_told_and_inverted(capsys: pytest.CaptureFixture[str]):
    assert predict.main(["mlp", "dark3.jpg"]) == 0
    assert "try --invert" in capsys.readouterr().err
    assert predict.main(["mlp", "--invert", "dark3.jpg"]) == 0
    out, err = capsys.readouterr()
    assert first(out, "dark3.jpg") == "3"
    assert err == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["lenet5", "3.png"],
            "lenet5: neither trained here nor in results/models; "
            "found mlp, raw-linear_svm, raw-logistic",
        ),
        (["mlp", "--dataset", "mnist", "3.png"], "mlp: trained on digits; choose with --dataset"),
        (["mlp", "none.png"], "predict: none.png: No such file or directory"),
        (["mlp", "params.yaml"], "params.yaml: no image"),
    ],
)
def test_errors_are_one_line(words: list[str], message: str, capsys: pytest.CaptureFixture[str]):
    assert predict.main(words) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


def test_what_is_published_needs_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for method in ("raw-logistic", "mlp"):
        assert predict.main([method, "3.png"]) == 0
    here = capsys.readouterr().out
    assert publish.main(["digits"]) == 0
    for name in ("pipeline", "features", "models", "3.png", "results"):
        (tmp_path / name).symlink_to(Path(name).resolve())
    monkeypatch.chdir(tmp_path)  # a fresh clone: no params.yaml either is needed
    capsys.readouterr()
    for method in ("raw-logistic", "mlp"):
        assert predict.main([method, "3.png"]) == 0
    assert capsys.readouterr().out == here


def test_publishing_says_what_it_leaves_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(publish, "LARGEST", 20_000)
    assert publish.main(["digits"]) == 0
    assert "mlp: left out, 21," in capsys.readouterr().out
    assert not Path("results/models/digits/mlp.npz").exists()
    assert publish.main(["mnist"]) == 1
    assert "mnist: nothing was trained on it here" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"no zip file", b"PK\x03\x04"])
def test_a_damaged_published_model_is_named(
    content: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    file = tmp_path / "results/models/digits/mlp.npz"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    monkeypatch.chdir(tmp_path)
    assert predict.main(["mlp", "3.png"]) == 1
    assert (
        "results/models/digits/mlp.npz: expected named arrays of numbers" in capsys.readouterr().err
    )


def test_a_feature_that_params_no_longer_has(capsys: pytest.CaptureFixture[str]):
    text = Path("params.yaml").read_text()
    Path("params.yaml").write_text(text.replace("features: {raw: {}}", "features: {sobel: {}}"))
    try:
        assert predict.main(["raw-logistic", "3.png"]) == 1
    finally:
        Path("params.yaml").write_text(text)
    assert "raw-logistic: trained here, but params.yaml has no raw now" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("then", "what"),
    [
        ({"code": "another"}, "code"),
        ({"parameters": {"feature": {"pool": 2}}}, "feature parameters"),
    ],
)
def test_what_was_made_before_a_change_is_no_longer_what_its_row_says(
    then: dict[str, Any], what: str, capsys: pytest.CaptureFixture[str]
):
    made_of = provenance.parts(("raw", "logistic"))
    row = provenance.ingredients(params.load(), "digits", made_of, "checksum")
    for part, other in then.items():
        row[part] = row[part] | other if isinstance(other, dict) else other
    recipes = Path("results/tables/digits/recipes.json")
    recipes.parent.mkdir(parents=True, exist_ok=True)
    recipes.write_text(json.dumps({"rows": {"raw-logistic": row}}), "utf-8")
    try:
        assert predict.main(["raw-logistic", "3.png"]) == 1
        assert publish.main(["digits"]) == 1
    finally:
        recipes.unlink()
        shutil.rmtree("results/models")  # mlp, which is before it
    said = f"raw-logistic: made before a change of {what}; run dvc repro\n"
    assert capsys.readouterr().err == f"predict: {said}publish: {said}"


def test_a_published_model_of_other_code_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    found = trained.ran_here("digits", "mlp")
    setting = found.description["setting"] | {"hidden": 21}
    changed = found._replace(description=found.description | {"setting": setting})
    changed.write(tmp_path / "results/models/digits/mlp.npz")
    for name in ("pipeline", "features", "models", "params.yaml", "3.png"):
        (tmp_path / name).symlink_to(Path.cwd() / name)
    monkeypatch.chdir(tmp_path)
    assert predict.main(["mlp", "3.png"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("predict: mlp: not of the code here: ")
    assert error.count("\n") == 1


def test_a_network_that_diverged_is_none_to_predict_with(capsys: pytest.CaptureFixture[str]):
    method = Path("artifacts/scores/digits/mlp/method.json")
    text = method.read_text("utf-8")
    method.write_text(text.replace('"status": "ok"', '"status": "diverged"'), "utf-8")
    try:
        assert predict.main(["mlp", "3.png"]) == 1
    finally:
        method.write_text(text, "utf-8")
    assert "mlp: neither trained here" in capsys.readouterr().err


PUBLISHED = sorted((ROOT / "results/models/digits").glob("*.npz"))


@pytest.mark.parametrize("file", PUBLISHED, ids=lambda file: file.stem)
def test_the_published_models_are_as_accurate_as_they_say(file: Path):
    # Where it fails, code has changed what the arrays mean: `python -m pipeline.publish digits`.
    found = trained.read(file)
    data = digits.read(found.description["image_shape"][0])
    right = found.scorer()(data.test_images).argmax(-1) == data.test_labels
    assert abs(right.mean() - found.description["accuracy"]) < 0.005
