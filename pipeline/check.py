"""Check params.yaml before anything else runs: `python -m pipeline.check`.

Its output never changes, so that a valid edit of params.yaml runs nothing but the check.
"""

from __future__ import annotations

from pipeline.stage import params, validation
from pipeline.stage.entry import run
from pipeline.stage.files import write_text
from pipeline.stage.paths import ARTIFACTS


def main() -> None:
    """Read params.yaml and say what is wrong with it."""
    validation.check(params.load())
    write_text(ARTIFACTS / "checked", "params.yaml is valid\n")


if __name__ == "__main__":
    run(main)
