"""Plug-ins: found by their file, described without being imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.stage import plugins
from pipeline.stage.errors import UserError

ROOT = Path(__file__).parents[3]
NETWORK = '''
"""A network."""
import does_not_exist

TITLE = "Net"
YEAR: int = 1989
DEVIATIONS = ("one",
              "two")
computed = 3
COMPUTED = len(TITLE)
FIRST, SECOND = 1, 2
UNSET: int

def helper(size: int, other: str): ...

class Block:
    def __init__(self, width: int): ...

class Network:
    def __init__(self, *, image_shape: tuple[int, int, int], classes: int, rngs: object,
                 hidden: int = 300, depth: int | None = None, must: "float"):
        self.hidden = hidden
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An empty folder of networks, and of all other kinds."""
    for kind in plugins.FOLDERS:
        monkeypatch.setitem(plugins.FOLDERS, kind, tmp_path)
    return tmp_path


def test_names_are_those_of_the_files(folder: Path):
    for name in ("b.py", "a.py", "__init__.py", "notes.txt", "c.pyc"):
        (folder / name).touch()
    assert plugins.names("networks") == ["a", "b"]


def test_an_unknown_name_is_answered_with_the_valid_ones(folder: Path):
    for name in ("b.py", "a.py"):
        (folder / name).touch()
    with pytest.raises(UserError, match=r"^networks\.c: no file .*/c\.py; expected one of a, b$"):
        plugins.path("networks", "c")


def test_a_card_is_read_without_an_import(folder: Path):
    (folder / "net.py").write_text(NETWORK, "utf-8")
    card = plugins.card("networks", "net")
    assert (card.title, card.year) == ("Net", 1989)
    assert card.constants == {"TITLE": "Net", "YEAR": 1989, "DEVIATIONS": ("one", "two")}
    assert card.options == {"hidden": "int", "depth": "int | None", "must": "'float'"}
    assert card.required == ("must",)


def test_a_reader_states_its_options_in_read(folder: Path):
    text = (
        'TITLE = "Data"\nYEAR = 2000\n'
        "def read(size: int, source: str, grey: bool = False, *, checksum: str | None = None): ..."
    )
    (folder / "data.py").write_text(text, "utf-8")
    card = plugins.card("datasets", "data")
    assert card.options == {"source": "str", "grey": "bool", "checksum": "str | None"}
    assert card.required == ("source",)


def test_a_helper_named_like_another_kinds_entrance_has_no_options_to_set(folder: Path):
    helper = "def run(model, images): ...\n"
    (folder / "net.py").write_text(NETWORK.replace("class Network", f"{helper}class Network"))
    assert "hidden" in plugins.card("networks", "net").options


def test_a_class_without_a_constructor_has_no_options(folder: Path):
    text = 'TITLE = "Raw"\nYEAR = 1962\nclass Feature:\n    pass\n'
    (folder / "raw.py").write_text(text, "utf-8")
    card = plugins.card("features", "raw")
    assert (card.options, card.required) == ({}, ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("TITLE = 'x'\nYEAR = (1989", r"net\.py:2: .*'\(' was never closed"),
        ("YEAR = 1989", r"net\.py: TITLE: found 'nothing', expected a literal str"),
        ("TITLE = 'x'", r"net\.py: YEAR: found 'nothing', expected a literal int"),
        ("TITLE = 'x'\nYEAR = '1989'", r"net\.py: YEAR: found '1989', expected a literal int"),
        ("TITLE = 'x'\nYEAR = int(3)", r"net\.py: YEAR: found 'nothing', expected a literal int"),
        ("TITLE = 3\nYEAR = 1989", r"net\.py: TITLE: found 3, expected a literal str"),
        ("TITLE = 'x'\nYEAR = 1989", r"net\.py: found no Network, expected one at the top level"),
    ],
)
def test_a_file_that_is_no_plugin_is_named_in_one_line(folder: Path, text: str, message: str):
    (folder / "net.py").write_text(text, "utf-8")
    with pytest.raises(UserError, match=rf"\A\S*{message}.*\Z"):
        plugins.card("networks", "net")


def test_a_classifiers_scores_are_of_a_known_kind(folder: Path):
    text = "TITLE = 'x'\nYEAR = 1989\nKIND = 'logit'\nclass Classifier: ..."
    (folder / "net.py").write_text(text, "utf-8")
    with pytest.raises(UserError, match=r"KIND: found 'logit', expected one of logits, margins$"):
        plugins.card("classifiers", "net")


@pytest.mark.parametrize(
    ("notes", "found"), [("('no comma')", "'no comma'"), ("('one', 2)", r"\('one', 2\)")]
)
def test_the_notes_of_a_study_are_a_tuple_of_sentences(folder: Path, notes: str, found: str):
    (folder / "net.py").write_text(f"TITLE = 'x'\nNOTES = {notes}\ndef run(): ...", "utf-8")
    with pytest.raises(UserError, match=rf"net\.py: NOTES: found {found}, expected a tuple"):
        plugins.card("studies", "net")


def test_a_file_in_another_encoding_is_named_in_one_line(folder: Path):
    (folder / "net.py").write_bytes("TITLE = 'Schölkopf'\nYEAR = 1989".encode("latin-1"))
    with pytest.raises(UserError, match=r"\A\S*net\.py.*\Z"):
        plugins.card("networks", "net")


@pytest.mark.parametrize(
    ("kind", "attribute"),
    [
        ("datasets", "read"),
        ("features", "Feature"),
        ("classifiers", "Classifier"),
        ("networks", "Network"),
    ],
)
def test_every_file_is_a_plugin(kind: str, attribute: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    assert plugins.names(kind)
    for name in plugins.names(kind):
        assert plugins.card(kind, name).title
        assert hasattr(plugins.load(kind, name), attribute)
