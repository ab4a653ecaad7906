"""Plant faults in a copy of the project and see which of them the tests notice: `make faults`.

Each is a plausible slip that would give wrong numbers without an error. Writes the section
"Planted faults" of RESULTS.md and exits with 1 if one of them is missed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from tests.faults.results import record

ROOT = Path(__file__).resolve().parents[2]


class Fault(NamedTuple):
    """A slip: `old` becomes `new` in `file`; `tests` are those that should notice."""

    what: str
    file: str
    old: str
    new: str
    tests: str


STAGES = "tests/pipeline/stages"
TRAINING = "tests/models/training"
EVALUATION = "tests/pipeline/evaluation"
FEATURES = "tests/features"
MENDED = """
Two were missed at first and have a test since: seeds that start from the same weights, and a clock
that does not wait for the device.
"""
FAULTS = (
    Fault(
        "test images in the training split",
        "pipeline/prepare.py",
        'write_array(folder / f"{split}_images.npy", getattr(images, f"{split}_images"))',
        'write_array(folder / f"{split}_images.npy", images.test_images)',
        STAGES,
    ),
    Fault(
        "networks see the validation images while the setting is chosen",
        "pipeline/train.py",
        "kept = np.setdiff1d(np.arange(len(labels)), held_out)",
        "kept = np.arange(len(labels))",
        STAGES,
    ),
    Fault(
        "classifiers see the validation images while the setting is chosen",
        "pipeline/fit.py",
        "fitted_on = training.vectors[~held_out], training.labels[~held_out]",
        "fitted_on = training.vectors, training.labels",
        STAGES,
    ),
    Fault(
        "the worst setting is chosen",
        "pipeline/evaluation/selection.py",
        "accuracies.index(max(accuracies))",
        "accuracies.index(min(accuracies))",
        EVALUATION,
    ),
    Fault(
        "labels shifted by one",
        "pipeline/datasets/usps.py",
        "labels = rows[:, 0].astype(np.int64)",
        "labels = (rows[:, 0].astype(np.int64) + 1) % 10",
        "tests/pipeline/datasets",
    ),
    Fault(
        "images and labels permuted apart",
        "pipeline/ingest/mnist_files.py",
        "return images[..., np.newaxis], labels",
        "return images[::-1, ..., np.newaxis], labels",
        "tests/pipeline/datasets",
    ),
    Fault(
        "a network in training mode at evaluation",
        "models/training/program.py",
        "    model.eval()\n",
        "",
        TRAINING,
    ),
    Fault(
        "normalisation measured on images that are held out",
        "models/training/source.py",
        "Normalisation.of(images[rows] if len(rows) < len(images) else images)",
        "Normalisation.of(images)",
        TRAINING,
    ),
    Fault(
        "the last steps of an epoch are skipped",
        "models/training/program.py",
        "for first in range(0, len(batches.steps), program.steps_per_call):",
        "for first in range(0, len(batches.steps) - 1, program.steps_per_call):",
        TRAINING,
    ),
    Fault(
        "images that only fill the last batch count in the loss",
        "models/training/data.py",
        "weights = (np.arange(size) < len(rows)).astype(np.float32)",
        "weights = np.ones(size, np.float32)",
        TRAINING,
    ),
    Fault(
        "every epoch in the same order",
        "models/training/data.py",
        "np.random.default_rng([seed, epoch])",
        "np.random.default_rng([seed, 0])",
        TRAINING,
    ),
    Fault(
        "test images are distorted",
        "models/training/program.py",
        "params, inputs = _compute_in(program.recipe, (learned.params, normalisation(images)))",
        "images = augment(program.recipe.augmentation, normalisation(images), jax.random.key(0))\n"
        "        params, inputs = _compute_in(program.recipe, (learned.params, images))",
        TRAINING,
    ),
    Fault(
        "seeds start from the same weights",
        "models/training/program.py",
        "params_key, other_key = jax.random.split(jax.random.key(seed))",
        "params_key, other_key = jax.random.split(jax.random.key(0))",
        TRAINING,
    ),
    Fault(
        "a checkpoint goes on one step too late",
        "models/training/loop.py",
        "done, run = checkpoints.restore(_start(program, pace, order.recipe.epochs))",
        "done, run = checkpoints.restore(_start(program, pace, order.recipe.epochs))\n"
        "    done += done > 0",
        TRAINING,
    ),
    Fault(
        "a feature ignores its parameter",
        "features/hog.py",
        "self.orientations = orientations",
        "self.orientations = 9",
        FEATURES,
    ),
    Fault(
        "HOG's bins are off by one",
        "features/ops/orientation.py",
        "position = angle % 180 / (180 / orientations)",
        "position = angle % 180 / (180 / orientations) + 1",
        FEATURES,
    ),
    Fault(
        "HOG's blocks are not clipped",
        "features/hog.py",
        "CLIP = 0.2",
        "CLIP = 1.0",
        FEATURES,
    ),
    Fault(
        "patches are centred with the wrong sign",
        "features/kmeans_patches.py",
        "patches -= self.centre_\n        try:",
        "patches += self.centre_\n        try:",
        FEATURES,
    ),
    Fault(
        "top-4 in place of top-5",
        "pipeline/evaluation/metrics.py",
        "(ahead < 5)",
        "(ahead < 4)",
        EVALUATION,
    ),
    Fault(
        "intervals of 90 %",
        "pipeline/evaluation/intervals.py",
        "CONFIDENCE = 0.95",
        "CONFIDENCE = 0.90",
        EVALUATION,
    ),
    Fault(
        "a one-sided test",
        "pipeline/evaluation/intervals.py",
        "return min(1.0, 2 * float(",
        "return min(1.0, float(",
        EVALUATION,
    ),
    Fault(
        "p values not adjusted for their number",
        "pipeline/evaluation/intervals.py",
        "factors = len(p_values) - np.arange(len(p_values))",
        "factors = np.ones(len(p_values))",
        EVALUATION,
    ),
    Fault(
        "a throughput clock that does not wait for the device",
        "pipeline/throughput_network.py",
        "jax.block_until_ready(programs.advance(program, data, pace, progress, batches))",
        "programs.advance(program, data, pace, progress, batches)",
        STAGES,
    ),
    Fault(
        "the first, compiling call is timed",
        "pipeline/evaluation/clock.py",
        "calls: list[float] = []",
        "calls: list[float] = [first]",
        EVALUATION,
    ),
)


def noticed(fault: Fault, folder: Path) -> bool:
    """Plant a fault, run the tests that should notice, and take it out again."""
    file = folder / fault.file
    text = file.read_text(encoding="utf-8")
    if text.count(fault.old) != 1:
        raise SystemExit(f"{fault.what}: {fault.file} has {text.count(fault.old)} {fault.old!r}")
    file.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
    try:
        return not passes(folder, fault.tests)
    finally:
        file.write_text(text, encoding="utf-8")


def passes(folder: Path, tests: str) -> bool:
    """Run some tests until the first one fails."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", tests]
    environment = {**os.environ, "TMPDIR": str(folder.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    environment["HINDSIGHT_LOCK"] = str(folder.parent / "machine.lock")
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{tests}: pytest ended with {done.returncode}\n{done.stdout.decode()}")
    return done.returncode == 0


def main() -> None:
    """Plant all faults one after the other and write the table."""
    lines = ["| fault | file | noticed |", "|---|---|---|"]
    missed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "hindsight"
        copy = ["git", "checkout-index", "--all", f"--prefix={folder}/"]
        subprocess.run(copy, cwd=ROOT, check=True)
        for tests in sorted({fault.tests for fault in FAULTS}):
            if not passes(folder, tests):
                raise SystemExit(f"{tests}: fails without any fault")
        for fault in tqdm(FAULTS):
            caught = noticed(fault, folder)
            missed += not caught
            lines.append(f"| {fault.what} | `{fault.file}` | {'yes' if caught else '**no**'} |")
    lines.append(f"\n{len(FAULTS) - missed} of {len(FAULTS)} noticed.")
    lines.append(MENDED)
    record("Planted faults", "\n".join(lines))
    print(lines[-2].strip())
    raise SystemExit(bool(missed))


if __name__ == "__main__":
    main()
