"""The recipe behind a row: a hash over the code, the parameters and the data that decide it."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.stage import plugins
from pipeline.stage.errors import UserError
from pipeline.stage.params import Params

PACKAGES = ("pipeline", "features", "models")
# How a stage starts, locks and writes decides no number; params.yaml is hashed as values.
PLUMBING = Path("pipeline/stage")


@cache
def local_imports(file: Path) -> tuple[Path, ...]:
    """List the project's own files that a file imports, anywhere in it."""
    return tuple(_local_imports(file))


def _local_imports(file: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for module in modules:
            if module.split(".")[0] in PACKAGES:
                candidate = Path(*module.split(".")).with_suffix(".py")
                if candidate.is_file():
                    yield candidate


def closure(roots: Iterable[Path], without: Path | None = None) -> list[Path]:
    """Return the files and all project files that they import, directly or not, sorted.

    Files in the folder `without` are left out, and what only they import.
    """
    found: set[Path] = set()
    waiting = list(roots)
    while waiting:
        file = waiting.pop()
        if file not in found and without not in file.parents:
            found.add(file)
            waiting.extend(local_imports(file))
    return sorted(found)


@cache
def code(file: Path) -> str:
    """Return a file's source without comments, docstrings and blank lines."""
    source = file.read_text(encoding="utf-8")
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            docstring = node.body[0]
            for row in range(docstring.lineno, (docstring.end_lineno or docstring.lineno) + 1):
                lines[row - 1] = ""
    return "\n".join(line.rstrip() for line in lines if line.strip())


def sources(reader: str, method: tuple[str, ...]) -> list[Path]:
    """Return the files that decide a method's row: from the reader to the evaluator."""
    if len(method) == 1:
        stages = [Path("pipeline/train.py"), plugins.path("networks", method[0])]
    else:
        feature, classifier = method
        stages = [
            Path("pipeline/extract.py"),
            plugins.path("features", feature),
            Path("pipeline/fit.py"),
            plugins.path("classifiers", classifier),
        ]
    roots = [Path("pipeline/prepare.py"), plugins.path("datasets", reader), *stages]
    roots += [Path("pipeline/evaluation/metrics.py"), Path("pipeline/evaluation/intervals.py")]
    return closure(roots, without=PLUMBING)


def code_hash(reader: str, method: tuple[str, ...]) -> str:
    """Return a hash over the code of :func:`sources`."""
    lines = (f"{file.as_posix()}\n{code(file)}" for file in sources(reader, method))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def parameters(params: Params, dataset: str, method: tuple[str, ...]) -> dict[str, Any]:
    """Return the entries of params.yaml that decide a method's row on a dataset."""
    parts = ("network",) if len(method) == 1 else ("feature", "classifier")
    entries = {
        part: params.options(f"{part}s", name, dataset)
        for part, name in zip(parts, method, strict=True)
    }
    data = dict(params.datasets[dataset])
    if len(method) == 2:
        del data["epochs"]
    return {"dataset": data, **entries}


def ingredients(params: Params, dataset: str, method: tuple[str, ...], data: str) -> dict[str, Any]:
    """Return what decides a method's row on a dataset.

    Parameters
    ----------
    params : Params
    dataset : str
    method : tuple of str
        (feature, classifier) or (network,).
    data : str
        Checksum of the prepared images and labels.
    """
    entries = parameters(params, dataset, method)
    code_digest = code_hash(entries["dataset"]["reader"], method)
    return {"method": list(method), "parameters": entries, "data": data, "code": code_digest}


def recipe(ingredients: dict[str, Any]) -> str:
    """Return the short hash that a row carries."""
    return hashlib.sha256(json.dumps(ingredients, sort_keys=True).encode()).hexdigest()[:12]


def changed(params: Params, dataset: str, then: dict[str, Any]) -> list[str]:
    """Name what has changed since a row's :func:`ingredients` were noted.

    Entries that stand in params.yaml as comments today have not changed; a plug-in that is gone
    counts as changed code.
    """
    method = tuple(then["method"])
    what = []
    for part, value in then["parameters"].items():
        name = dataset if part == "dataset" else method[part == "classifier"]
        if name not in getattr(params, f"{part}s"):
            continue
        now = params.options(f"{part}s", name, dataset)
        if part == "dataset" and len(method) == 2:
            del now["epochs"]
        if now != value:
            what.append(f"{part} parameters")
    try:
        code_now = code_hash(then["parameters"]["dataset"]["reader"], method)
    except UserError:
        code_now = "gone"
    return what if code_now == then["code"] else [*what, "code"]
