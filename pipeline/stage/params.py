"""params.yaml: what runs. Read, and resolved for one method on one dataset.

Whether its entries fit their plug-ins is checked once, by `pipeline.stage.validation`.
"""

from __future__ import annotations

import itertools
import re
import reprlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import ReusedAnchorWarning, YAMLError

from pipeline.stage.errors import UserError

PARAMS = Path("params.yaml")
SECTIONS = ("datasets", "features", "classifiers", "networks", "studies")
NAME = re.compile(r"[a-z][a-z0-9_]*")
# What any method's entry may say besides its options: where it runs, and what is different there.
WHERE, EXCEPT, DIFFERENT = "datasets", "skip", "on"
STREAM = "stream"  # of a dataset: its images stay encoded

MAX_BYTES = 2**17  # reading takes a second for each 100 kB

Entry = dict[str, Any]

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80
_SHORT.maxlevel = 2


def shown(value: Any) -> str:
    """Return a value for a message: a few lines with YAML's aliases can stand for gigabytes."""
    return _SHORT.repr(value)


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
    """The content of params.yaml, one mapping from name to entry per section."""

    datasets: dict[str, Entry]
    features: dict[str, Entry]
    classifiers: dict[str, Entry]
    networks: dict[str, Entry]
    studies: dict[str, Entry]

    def methods(self) -> list[tuple[str, ...]]:
        """List what is run on each dataset: (feature, classifier) pairs and (network,)s."""
        pairs = itertools.product(self.features, self.classifiers)
        return [*pairs, *((network,) for network in self.networks)]

    def skipped(self, dataset: str, *methods: tuple[str, str]) -> str | None:
        """Return why methods, given as (section, name), do not run on a dataset, or None."""
        streamed = self.datasets[dataset].get(STREAM)
        for section, name in methods:
            if streamed and section != "networks":
                return f"its images are streamed, and {section} want all of them in memory"
            entry = getattr(self, section)[name]
            wanted = entry.get(WHERE)
            if wanted is not None and dataset not in wanted:
                return f"{section}.{name} is for {', '.join(wanted)}"
            if dataset in entry.get(EXCEPT, {}):
                return f"{section}.{name}: {entry[EXCEPT][dataset]}"
        return None

    def options(self, section: str, name: str, dataset: str) -> Entry:
        """Return a method's options on a dataset."""
        entry = getattr(self, section)[name]
        return own(entry) | entry.get(DIFFERENT, {}).get(dataset, {})

    def settings(self, section: str, name: str, dataset: str) -> list[Entry]:
        """Return the settings to choose from: one for each combination of the listed values."""
        options = self.options(section, name, dataset)
        values = [value if isinstance(value, list) else [value] for value in options.values()]
        return [
            dict(zip(options, combination, strict=True))
            for combination in itertools.product(*values)
        ]


def own(entry: Entry) -> Entry:
    """Return a method's options without what they say about data sets."""
    return {k: value for k, value in entry.items() if k not in (WHERE, EXCEPT, DIFFERENT)}


def load(path: Path = PARAMS) -> Params:
    """Read params.yaml.

    Raises
    ------
    UserError
        Naming the first section, name or entry that has another form.
    """
    try:
        # The library and the YAML of dvc: 1e-3 is a number in both. An anchor may be set anew.
        with warnings.catch_warnings(action="ignore", category=ReusedAnchorWarning):
            content = YAML(typ="safe", pure=True).load(_text(path))
    except FileNotFoundError:
        raise UserError(f"{path}: not found; run from the project's root") from None
    # The constructors of numbers, dates and booleans raise what they meet.
    except (YAMLError, ValueError, LookupError, RecursionError) as error:
        found = " ".join(str(error).split())
        raise UserError(f"{path}: no valid YAML: {found}, expected plain values") from error
    if not isinstance(content, dict) or set(content) != set(SECTIONS):
        found = ", ".join(map(str, content)) if isinstance(content, dict) else shown(content)
        raise UserError(f"{path}: found the keys {found}; expected {', '.join(SECTIONS)}")
    return Params(**{name: Section(name, dict(_entries(name, content[name]))) for name in SECTIONS})


def _text(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise UserError(f"{path}: more than {MAX_BYTES} bytes, expected a smaller file")
    return content.decode("utf-8")


def _entries(section: str, content: Any) -> Iterator[tuple[str, Entry]]:
    if not isinstance(content, dict):
        found = "nothing" if content is None else shown(content)
        raise UserError(f"{section}: found {found}, expected names with entries, or {{}}")
    for name, entry in content.items():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise UserError(
                f"{section}.{name}: expected a name of lower-case letters, digits and _"
            )
        if entry is not None and not isinstance(entry, dict):
            raise UserError(
                f"{section}.{name}: found {shown(entry)}, expected key: value pairs in braces"
            )
        if section != "datasets":
            _check_where(f"{section}.{name}", entry or {})
        yield name, entry or {}


def _check_where(where: str, entry: Entry) -> None:
    wanted, different = entry.get(WHERE), entry.get(DIFFERENT, {})
    reasons = entry.get(EXCEPT, {})
    names = isinstance(wanted, list) and all(isinstance(one, str) for one in wanted)
    if WHERE in entry and not (wanted and names):
        raise UserError(f"{where}.{WHERE}: found {shown(wanted)}, expected a list of dataset names")
    if not isinstance(reasons, dict) or not all(
        isinstance(text, str) for item in reasons.items() for text in item
    ):
        raise UserError(f"{where}.{EXCEPT}: found {shown(reasons)}, expected {{a dataset: why}}")
    if not isinstance(different, dict):
        raise UserError(
            f"{where}.{DIFFERENT}: found {shown(different)}, expected {{a dataset: {{key: value}}}}"
        )
    for dataset, options in different.items():
        if not isinstance(dataset, str) or not isinstance(options, dict):
            raise UserError(
                f"{where}.{DIFFERENT}.{dataset}: found {shown(options)}, "
                "expected key: value pairs in braces"
            )
