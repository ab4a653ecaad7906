"""Check params.yaml before anything else runs: `python -m pipeline.check`.

What `prepare` depends on never changes, so that a valid edit of params.yaml runs nothing but the
check. The stages that look at all of params.yaml depend on a copy of what it says: one entry in
dvc.lock, which dvc writes anew after each stage, in place of all of params.yaml.
"""

from __future__ import annotations

import json

from pipeline.stage import params, validation
from pipeline.stage.entry import blame, run
from pipeline.stage.files import write_text
from pipeline.stage.paths import ARTIFACTS


def main() -> None:
    """Read params.yaml and say what is wrong with it."""
    checked = params.load()
    validation.check(checked)
    write_text(ARTIFACTS / "checked", "params.yaml is valid\n")
    with blame("params.yaml", TypeError):
        said = json.dumps(vars(checked), indent=1, sort_keys=True)
    write_text(ARTIFACTS / "params.json", said + "\n")


if __name__ == "__main__":
    run(main)
