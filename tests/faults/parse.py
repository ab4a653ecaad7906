"""Read the file `input` as one kind of the corpus: a stage for a parser that has none."""

from __future__ import annotations

import importlib
from pathlib import Path

from pipeline.stage.entry import run


def main(kind: str) -> None:
    """Read, and drop what was read."""
    importlib.import_module(f"tests.faults.corpus.{kind}").read(Path("input"))


if __name__ == "__main__":
    run(main)
