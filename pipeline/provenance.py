"""The recipe behind a row: a hash over the code, the parameters and the data that decide it."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import tokenize
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.stage import plugins
from pipeline.stage.errors import UserError
from pipeline.stage.params import Params

PACKAGES = ("pipeline", "features", "models")
# How a stage starts, locks and writes decides no number, nor how a file came here that is checked
# afterwards; what params.yaml says is hashed as values, before it is spread into settings.
PLUMBING = (Path("pipeline/stage"), Path("pipeline/ingest/download.py"))
# Of a plug-in's constants, those that no number and no table comes from.
WORDS = {"CITATION", "DEVIATIONS", "NOTES"}
# Of each kind of plug-in that a row is made of: its section, and the stage that runs it.
SECTION_OF = {
    "feature": "features",
    "classifier": "classifiers",
    "network": "networks",
    "study": "studies",
}
STAGES = {
    "feature": "pipeline/extract.py",
    "classifier": "pipeline/fit.py",
    "network": "pipeline/train.py",
    "study": "pipeline/study.py",
}

Parts = dict[str, str]


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


def closure(roots: Iterable[Path], without: Collection[Path] = ()) -> list[Path]:
    """Return the files and all project files that they import, directly or not, sorted.

    The files and folders `without` are left out, and what only they import.
    """
    found: set[Path] = set()
    waiting = list(roots)
    while waiting:
        file = waiting.pop()
        if file not in found and not {file, *file.parents} & set(without):
            found.add(file)
            waiting.extend(local_imports(file))
    return sorted(found)


@cache
def code(file: Path) -> str:
    """Return a file's source without its words: comments, docstrings, `WORDS` and blank lines."""
    source = file.read_text(encoding="utf-8")
    lines = source.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in _words(ast.parse(source)):
        end_row, end_column = node.end_lineno or node.lineno, node.end_col_offset
        for row in range(node.lineno, end_row + 1):
            line = lines[row - 1].encode()  # columns count bytes
            before = line[: node.col_offset] if row == node.lineno else b""
            behind = line[end_column:] if row == end_row else b""
            lines[row - 1] = (before + behind).decode()
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _words(module: ast.Module) -> Iterator[ast.stmt]:
    """Yield the statements that only say something."""
    for statement in module.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) in WORDS:
            yield statement
    for node in ast.walk(module):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            yield node.body[0]


def parts(method: tuple[str, ...]) -> Parts:
    """Return what a method of params.yaml is made of, by kind."""
    kinds = ("network",) if len(method) == 1 else ("feature", "classifier")
    return dict(zip(kinds, method, strict=True))


def sources(reader: str, made_of: Parts) -> list[Path]:
    """Return the files that decide a row's accuracy: from the reader to the evaluator.

    Not those that set rows beside each other: p values and verdicts are of the table, not the row.
    """
    roots = [Path("pipeline/prepare.py"), plugins.path("datasets", reader)]
    for kind, name in made_of.items():
        roots += [Path(STAGES[kind]), plugins.path(SECTION_OF[kind], name)]
    roots += [Path("pipeline/evaluation/metrics.py"), Path("pipeline/evaluation/intervals.py")]
    return closure(roots, without=PLUMBING)


def code_hash(reader: str, made_of: Parts) -> str:
    """Return a hash over the code of :func:`sources`."""
    lines = (f"{file.as_posix()}\n{code(file)}" for file in sources(reader, made_of))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def file_hashes(reader: str, rows: Iterable[Parts]) -> dict[str, str]:
    """Return a short hash for each file behind any of the rows, so that two tables can be told."""
    files = sorted({file for made_of in rows for file in sources(reader, made_of)})
    return {file.as_posix(): hashlib.sha256(code(file).encode()).hexdigest()[:12] for file in files}


def parameters(params: Params, dataset: str, made_of: Parts) -> dict[str, Any]:
    """Return the entries of params.yaml that decide a row on a dataset."""
    entries = {
        kind: params.options(SECTION_OF[kind], name, dataset) for kind, name in made_of.items()
    }
    return {"dataset": _decisive(params.datasets[dataset], made_of), **entries}


def _decisive(entry: dict[str, Any], made_of: Parts) -> dict[str, Any]:
    """Leave out of a dataset's entry what only networks look at."""
    return {key: value for key, value in entry.items() if key != "epochs" or "network" in made_of}


def ingredients(params: Params, dataset: str, made_of: Parts, data: str) -> dict[str, Any]:
    """Return what decides a row on a dataset.

    Parameters
    ----------
    params : Params
    dataset : str
    made_of : mapping
        From feature and classifier, network, or study to the plug-in's name.
    data : str
        Checksum of the prepared images and labels.
    """
    entries = parameters(params, dataset, made_of)
    code_digest = code_hash(entries["dataset"]["reader"], made_of)
    return {"made_of": made_of, "parameters": entries, "data": data, "code": code_digest}


def recipe(ingredients: dict[str, Any]) -> str:
    """Return the short hash that a row carries."""
    return hashlib.sha256(json.dumps(ingredients, sort_keys=True).encode()).hexdigest()[:12]


def changed(params: Params, dataset: str, then: dict[str, Any]) -> list[str]:
    """Name what has changed since a row's :func:`ingredients` were noted.

    Entries that stand in params.yaml as comments today have not changed; a plug-in that is gone
    counts as changed code.
    """
    made_of = then["made_of"]
    what = []
    for kind, value in then["parameters"].items():
        section = SECTION_OF.get(kind, "datasets")
        name = made_of.get(kind, dataset)
        if name not in getattr(params, section):
            continue
        now = params.options(section, name, dataset)
        if (_decisive(now, made_of) if kind == "dataset" else now) != value:
            what.append(f"{kind} parameters")
    try:
        code_now = code_hash(then["parameters"]["dataset"]["reader"], made_of)
    except UserError:
        code_now = "gone"
    return what if code_now == then["code"] else [*what, "code"]
