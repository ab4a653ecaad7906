"""USPS text: rows of a label and 256 values."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np

from pipeline.datasets import usps
from tests.faults.corpus.case import Case, content

COUNTS = (1, 2, 0, 0, 0, 0, 0, 0, 0, 1)
ROWS = np.column_stack(
    [[1, 0, 9, 1], np.round(np.random.default_rng(0).uniform(-1, 1, (4, 256)), 3)]
)
SHA256 = hashlib.sha256(np.rint(ROWS * 1000).astype("<i2").tobytes()).hexdigest()


def read(path: Path) -> object:
    return usps.decode(path, COUNTS, SHA256)


def text(rows: np.ndarray = ROWS, form: str = "%.4f", end: str = " \n") -> str:
    return "".join(" ".join(form % value for value in row) + end for row in rows)


def packed(of: str | bytes) -> bytes:
    return gzip.compress(of if isinstance(of, bytes) else of.encode(), 1)


def changed(value: float, column: int = 5) -> str:
    rows = ROWS.copy()
    rows[2, column] = value
    return text(rows)


def replaced(word: str) -> bytes:
    """Return a file whose last number is another word."""
    return packed(text().rstrip().rsplit(" ", 1)[0] + " " + word)


SOUND = packed(text())
CASES = {
    "sound": Case(content(SOUND), None),
    "sound, in short form": Case(content(packed(text(form="%g"))), None),
    "sound, of Windows": Case(content(packed(text(end="\r\n"))), None),
    "sound, in one line": Case(content(packed(text(end=" "))), None),
    "missing": Case(lambda path: path, "No such file or directory"),
    "empty": Case(content(b""), "0 numbers, expected 4 rows of a label and 256"),
    "a web page": Case(content("<html>"), "Not a gzipped file (b'<h')"),
    "plain text": Case(content(text()), "Not a gzipped file"),
    "bzip2, as of another site": Case(
        content(b"BZh91AY&SY" + bytes(99)), "Not a gzipped file (b'BZ')"
    ),
    "cut in the middle": Case(content(SOUND[: len(SOUND) // 2]), "expected a sound gzip file"),
    "letters behind": Case(content(SOUND + b"letters"), "expected a sound gzip file"),
    "a row short": Case(content(packed(text(ROWS[:3]))), "771 numbers, expected 4 rows"),
    "a row more": Case(content(packed(text(ROWS[[0, 1, 2, 3, 3]]))), "1285 numbers, expected 4"),
    "a column short": Case(content(packed(text(ROWS[:, :-1]))), "1024 numbers, expected 4"),
    "labels left out": Case(content(packed(text(ROWS[:, 1:]))), "1024 numbers, expected 4"),
    "commas": Case(content(packed(text().replace(" ", ", "))), "expected numbers"),
    "as for LIBSVM": Case(
        content(replaced("256:0.5")), "could not convert string to float: b'256:0.5'"
    ),
    "a word": Case(
        content(replaced("word")), "could not convert string to float: b'word', expected"
    ),
    "a word of 8 MiB": Case(content(lambda: replaced("x" * 2**23)), "b'xxxxxxxxxxxx"),
    "a zero byte": Case(content(replaced("\0")), "b'\\x00', expected numbers"),
    "bytes of no text": Case(
        content(packed(b"\xff\xfe " * 1028)), "b'\\xff\\xfe', expected numbers"
    ),
    "UTF-16": Case(content(packed(text().encode("utf-16"))), "1033 numbers, expected 4"),
    "an escape": Case(content(replaced("\x1b[2J")), "expected numbers"),
    "hexadecimal": Case(content(replaced("0x1p-1")), "b'0x1p-1', expected numbers"),
    "no number": Case(content(replaced("nan")), "values from -1 to 1, found others"),
    "infinity": Case(content(replaced("-inf")), "values from -1 to 1, found others"),
    "10^400": Case(content(replaced("1e400")), "values from -1 to 1, found others"),
    "a value of 1.001": Case(content(packed(changed(1.001))), "values from -1 to 1, found others"),
    "grey levels": Case(content(packed(changed(255))), "values from -1 to 1, found others"),
    "a value changed": Case(content(packed(changed(0.123))), "values of sha256"),
    "a label of 10": Case(content(packed(changed(10, 0))), "expected labels from 0 to 9"),
    "a label of -1": Case(content(packed(changed(-1, 0))), "labels from -1 to 1, expected 0 to 9"),
    "a label of 8": Case(content(packed(changed(8, 0))), "images a class, expected (1, 2, 0"),
    "a label between two": Case(
        content(packed(changed(8.9996, 0))), "images a class, expected (1, 2, 0"
    ),
    "rows in another order": Case(content(packed(text(ROWS[::-1]))), "values of sha256"),
    "labels exchanged": Case(
        content(packed(text(np.column_stack([[0, 1, 9, 1], ROWS[:, 1:]])))), "values of sha256"
    ),
    "32 MiB of numbers": Case(
        content(lambda: packed("11 " * (2**26 // 3))), "11184811 numbers, expected 4 rows"
    ),
    "a gigabyte of spaces": Case(
        content(lambda: packed(b" " * 2**20) * 1000), "0 numbers, expected 4 rows"
    ),
    "3 million empty members": Case(
        content(lambda: packed(b"") * 3_000_000), "expected 33554432 unpacked", slow=True
    ),
}
