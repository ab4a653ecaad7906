"""What holds for every reader, found by globbing."""

from __future__ import annotations

import inspect
import re

import pytest

from pipeline.stage import plugins

READERS = plugins.names("datasets")


@pytest.mark.parametrize("name", READERS)
def test_the_file_says_what_it_reads(name: str):
    constants = plugins.card("datasets", name).constants
    assert isinstance(constants["TITLE"], str)
    assert 1900 < constants["YEAR"] < 2100
    assert re.search(r"\b(19|20)\d\d\b", constants["CITATION"])
    assert isinstance(constants["LICENCE"], str)
    assert all(isinstance(deviation, str) for deviation in constants["DEVIATIONS"])
    assert isinstance(constants["DEVIATIONS"], tuple)


@pytest.mark.parametrize("name", READERS)
def test_read_takes_a_size_and_options_of_its_own(name: str):
    size, *options = inspect.signature(plugins.load("datasets", name).read).parameters.values()
    assert (size.name, size.annotation) == ("size", "int")
    for option in options:
        assert option.kind is inspect.Parameter.KEYWORD_ONLY
        assert set(option.annotation.split(" | ")) <= {"str", "int", "float", "bool", "None"}


@pytest.mark.parametrize(
    "name", [name for name in READERS if plugins.card("datasets", name).records]
)
def test_record_takes_a_folder_and_the_options_of_read(name: str):
    reader = plugins.load("datasets", name)
    _, *options = inspect.signature(reader.read).parameters.values()
    size, folder, *others = inspect.signature(reader.record).parameters.values()
    assert (size.name, folder.name) == ("size", "folder")
    assert others == options


@pytest.mark.parametrize("name", READERS)
def test_title_is_unique(name: str):
    titles = [plugins.card("datasets", other).title for other in READERS]
    assert titles.count(plugins.card("datasets", name).title) == 1
