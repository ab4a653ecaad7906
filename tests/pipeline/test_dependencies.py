"""dvc.yaml against the code: what a stage imports is among its dependencies."""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline import provenance
from pipeline.stage import plugins

ROOT = Path(__file__).parents[2]
STAGES: dict[str, dict[str, Any]] = {
    name: stage.get("do", stage)
    for name, stage in YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"].items()
}
# The kinds of plug-ins that a stage imports by name.
IMPORTED = {
    "prepare": ("datasets",),
    "extract": ("features",),
    "fit": ("classifiers",),
    "train": ("networks",),
    "throughput_classical": ("features", "classifiers"),
    "throughput_network": ("networks",),
    "illustrate": ("features", "networks"),
    "study": ("studies",),
}
# The words of a template that stand for plug-ins; the others are names of no meaning.
WORDS = {
    "reader": "datasets",
    "feature": "features",
    "classifier": "classifiers",
    "network": "networks",
    "study": "studies",
}


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)


def listed(stage: str, *fields: str):
    """Return the paths in some fields of a stage, without their options."""
    entries = itertools.chain.from_iterable(STAGES[stage].get(field, []) for field in fields)
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]


def filled(path: str, chosen: dict[str, str]):
    """Put names into a path's template."""
    return re.sub(r"\$\{(?:item\.)?(\w+)\}", lambda match: chosen.get(match[1], "digits"), path)


def choices(stage: str):
    """Yield one concrete plug-in of every kind that a stage imports, until all have been."""
    kinds = IMPORTED.get(stage, ())
    words = {kind: word for word, kind in WORDS.items()}
    names = [plugins.names(kind) for kind in kinds]
    for combination in itertools.product(*names):
        yield {words[kind]: name for kind, name in zip(kinds, combination, strict=True)}


def test_every_module_in_pipeline_that_can_be_run_is_a_stage():
    runnable = {
        file.stem
        for file in (ROOT / "pipeline").glob("*.py")
        if re.search(r"\brun\(.*\bmain\b", file.read_text("utf-8"))
    }
    assert runnable == set(STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_what_is_imported_is_a_dependency(stage: str):
    for chosen in choices(stage):
        dependencies = {Path(filled(path, chosen)) for path in listed(stage, "deps")}
        roots = [plugins.path(WORDS[word], name) for word, name in chosen.items()]
        closure = provenance.closure([Path(f"pipeline/{stage}.py"), *roots])
        missing = [file.as_posix() for file in closure if not dependencies & {file, *file.parents}]
        assert missing == [], chosen


@pytest.mark.parametrize("stage", STAGES)
def test_every_dependency_on_code_is_there(stage: str):
    code = [path for path in listed(stage, "deps") if path.split("/")[0] in provenance.PACKAGES]
    assert f"pipeline/{stage}.py" in code or "pipeline" in code
    assert all((ROOT / path).exists() for path in code if "${" not in path)


def test_the_kinds_above_are_those_in_the_code():
    for stage in STAGES:
        # Plug-ins are loaded by the stage itself or by what it imports, other plug-ins apart.
        closure = provenance.closure([Path(f"pipeline/{stage}.py")])
        sources = [file.read_text("utf-8") for file in closure if file.parts[0] == "pipeline"]
        found = re.findall(r'plugins\.load\(\s*"(\w+)"', "".join(sources))
        assert set(found) == set(IMPORTED.get(stage, ())), stage


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_plugins_it_describes(stage: str):
    cards = set(re.findall(r'plugins\.card\("(\w+)"', Path(f"pipeline/{stage}.py").read_text()))
    dependencies = set(listed(stage, "deps"))
    for word, kind in WORDS.items():
        if kind in cards and plugins.FOLDERS[kind].parts[0] not in dependencies:
            assert f"{plugins.FOLDERS[kind].as_posix()}/${{item.{word}}}.py" in dependencies


@pytest.mark.parametrize("stage", STAGES)
def test_a_command_is_the_stage_itself_with_the_names_it_takes(stage: str):
    # Not a shell's child: else the kernel tells the shell, and not the stage, that dvc died.
    main = importlib.import_module(f"pipeline.{stage}").main
    words = [f"${{item.{name}}}" for name in inspect.signature(main).parameters]
    command = " ".join(["exec python -m", f"pipeline.{stage}", *words])
    found = STAGES[stage]["cmd"].removeprefix("GLIBC_TUNABLES=glibc.malloc.hugetlb=1 ")
    assert found.replace("${key}", "${item.dataset}") == command


def test_nothing_is_written_twice():
    chosen = {word: word for word in ("dataset", *WORDS)} | {"key": "dataset"}
    paths = [
        Path(filled(path, chosen))
        for stage in STAGES
        for path in listed(stage, "outs", "metrics", "plots")
    ]
    assert len(paths) == len(set(paths))
    assert not [(path, other) for path in paths for other in paths if other in path.parents]


@pytest.mark.parametrize("stage", STAGES)
def test_nothing_is_read_and_written_by_one_stage(stage: str):
    chosen = {word: word for word in ("dataset", *WORDS)} | {"key": "dataset"}
    written = {Path(filled(path, chosen)) for path in listed(stage, "outs", "metrics", "plots")}
    for path in (Path(filled(path, chosen)) for path in listed(stage, "deps")):
        assert not written & {path, *path.parents}
        assert not [out for out in written if path in out.parents]


@pytest.mark.parametrize(
    "stage", [stage for stage in STAGES if stage not in ("check", "report", "page")]
)
def test_names_tell_the_outputs_of_two_stages_apart(stage: str):
    items = set(re.findall(r"\$\{(\S+?)\}", STAGES[stage]["cmd"]))
    for path in listed(stage, "outs", "metrics", "plots"):
        assert set(re.findall(r"\$\{(\S+?)\}", path)) == items, path


@pytest.mark.parametrize(
    ("package", "above"),
    [("pipeline", set()), ("features", {"pipeline"}), ("models", {"pipeline", "features"})],
)
def test_imports_are_absolute_and_point_one_way(package: str, above: set[str]):
    for file in Path(package).rglob("*.py"):
        nodes = [*ast.walk(ast.parse(file.read_text("utf-8")))]
        imports = [node for node in nodes if isinstance(node, ast.ImportFrom)]
        assert not [node for node in imports if node.level > 0], file  # the closure misses them
        assert not {other.parts[0] for other in provenance.local_imports(file)} & above, file


@pytest.mark.parametrize("kind", [kind for kind in plugins.FOLDERS if kind != "studies"])
def test_no_plugin_but_a_study_imports_a_plugin(kind: str):
    files = {
        plugins.path(other, name) for other in plugins.FOLDERS for name in plugins.names(other)
    }
    for name in plugins.names(kind):
        own = plugins.path(kind, name)
        assert set(provenance.closure([own])) & files == {own}
