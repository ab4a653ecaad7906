"""Start a method of your own: `python -m pipeline.new {network,feature,classifier,dataset} NAME`.

Writes a file that works as it stands, to be changed line by line, and prints its line for
params.yaml.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from string import Template

from pipeline.stage import plugins
from pipeline.stage.entry import tool
from pipeline.stage.errors import UserError
from pipeline.stage.files import write_text
from pipeline.stage.params import NAME

SCAFFOLD = Path(__file__).parent / "scaffold"
ENTRIES = {
    "network": "{name}: {{batch_size: 32, learning_rate: [0.003, 0.01, 0.03]}}",
    "feature": "{name}: {{pool: 4}}",
    "classifier": "{name}: {{shrinkage: [0.01, 0.1, 0.5]}}",
    "dataset": "{name}: {{reader: {name}, source: /data/{name}.npz, size: 32, epochs: 20}}",
}


def write(kind: str, name: str) -> tuple[Path, str]:
    """Write the file of a new plug-in.

    Returns
    -------
    file : Path
    entry : str
        Its line for params.yaml.

    Raises
    ------
    UserError
        The name cannot be a file's name here, or there is such a file.
    """
    if not NAME.fullmatch(name):
        raise UserError(f"{name!r}: expected a name of lower-case letters, digits and _")
    file = plugins.FOLDERS[f"{kind}s"] / f"{name}.py"
    if file.exists() or file.with_suffix("").is_dir():
        raise UserError(f"{file}: this name is taken")
    template = Template((SCAFFOLD / f"{kind}.txt").read_text(encoding="utf-8"))
    title = name.replace("_", " ").capitalize()
    write_text(file, template.substitute(title=title, year=datetime.now(UTC).year))
    return file, ENTRIES[kind].format(name=name)


@tool()
def main(words: list[str] | None = None) -> int:
    """Read the command line, write the file, say what is next; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.new", description="Start a method of your own."
    )
    parser.add_argument("kind", choices=sorted(ENTRIES))
    parser.add_argument("name", help="the file's name and its key in params.yaml")
    chosen = parser.parse_args(words)
    file, entry = write(chosen.kind, chosen.name)
    print(f"{file}\nin params.yaml, under {chosen.kind}s:\n  {entry}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
