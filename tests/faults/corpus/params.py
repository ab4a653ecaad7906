"""Broken params.yaml."""

from __future__ import annotations

import re
from contextlib import chdir
from pathlib import Path

from pipeline.stage import params, validation
from tests.faults.corpus.case import Case, content

NAME = "params.yaml"
ROOT = Path(__file__).parents[3]
REST = "features: {}\nclassifiers: {}\nnetworks: {mlp: {}}\nstudies: {}\n"
LAUGHS = ", ".join(f"&a{n + 1} [{', '.join([f'*a{n}'] * 10)}]" for n in range(9))


def read(path: Path) -> object:
    path = path.absolute()
    with chdir(ROOT):  # where the plug-ins are
        return validation.check(params.load(path))


def datasets(value: str) -> str:
    return f"datasets: {value}\n{REST}"


def digits(size: str = "8", epochs: str = "1", reader: str = "digits") -> str:
    return datasets(f"{{digits: {{reader: {reader}, size: {size}, epochs: {epochs}}}}}")


def folder(options: str) -> str:
    return datasets(f"{{d: {{reader: folder, size: 8, epochs: 1, {options}}}}}")


def section(name: str, value: str) -> str:
    return re.sub(rf"(?m)^{name}: .*", lambda _: f"{name}: {value}", digits())


def unreadable(path: Path) -> Path:
    path.mkdir()
    return path


NO_YAML = "params.yaml: no valid YAML: "
TEXTS = {
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
    "nothing": ("", "params.yaml: found"),
    "spaces": ("  \n", "params.yaml: found"),
    "a word": ("word\n", "params.yaml: found"),
    "a list": ("[datasets]\n", "params.yaml: found"),
    "JSON cut in the middle": ('{"datasets": {', NO_YAML),
    "a section missing": ("datasets: {}\n", "params.yaml: found the keys datasets"),
    "a section more": (digits() + "models: {}\n", "params.yaml: found the keys"),
    "a section twice": (digits() + "features: {}\n", NO_YAML),
    "an entry twice": (datasets("{digits: {reader: digits}, digits: {reader: usps}}"), NO_YAML),
    "an unknown reader": (digits(reader="imagenet22k"), "datasets.digits.reader: "),
    "a reader outside": (digits(reader="../../evil"), "datasets.digits.reader: "),
    "a reader of Python": (digits(reader="__init__"), "datasets.digits.reader: "),
    "an unknown option": (folder("source: a, colour: 3"), "datasets.d.colour: "),
    "no source": (folder("stream: false"), "datasets.d.source: "),
    "a checksum that is a number": (folder("source: a, checksum: 7"), "datasets.d.checksum: "),
    "stream in words": (folder("source: a, stream: maybe"), "datasets.d.stream: "),
    "a size that is true": (digits("true"), "datasets.digits.size: found True"),
    "a size of 8.5": (digits("8.5"), "datasets.digits.size: found 8.5, expected int"),
    "a size of no number": (digits(".nan"), "datasets.digits.size: found nan, expected int"),
    "negative epochs": (digits(epochs="-3"), "datasets.digits.epochs: found -3"),
    "epochs missing": (datasets("{digits: {reader: digits, size: 8}}"), "datasets.digits.epochs: "),
    "an entry that is a list": (datasets("{digits: [reader, digits]}"), "datasets.digits: "),
    "an entry that is a number": (datasets("{digits: 7}"), "datasets.digits: "),
    "a name of 5000 letters": (datasets("{? " + "a" * 5000 + " : {}}"), "datasets.aaa"),
    "no method": (section("networks", "{}"), "params.yaml: found no method, expected a network"),
    "an unknown feature": (section("features", "{surf: {}}"), "features.surf: "),
    "a feature's unknown option": (section("features", "{hog: {bins: 9}}"), "features.hog.bins: "),
    "a feature's option in words": (
        section("features", "{hog: {orientations: many}}"),
        "features.hog.orientations: ",
    ),
    "an unknown classifier": (section("classifiers", "{oracle: {}}"), "classifiers.oracle: "),
    "no settings to choose from": (
        section("classifiers", "{logistic: {C: []}}"),
        "classifiers.logistic",
    ),
    "six settings": (
        section("classifiers", "{logistic: {C: [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}}"),
        "classifiers.logistic",
    ),
    "a list of lists": (
        section("classifiers", "{logistic: {C: [[1.0], [2.0]]}}"),
        "classifiers.logistic",
    ),
    "an unknown network": (section("networks", "{gpt: {}}"), "networks.gpt: "),
    "a network's unknown option": (
        section("networks", "{lenet5: {wings: 2}}"),
        "networks.lenet5.wings: ",
    ),
    "an unknown study": (section("studies", "{horoscope: {}}"), "studies.horoscope: "),
}
BYTES = {
    "Latin-1": (digits().encode() + b"# \xe9\n", NO_YAML),
    "UTF-16": (digits().encode("utf-16"), NO_YAML),
    "bytes of no text": (bytes(range(128, 256)), NO_YAML),
    "gzip": (b"\x1f\x8b\x08" + bytes(60), NO_YAML),
}
CASES = {
    "sound": Case(content(digits()), None),
    "sound, with a byte order mark": Case(content("\ufeff" + digits()), None),
    "sound, lines of Windows": Case(content(digits().replace("\n", "\r\n")), None),
    "sound, no datasets": Case(content(datasets(" {}")), None),
    "sound, for a dataset that is commented out": Case(
        content(section("features", "{raw: {datasets: [mars]}}")), None
    ),
    "missing": Case(lambda path: path, "params.yaml: "),
    "a folder": Case(unreadable, "params.yaml: "),
    **{name: Case(content(of), message) for name, (of, message) in (TEXTS | BYTES).items()},
}
