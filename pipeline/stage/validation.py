"""Whether the entries of params.yaml fit their plug-ins: names, keys, types, choices."""

from __future__ import annotations

import dataclasses
import difflib
import itertools
import math
import re
from collections.abc import Mapping
from typing import Any

from models.training.recipe import Recipe
from pipeline.stage import plugins
from pipeline.stage.errors import UserError
from pipeline.stage.params import (
    DIFFERENT,
    EXCEPT,
    SECTIONS,
    STREAM,
    WHERE,
    Entry,
    Params,
    own,
    shown,
)

MOST_SETTINGS = 5
LIKE = 0.85  # of two names that differ by a slip: imagenette and imagenette_224 have 0.83
SEQUENCE = re.compile(r"Sequence\[(int|float)\]")
WIDEST = 1024  # pixels; a slip of a few zeros would fill the memory
SEARCHED = {"classifiers", "networks"}  # a list is a choice
TRAINED = {"networks", "studies"}  # an option named as one of the recipe's is handed to it
RECIPE = {field.name: str(field.type) for field in dataclasses.fields(Recipe)}
TYPES: Mapping[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "list": (list,),
    "Sequence[int]": (list,),
    "Sequence[float]": (list,),
    "None": (type(None),),
}


def check(params: Params) -> None:
    """Check every entry.

    Raises
    ------
    UserError
        Naming the first key that is unknown, missing, has the wrong type or too many values; or
        there is no method.
    """
    for section in SECTIONS:
        for name, entry in getattr(params, section).items():
            if section == "datasets":
                _check_dataset(f"{section}.{name}", entry)
            else:
                _check_method(section, name, entry)
                _check_datasets(f"{section}.{name}", entry, params.datasets)
    if not params.methods():
        raise UserError(
            "params.yaml: found no method, expected a network, or a feature and a classifier"
        )


def _check_dataset(where: str, entry: Entry) -> None:
    reader = entry.get("reader")
    if reader not in (readers := plugins.names("datasets")):
        raise UserError(
            f"{where}.reader: found {shown(reader)}, expected one of {', '.join(readers)}"
        )
    card = plugins.card("datasets", reader)
    known = {"reader": "str", "size": "int", "epochs": "int", **card.options}
    known |= {STREAM: "bool"} if card.records else {}
    _check_keys(where, entry, known)
    _check_required(where, entry, known, ("size", "epochs", *card.required))
    for key, value in entry.items():
        _check_type(f"{where}.{key}", value, known[key])
    for key in ("size", "epochs"):
        if entry[key] < 1:
            raise UserError(f"{where}.{key}: found {entry[key]}, expected at least 1")
    if entry["size"] > WIDEST:
        raise UserError(f"{where}.size: found {entry['size']}, expected at most {WIDEST}")


def _check_method(section: str, name: str, entry: Entry) -> None:
    where = f"{section}.{name}"
    card = plugins.card(section, name)
    known = {**card.options, **(RECIPE if section == "networks" else {})}
    stated = own(entry)
    _check_options(where, stated, stated, known, section)
    _check_required(where, entry, known, card.required)
    for dataset, different in entry.get(DIFFERENT, {}).items():
        here = f"{where}.{DIFFERENT}.{dataset}"
        _check_options(here, different, stated | different, known, section)


def _check_datasets(where: str, entry: Entry, datasets: Mapping[str, Entry]) -> None:
    """Refuse what looks like a slip in a dataset's name; others may stand behind a #."""
    for key in (WHERE, EXCEPT, DIFFERENT):
        for name in entry.get(key, ()):
            meant = difflib.get_close_matches(name, datasets, n=1, cutoff=LIKE)
            if meant and name not in datasets:
                raise UserError(f"{where}.{key}: found {name}, expected {meant[0]}")


def _check_options(
    where: str, stated: Entry, resolved: Entry, known: Mapping[str, str], section: str
) -> None:
    """Check the options stated in one place, and the settings that they lead to."""
    _check_keys(where, stated, known)
    for key, value in stated.items():
        _check_values(f"{where}.{key}", value, known[key], section)
    if section in SEARCHED:
        _check_settings(where, resolved)
    if section in TRAINED:
        _check_recipe(where, stated)


def _check_keys(where: str, entry: Entry, known: Mapping[str, str]) -> None:
    for key in entry:
        if key not in known:
            valid = ", ".join(known) or "none"
            raise UserError(f"{where}.{key}: unknown key; expected {valid}")


def _check_required(
    where: str, entry: Entry, known: Mapping[str, str], required: tuple[str, ...]
) -> None:
    for key in required:
        if key not in entry:
            raise UserError(f"{where}.{key}: missing; expected {known[key]}")


def _check_values(where: str, value: Any, annotation: str, section: str) -> None:
    """Check one value, or each value of a list to choose from."""
    if section in SEARCHED and isinstance(value, list):
        if not value:
            raise UserError(f"{where}: found an empty list, expected the values to choose from")
        for one in value:
            _check_type(where, one, annotation)
    else:
        _check_type(where, value, annotation)


def _check_type(where: str, value: Any, annotation: str) -> None:
    if (of := SEQUENCE.fullmatch(annotation)) and isinstance(value, list):
        for one in value:
            _check_type(where, one, of[1])
        return
    accepted = [part.strip() for part in annotation.split("|")]
    types = tuple(itertools.chain.from_iterable(TYPES.get(part, (object,)) for part in accepted))
    wrong_bool = isinstance(value, bool) and "bool" not in accepted and object not in types
    if wrong_bool or not isinstance(value, types):
        raise UserError(f"{where}: found {shown(value)}, expected {annotation}")
    if isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{where}: found {value}, expected a finite number")


def _check_settings(where: str, options: Entry) -> None:
    lists = {key: value for key, value in options.items() if isinstance(value, list)}
    count = math.prod(len(value) for value in lists.values())
    if count > MOST_SETTINGS:
        raise UserError(
            f"{where}: {count} settings in {', '.join(lists)}; "
            f"expected at most {MOST_SETTINGS}, the same for every method"
        )
    for key in ("seeds", "epochs"):
        if key in lists:
            raise UserError(
                f"{where}.{key}: found {shown(lists[key])}, expected one number, not a choice"
            )


def _check_recipe(where: str, options: Entry) -> None:
    for key in filter(RECIPE.__contains__, options):
        values = options[key] if isinstance(options[key], list) else [options[key]]
        for value in values:
            try:
                Recipe(**{"epochs": 1, key: value})
            except ValueError as error:
                raise UserError(f"{where}.{error}") from error
