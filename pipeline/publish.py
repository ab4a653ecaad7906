"""Put what was trained here into results/models: `python -m pipeline.publish DATASET...`.

The files are for git, so that `pipeline.predict` works in a fresh clone; they are small, and a run
does not change them.
"""

from __future__ import annotations

import argparse

from pipeline.scoring.trained import trained_here
from pipeline.stage import paths
from pipeline.stage.entry import tool
from pipeline.stage.errors import UserError

LARGEST = 1_000_000  # bytes


def publish(dataset: str) -> list[str]:
    """Write every method of a dataset that is small enough; return lines that say what was done.

    Raises
    ------
    UserError
        Nothing was trained on it here.
    """
    lines = []
    for (method, on), get in trained_here().items():
        if on != dataset:
            continue
        trained = get()
        size = sum(array.nbytes for array in trained.arrays.values())
        file = paths.MODELS / dataset / f"{method}.npz"
        if size > LARGEST:
            file.unlink(missing_ok=True)
            lines.append(f"{method}: left out, {size:,} bytes are more than {LARGEST:,}")
        else:
            trained.write(file)
            lines.append(f"{file}: {size:,} bytes")
    if not lines:
        raise UserError(f"{dataset}: nothing was trained on it here; run dvc repro first")
    return lines


@tool()
def main(words: list[str] | None = None) -> int:
    """Publish all that are named; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.publish", description="Trained methods for a fresh clone."
    )
    parser.add_argument("datasets", nargs="+", metavar="DATASET")
    for dataset in parser.parse_args(words).datasets:
        print("\n".join(publish(dataset)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
