"""Broken params.yaml: each ends in one short line that names the file or the key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.stage import entry, params, validation
from pipeline.stage.errors import UserError

ROOT = Path(__file__).parents[2]
REST = "features: {}\nclassifiers: {}\nnetworks: {}\nstudies: {}\n"
LAUGHS = ", ".join(f"&a{n + 1} [{', '.join([f'*a{n}'] * 10)}]" for n in range(9))


def datasets(value: str) -> str:
    return f"datasets: {value}\n{REST}"


def digits(size: str = "8", epochs: str = "1", reader: str = "digits") -> str:
    return datasets(f"{{digits: {{reader: {reader}, size: {size}, epochs: {epochs}}}}}")


NO_YAML = "params.yaml: no valid YAML: "
CASES = {
    "lists 3000 deep": (datasets("[" * 3000 + "]" * 3000), f"{NO_YAML}maximum recursion depth"),
    "mappings 3000 deep": (datasets("{a: " * 3000 + "}" * 3000), f"{NO_YAML}maximum recursion"),
    "number of 5000 digits": (digits("1" * 5000), f"{NO_YAML}Exceeds the limit"),
    "13th month": (digits("2020-13-45"), f"{NO_YAML}month must be in 1..12"),
    "tag float": (digits("!!float abc"), f"{NO_YAML}could not convert"),
    "tag int": (digits("!!int x"), f"{NO_YAML}invalid literal"),
    "tag int, empty": (digits("!!int ''"), f"{NO_YAML}string index out of range"),
    "tag bool": (digits("!!bool x"), f"{NO_YAML}'x'"),
    "tag timestamp": (digits("!!timestamp x"), f"{NO_YAML}failed to construct timestamp"),
    "tag binary": (digits("!!binary é"), f"{NO_YAML}failed to convert base64"),
    "own tag": ("!foo {a: 1}\n", f"{NO_YAML}could not determine a constructor"),
    "two documents": ("---\na: 1\n---\nb: 2\n", f"{NO_YAML}expected a single document"),
    "unknown alias": (datasets("*nope"), f"{NO_YAML}found undefined alias"),
    "another YAML": ("%YAML 9.9\n---\na: 1\n", f"{NO_YAML}found incompatible YAML"),
    "tabs": ("datasets:\n\tdigits: {}\n", f"{NO_YAML}while scanning"),
    "zero byte": (digits() + "\0", f"{NO_YAML}unacceptable character #x0000"),
    "escape of no letter": (datasets('{a: "\\xZZ"}'), f"{NO_YAML}while scanning"),
    "merge of a number": (datasets("{digits: {<<: 3}}"), f"{NO_YAML}while constructing"),
    "list as a key": (f"? [a, b]\n: c\n{REST}", "params.yaml: found the keys ('a', 'b'), feat"),
    "date as a key": (f"2020-01-01: {{}}\n{digits()}", "params.yaml: found the keys 2020-01-01"),
    "too large": (f"# {'x' * 2**17}\n{digits()}", "params.yaml: more than 131072 bytes"),
    "billion laughs": (digits(epochs=f"[&a0 [x], {LAUGHS}]"), "datasets.digits.epochs: found [["),
    "entry of itself": ("datasets: &a {digits: *a}\n" + REST, "datasets.digits.reader: found None"),
    "reader of itself": (digits(reader="&a [*a]"), "datasets.digits.reader: found [[["),
    "set": (datasets("!!set {a}"), "datasets: found {'a'}, expected names"),
    "pairs": (datasets("!!pairs [a: 1]"), "datasets: found [('a', 1)], expected names"),
    "text": (datasets("'{digits: {}}'"), "datasets: found '{digits: {}}', expected names"),
    "number as a key": (digits("8, 3: 4"), "datasets.digits.3: unknown key"),
    "name with a newline": (datasets('{"a\\nb": {}}'), "datasets.a b: expected a name"),
    "name with an escape": (datasets('{"\\e[2J": {}}'), "datasets.\\x1b[2J: expected a name"),
    "name of half a letter": (datasets('{"\\ud800": {}}'), "datasets.\\ud800: expected a name"),
    "name with quotes": (datasets('{"a\'b": {}}'), "datasets.a'b: expected a name"),
    "Greek name": (datasets("{ψηφία: {}}"), "datasets.ψηφία: expected a name"),
    "path as a name": (datasets("{../x: {}}"), "datasets.../x: expected a name"),
    "null as a name": (datasets("{null: {}}"), "datasets.None: expected a name"),
    "size of a wall": (digits("20000"), "datasets.digits.size: found 20000, expected at most 1024"),
    "size of 10^30": (digits("1" + "0" * 30), "datasets.digits.size: found 1000"),
    "size of zero": (digits("0"), "datasets.digits.size: found 0, expected at least 1"),
    "size in words": (digits("eight"), "datasets.digits.size: found 'eight', expected int"),
    "endless epochs": (digits(epochs=".inf"), "datasets.digits.epochs: found inf, expected int"),
    "list of readers": (digits(reader="[digits]"), "datasets.digits.reader: found ['digits']"),
    "source that is a list": (
        datasets("{d: {reader: folder, source: [a], size: 8, epochs: 1}}"),
        "datasets.d.source: found ['a'], expected str",
    ),
}


@pytest.mark.parametrize(("text", "message"), CASES.values(), ids=CASES)
def test_broken_params_are_named_in_one_short_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
):
    monkeypatch.chdir(ROOT)
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        validation.check(params.load(path))
    line = entry.explain(caught.value).removeprefix(f"{tmp_path}/")
    assert re.match(re.escape(message), line), line
    assert line.isprintable()
    assert len(line) < 1000
