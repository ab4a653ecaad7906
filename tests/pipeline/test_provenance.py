"""The recipe behind a row: which code and parameters decide it, and what has changed since."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import provenance
from pipeline.stage.params import Params

Edit = Callable[[str, str, str], None]

ROOT = Path(__file__).parents[2]


def checked():
    return Params(
        datasets={"digits": {"reader": "digits", "size": 32, "epochs": 20}},
        features={"raw": {}, "hog": {"orientations": 9}},
        classifiers={"logistic": {"C": [0.1, 1.0]}},
        networks={"lenet5": {"learning_rate": 0.1}},
        studies={"ablation": {"epochs": 3}},
    )


MADE_OF = {
    "raw": {"feature": "raw", "classifier": "logistic"},
    "hog": {"feature": "hog", "classifier": "logistic"},
    "lenet5": {"network": "lenet5"},
    "ablation": {"study": "ablation"},
}


def forget():
    provenance.code.cache_clear()
    provenance.local_imports.cache_clear()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An empty project."""
    monkeypatch.chdir(tmp_path)
    forget()
    yield tmp_path
    forget()


@pytest.fixture
def source(tree: Path):
    """A copy of the project's code, and how to change it."""
    for package in ("pipeline", "features", "models"):
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("*.pyc"))

    def edit(file: str, old: str, new: str):
        text = Path(file).read_text("utf-8")
        assert old in text
        Path(file).write_text(text.replace(old, new), "utf-8")
        forget()

    return edit


def write(file: str, text: str):
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text(text, "utf-8")
    return Path(file)


@pytest.mark.usefixtures("tree")
def test_a_closure_follows_every_way_to_import():
    write("pipeline/a.py", "import os, models.b as b\ndef f():\n    from models import c\n")
    write("models/b.py", "from models.layers.d import thing\n")
    write("models/c.py", "if True:\n    from models.layers import e\n")
    write("models/layers/d.py", "import models.b\n")
    write("models/layers/e.py", "from features import nothing\n")
    write("models/unused.py", "")
    found = provenance.closure([Path("pipeline/a.py")])
    expected = ["models/b.py", "models/c.py", "models/layers/d.py", "models/layers/e.py"]
    assert [file.as_posix() for file in found] == [*expected, "pipeline/a.py"]


CODE = '''
"""About the file."""

DEVIATIONS = (
    "smaller",
    "slower",
)
RATE = 0.1  # a step


class Model:
    """A model.

    Twice.
    """

    def fit(self):
        """Fit it."""
        return "# no comment", """two
lines"""
'''


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    "lines",
    [
        ('def twice(n): "Ä."; return n\n', "def twice(n): ; return n"),
        ('CITATION = "who"; RATE = 0.1\n', "; RATE = 0.1"),
        ('A = "one\u2028line"\nB = 3  # three\n', 'A = "one\u2028line"\nB = 3'),
    ],
)
def test_code_in_a_line_of_words_is_code(lines: tuple[str, str]):
    assert provenance.code(write("a.py", lines[0])) == lines[1]


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("About the file", "About this file", True),
        ("# a step", "# a small step", True),
        ("  # a step", "", True),
        ("    Twice.\n", "", True),
        ('        """Fit it."""\n', "", True),
        ("0.1  #", "0.1  \n\n#", True),
        ('    "slower",\n', '    "slower", "later",\n    "and wider",\n', True),
        ("0.1", "0.2", False),
        ("# no comment", "# another text", False),
        ("two\nlines", "two\nwords", False),
        ("fit(self)", "fit(self, n)", False),
    ],
)
def test_only_code_is_code(old: str, new: str, same: bool):
    assert old in CODE
    before, after = (
        provenance.code(write(name, text))
        for name, text in (("a.py", CODE), ("b.py", CODE.replace(old, new)))
    )
    assert (before == after) == same


@pytest.mark.usefixtures("source")
def test_the_sources_of_a_row():
    lenet5, hog = (
        {file.as_posix() for file in provenance.sources("digits", MADE_OF[name])}
        for name in ("lenet5", "hog")
    )
    shared = {"pipeline/prepare.py", "pipeline/datasets/digits.py", "pipeline/ingest/images.py"}
    shared |= {"pipeline/evaluation/metrics.py", "pipeline/evaluation/selection.py"}
    assert shared <= lenet5 & hog
    assert {"models/networks/lenet5.py", "models/layers/convolution.py"} <= lenet5 - hog
    assert {"models/training/loop.py", "pipeline/train.py"} <= lenet5 - hog
    assert {"features/hog.py", "features/ops/cells.py", "pipeline/fit.py"} <= hog - lenet5
    assert {
        "models/classifiers/logistic.py",
        "models/classifiers/ops/linear_scores.py",
    } <= hog - lenet5
    assert not {file for file in lenet5 | hog if file.startswith("pipeline/stage/")}
    mnist = {file.as_posix() for file in provenance.sources("mnist", MADE_OF["lenet5"])}
    assert "pipeline/ingest/idx.py" in mnist
    assert "pipeline/ingest/download.py" not in mnist
    others = {"models/networks/mlp.py", "features/raw.py", "models/classifiers/linear_svm.py"}
    assert not (lenet5 | hog) & (others | {"pipeline/tabulate.py"})


