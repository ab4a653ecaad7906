"""params.yaml: what runs. Read, checked against the plug-ins, and resolved for one method."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from models.training.recipe import Recipe
from pipeline.stage import plugins
from pipeline.stage.errors import UserError

PARAMS = Path("params.yaml")
SECTIONS = ("datasets", "features", "classifiers", "networks")
NAME = re.compile(r"[a-z][a-z0-9_]*")
MOST_SETTINGS = 5
RECIPE = {field.name: str(field.type) for field in dataclasses.fields(Recipe)}
TYPES: Mapping[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "None": (type(None),),
}

Entry = dict[str, Any]


class Section(dict[str, Entry]):
    """The entries of one section; asking for another one is the user's mistake."""

    def __init__(self, name: str, entries: dict[str, Entry]) -> None:
        super().__init__(entries)
        self.name = name

    def __missing__(self, key: str) -> Entry:
        valid = ", ".join(self) or "none"
        raise UserError(f"{self.name}.{key}: not in params.yaml; expected one of {valid}")


@dataclass(frozen=True)
class Params:
    """The checked content of params.yaml, one mapping from name to entry per section."""

    datasets: dict[str, Entry]
    features: dict[str, Entry]
    classifiers: dict[str, Entry]
    networks: dict[str, Entry]

    def methods(self) -> list[tuple[str, ...]]:
        """List what is run on each dataset: (feature, classifier) pairs and (network,)s."""
        pairs = itertools.product(self.features, self.classifiers)
        return [*pairs, *((network,) for network in self.networks)]

    def skipped(self, dataset: str, *methods: tuple[str, str]) -> str | None:
        """Return why methods, given as (section, name), do not run on a dataset, or None."""
        for section, name in methods:
            wanted = getattr(self, section)[name].get("datasets")
            if wanted is not None and dataset not in wanted:
                return f"{section}.{name} is for {', '.join(wanted)}"
        return None

    def settings(self, section: str, name: str) -> list[Entry]:
        """Return the settings to choose from: one for each combination of the listed values."""
        entry = {
            key: value for key, value in getattr(self, section)[name].items() if key != "datasets"
        }
        values = [value if isinstance(value, list) else [value] for value in entry.values()]
        return [
            dict(zip(entry, combination, strict=True)) for combination in itertools.product(*values)
        ]

    def recipe(self, dataset: str, setting: Entry) -> Recipe:
        """Return the training recipe of a network's setting on a dataset."""
        own = {key: value for key, value in setting.items() if key in RECIPE}
        return Recipe(**{"epochs": self.datasets[dataset]["epochs"], **own})


def load(path: Path = PARAMS) -> Params:
    """Read and check params.yaml.

    Raises
    ------
    UserError
        Naming the first key that is unknown, has the wrong type or does not fit its plug-in.
    """
    try:
        # The library and the YAML of dvc: 1e-3 is a number in both.
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: not found; run from the project's root") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: no valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or set(content) != set(SECTIONS):
        found = ", ".join(map(str, content)) if isinstance(content, dict) else repr(content)
        raise UserError(f"{path}: found the keys {found}; expected {', '.join(SECTIONS)}")
    for section in SECTIONS:
        if content[section] is None:
            content[section] = {}
        if not isinstance(content[section], dict):
            raise UserError(f"{section}: found {content[section]!r}, expected names with entries")
        for name, entry in content[section].items():
            if not isinstance(name, str) or not NAME.fullmatch(name):
                raise UserError(
                    f"{section}.{name}: expected a name of lower-case letters, digits and _"
                )
            content[section][name] = _checked(section, name, {} if entry is None else entry)
    params = Params(**{name: Section(name, content[name]) for name in SECTIONS})
    _check_datasets_of_methods(params)
    return params


def _checked(section: str, name: str, entry: Any) -> Entry:
    where = f"{section}.{name}"
    if not isinstance(entry, dict):
        raise UserError(f"{where}: found {entry!r}, expected key: value pairs in braces")
    if section == "datasets":
        reader = entry.get("reader")
        if reader not in (readers := plugins.names("datasets")):
            raise UserError(
                f"{where}.reader: found {reader!r}, expected one of {', '.join(readers)}"
            )
        card = plugins.card("datasets", reader)
        options = {"reader": "str", "size": "int", "epochs": "int", **card.options}
        required = ("reader", "size", "epochs", *card.required)
    else:
        card = plugins.card(section, name)
        options = {**card.options, **(RECIPE if section == "networks" else {})}
        required = card.required
    for key in entry:
        if key not in options and not (key == "datasets" and section != "datasets"):
            valid = ", ".join(options) or "none"
            raise UserError(f"{where}.{key}: unknown key; expected {valid}")
    for key in required:
        if key not in entry:
            raise UserError(f"{where}.{key}: missing; expected {options[key]}")
    for key, value in entry.items():
        if key != "datasets":
            _check_values(f"{where}.{key}", value, options[key], section)
    for key in ("size", "epochs"):
        if section == "datasets" and entry[key] < 1:
            raise UserError(f"{where}.{key}: found {entry[key]}, expected at least 1")
    _check_settings(where, entry)
    if section == "networks":
        _check_recipes(where, entry)
    return entry


def _check_values(where: str, value: Any, annotation: str, section: str) -> None:
    """Check one value, or each value of a list to choose from."""
    searched = section in {"classifiers", "networks"} and isinstance(value, list)
    if searched and not value:
        raise UserError(f"{where}: found an empty list, expected the values to choose from")
    accepted = [part.strip() for part in annotation.split("|")]
    types = tuple(itertools.chain.from_iterable(TYPES.get(part, (object,)) for part in accepted))
    for one in value if searched else [value]:
        wrong_bool = isinstance(one, bool) and "bool" not in accepted and object not in types
        if wrong_bool or not isinstance(one, types):
            raise UserError(f"{where}: found {one!r}, expected {annotation}")
        if isinstance(one, float) and not math.isfinite(one):
            raise UserError(f"{where}: found {one}, expected a finite number")


def _check_settings(where: str, entry: Entry) -> None:
    lists = {
        key: value for key, value in entry.items() if isinstance(value, list) and key != "datasets"
    }
    count = math.prod(len(value) for value in lists.values())
    if count > MOST_SETTINGS:
        raise UserError(
            f"{where}: {count} settings in {', '.join(lists)}; "
            f"expected at most {MOST_SETTINGS}, the same for every method"
        )
    for key in ("seeds", "epochs"):
        if key in lists:
            raise UserError(
                f"{where}.{key}: found {lists[key]!r}, expected one number, not a choice"
            )


def _check_recipes(where: str, entry: Entry) -> None:
    for key in filter(RECIPE.__contains__, entry):
        values = entry[key] if isinstance(entry[key], list) else [entry[key]]
        for value in values:
            try:
                Recipe(**{"epochs": 1, key: value})
            except ValueError as error:
                raise UserError(f"{where}.{error}") from error


def _check_datasets_of_methods(params: Params) -> None:
    for section in ("features", "classifiers", "networks"):
        for name, entry in getattr(params, section).items():
            wanted = entry.get("datasets", [])
            if not isinstance(wanted, list) or not all(isinstance(one, str) for one in wanted):
                raise UserError(
                    f"{section}.{name}.datasets: found {wanted!r}, expected a list of dataset names"
                )
