"""Plug-ins by file name: what exists, what a file says of itself, and its module.

A plug-in's card (title, year, options) is read from its source without importing it, so that a
stage which only needs names stays fast.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pipeline.stage.errors import UserError

FOLDERS: Mapping[str, Path] = {
    "datasets": Path("pipeline/datasets"),
    "features": Path("features"),
    "classifiers": Path("models/classifiers"),
    "networks": Path("models/networks"),
    "studies": Path("pipeline/studies"),
}
# The class or function that a plug-in is used by.
ENTRANCE: Mapping[str, str] = {
    "datasets": "read",
    "features": "Feature",
    "classifiers": "Classifier",
    "networks": "Network",
    "studies": "run",
}
KINDS = ("logits", "margins")  # of a classifier's scores
# Arguments that the pipeline passes itself: they are no entries of params.yaml.
GIVEN = {"self", "size", "image_shape", "classes", "rngs", "data"}


@dataclass(frozen=True)
class Card:
    """What a plug-in's file says of itself.

    Attributes
    ----------
    constants : mapping
        The literal constants at the top: TITLE, YEAR, CITATION, DEVIATIONS, NOTES, ...
    options : mapping from str to str
        The options that params.yaml may set, with their annotations.
    required : tuple of str
        Those without a default.
    records : bool
        A dataset's reader that can leave the images encoded; it has a function ``record``.
    """

    constants: Mapping[str, Any]
    options: Mapping[str, str]
    required: tuple[str, ...]
    records: bool

    @property
    def title(self) -> str:
        """The name for people."""
        return str(self.constants["TITLE"])

    @property
    def year(self) -> int:
        """The year in which the method was published."""
        return int(self.constants["YEAR"])

    @property
    def notes(self) -> tuple[str, ...]:
        """What a study says of the figures in its table."""
        notes: tuple[str, ...] = self.constants.get("NOTES", ())
        return notes


def names(kind: str) -> list[str]:
    """List the plug-ins of one kind, sorted."""
    return sorted(path.stem for path in FOLDERS[kind].glob("*.py") if path.stem != "__init__")


def path(kind: str, name: str) -> Path:
    """Return a plug-in's file, relative to the project's root.

    Raises
    ------
    UserError
        There is no such file; the message lists the valid names.
    """
    valid = names(kind)
    if name not in valid:
        where = FOLDERS[kind] / f"{name}.py"
        raise UserError(f"{kind}.{name}: no file {where}; expected one of {', '.join(valid)}")
    return FOLDERS[kind] / f"{name}.py"


def load(kind: str, name: str) -> ModuleType:
    """Import a plug-in."""
    return importlib.import_module(".".join(path(kind, name).with_suffix("").parts))


def card(kind: str, name: str) -> Card:
    """Read a plug-in's card from its source.

    Raises
    ------
    UserError
        The file does not exist, is no Python, or lacks a constant or its class.
    """
    file = path(kind, name)
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise UserError(f"{file}:{error.lineno}: {error.msg}") from error
    except ValueError as error:  # not UTF-8, or a zero byte
        raise UserError(f"{file}: no Python source: {error}") from error
    constants = dict(_constants(tree))
    _check_constants(file, kind, constants)
    arguments = _constructor(tree, ENTRANCE[kind])
    required = (name for name, (_, has_default) in arguments.items() if not has_default)
    options = {name: annotation for name, (annotation, _) in arguments.items()}
    defined = {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    if ENTRANCE[kind] not in defined:
        raise UserError(f"{file}: found no {ENTRANCE[kind]}, expected one at the top level")
    return Card(constants, options, tuple(required), "record" in defined)


def _check_constants(file: Path, kind: str, constants: Mapping[str, Any]) -> None:
    """Stop at a constant that tables and charts could not use."""
    needed = (("TITLE", str), ("YEAR", int))[: 1 if kind == "studies" else 2]
    for constant, kind_of_value in needed:
        if not isinstance(constants.get(constant), kind_of_value):
            found = constants.get(constant, "nothing")
            raise UserError(
                f"{file}: {constant}: found {found!r}, expected a literal {kind_of_value.__name__}"
            )
    if kind == "classifiers" and constants.get("KIND") not in KINDS:
        found = constants.get("KIND", "nothing")
        raise UserError(f"{file}: KIND: found {found!r}, expected one of {', '.join(KINDS)}")
    notes = constants.get("NOTES", ())
    if not (isinstance(notes, tuple) and all(isinstance(note, str) for note in notes)):
        raise UserError(f"{file}: NOTES: found {notes!r}, expected a tuple of str")


def _constants(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    """Yield the literal assignments to upper-case names at the top level."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target, value = statement.target, statement.value
        else:
            continue
        if isinstance(target, ast.Name) and target.id.isupper():
            try:
                yield target.id, ast.literal_eval(value)
            except (ValueError, TypeError):
                continue  # computed: no part of the card


def _constructor(tree: ast.Module, entrance: str) -> dict[str, tuple[str, bool]]:
    """Return the options of a function, or of a class's ``__init__``: annotation, has a default."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == entrance:
            return _options(node.args)
        if isinstance(node, ast.ClassDef) and node.name == entrance:
            for member in node.body:
                if isinstance(member, ast.FunctionDef) and member.name == "__init__":
                    return _options(member.args)
    return {}


def _options(arguments: ast.arguments) -> dict[str, tuple[str, bool]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    without = len(positional) - len(arguments.defaults)
    defaults = [place >= without for place in range(len(positional))]
    defaults += [default is not None for default in arguments.kw_defaults]
    return {
        argument.arg: (ast.unparse(argument.annotation) if argument.annotation else "", default)
        for argument, default in zip([*positional, *arguments.kwonlyargs], defaults, strict=True)
        if argument.arg not in GIVEN
    }