def ingredients(params: Params | None = None):
    return {
        name: provenance.ingredients(params or checked(), "digits", parts, "the data")
        for name, parts in MADE_OF.items()
    }


def recipes(params: Params | None = None):
    return {name: provenance.recipe(own) for name, own in ingredients(params).items()}


@pytest.mark.usefixtures("source")
def test_a_recipe_is_short_and_of_its_row_alone():
    found = recipes()
    assert found == recipes()
    assert len(set(found.values())) == 4
    assert all(len(recipe) == 12 for recipe in found.values())
    other_data = provenance.ingredients(checked(), "digits", MADE_OF["lenet5"], "other data")
    assert provenance.recipe(other_data) != found["lenet5"]


NOTHING: dict[str, list[str]] = {"raw": [], "hog": [], "lenet5": [], "ablation": []}


def changed(then: dict[str, dict[str, object]], params: Params):
    """Return what changed for every row, and check that its recipe did if and only if."""
    found = {name: provenance.changed(params, "digits", own) for name, own in then.items()}
    for name, own in ingredients(params).items():
        assert (provenance.recipe(own) != provenance.recipe(then[name])) == bool(found[name])
    return found


@pytest.mark.parametrize(
    ("section", "name", "entry", "expected"),
    [
        ("networks", "lenet5", {"learning_rate": 0.2}, {"lenet5": ["network parameters"]}),
        ("features", "hog", {"orientations": 8}, {"hog": ["feature parameters"]}),
        (
            "classifiers",
            "logistic",
            {"C": [0.1, 2.0]},
            {"raw": ["classifier parameters"], "hog": ["classifier parameters"]},
        ),
        (
            "datasets",
            "digits",
            {"reader": "digits", "size": 32, "epochs": 5},
            {"lenet5": ["dataset parameters"]},
        ),
        (
            "datasets",
            "digits",
            {"reader": "digits", "size": 16, "epochs": 20},
            {name: ["dataset parameters"] for name in NOTHING},
        ),
        ("networks", "mlp", {}, {}),
        ("studies", "ablation", {"epochs": 4}, {"ablation": ["study parameters"]}),
        ("networks", "lenet5", {"learning_rate": 0.1, "datasets": ["digits"]}, {}),
        ("networks", "lenet5", {"learning_rate": 0.1, "on": {"mnist": {"epochs": 2}}}, {}),
        (
            "features",
            "hog",
            {"orientations": 9, "on": {"digits": {"orientations": 8}}},
            {"hog": ["feature parameters"]},
        ),
    ],
)
@pytest.mark.usefixtures("source")
def test_changed_parameters_are_named_for_the_rows_they_decide(
    section: str, name: str, entry: dict[str, object], expected: dict[str, list[str]]
):
    then, now = ingredients(), checked()
    getattr(now, section)[name] = entry
    assert changed(then, now) == NOTHING | expected


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("features/hog.py", 'TITLE = "', 'TITLE = "The ', {"hog": ["code"]}),
        ("models/networks/lenet5.py", "FIELD = 32", "FIELD = 28", {"lenet5": ["code"]}),
        ("models/networks/lenet5.py", "FIELD = 32", "FIELD = 32  # pixels", {}),
        ("models/layers/squashing.py", "1.7159", "1.8", {}),
        ("pipeline/studies/ablation.py", "0.5}", "0.4}", {"ablation": ["code"]}),
        ("pipeline/stage/files.py", ".part", ".tmp", {}),
        ("pipeline/report.py", "README.md", "HISTORY.md", {}),
        (
            "pipeline/evaluation/metrics.py",
            "bins: int = 15",
            "bins: int = 10",
            {name: ["code"] for name in NOTHING},
        ),
    ],
)
def test_changed_code_is_named_for_the_rows_it_decides(
    source: Edit, file: str, old: str, new: str, expected: dict[str, list[str]]
):
    then = ingredients()
    source(file, old, new)
    assert changed(then, checked()) == NOTHING | expected


@pytest.mark.usefixtures("source")
def test_entries_that_are_gone_have_not_changed():
    nothing = Params({}, {}, {}, {}, {})
    for own in ingredients().values():
        assert provenance.changed(nothing, "digits", own) == []


@pytest.mark.parametrize(
    ("file", "rows"),
    [
        ("models/networks/lenet5.py", ["lenet5"]),
        ("features/hog.py", ["hog"]),
        ("pipeline/datasets/digits.py", ["raw", "hog", "lenet5", "ablation"]),
    ],
)
@pytest.mark.usefixtures("source")
def test_a_plugin_that_is_gone_is_changed_code(file: str, rows: list[str]):
    then = ingredients()
    Path(file).unlink()
    found = {name: provenance.changed(checked(), "digits", own) for name, own in then.items()}
    assert found == NOTHING | {name: ["code"] for name in rows}
