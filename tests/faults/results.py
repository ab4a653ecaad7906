"""The table of the fault campaigns: each program writes the section that it measured."""

from __future__ import annotations

import re
from pathlib import Path

FILE = Path(__file__).with_name("RESULTS.md")
_TITLE = """\
# What was tried, and what gave

Network and Security say what `make test` tries; each of the other sections is written by its
program: `make faults`, `make fuzz`, `make mutation`."""


def record(title: str, text: str, file: Path = FILE) -> None:
    """Replace a section of the table, or add it at the end.

    Parameters
    ----------
    title : str
        What stands behind `## `.
    text : str
        Markdown without headings of the first or second level.
    file : Path
        The table.
    """
    old = file.read_text(encoding="utf-8") if file.exists() else ""
    _, *sections = re.split(r"^## ", old, flags=re.MULTILINE)
    texts = dict(section.split("\n", 1) for section in sections) | {title: f"\n{text.strip()}\n"}
    parts = [_TITLE, *(f"## {name}\n\n{body.strip()}" for name, body in texts.items())]
    file.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
