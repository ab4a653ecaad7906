"""Time all methods on this machine, with nothing trained: `python -m pipeline.bench DATASET...`.

For a machine with an accelerator, without dvc: every network of params.yaml with its initial
weights, which are as fast as the last ones, and every accelerated feature. Adds to
results/tables/<dataset>/throughput-<device>.csv what is not there yet: delete the file to measure
everything again.
"""

from __future__ import annotations

import argparse
import itertools
import math
import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from pipeline import throughput_classical, throughput_network
from pipeline.scoring.classical import Pair
from pipeline.stage import params, paths, plugins
from pipeline.stage.entry import blame, explain, tool
from pipeline.stage.errors import UserError
from pipeline.stage.files import read_array, read_csv, write_csv
from pipeline.stage.locks import machine_lock
from pipeline.throughput_network import STEPS_PER_CALL, Subject, in_memory

FITTED = 500  # images, or one a class: the speed of a linear classifier does not depend on them

Methods = dict[str, Callable[[], dict[str, Any]]]


def untrained(checked: params.Params, dataset: str, network: str) -> Subject:
    """Return a network with its initial weights and the first setting of params.yaml."""
    import numpy as np

    from models import weights
    from models.training import program as programs
    from models.training.data import Normalisation
    from pipeline.evaluation.clock import BATCH_SIZES
    from pipeline.stage import blueprints

    setting = checked.settings("networks", network, dataset)[0]
    recipe = blueprints.recipe(checked, dataset, setting)
    program = programs.program(blueprints.blueprint(dataset, network, setting), recipe)
    train = in_memory(dataset, "train", STEPS_PER_CALL * recipe.batch_size)
    learned = programs.start(program, np.zeros(1, np.uint32)).learned
    arrays = weights.to_arrays(learned, Normalisation.of(train[0]))
    return Subject(program, recipe, arrays, train, in_memory(dataset, "test", max(BATCH_SIZES)))


def quickly_fitted(checked: params.Params, dataset: str, feature: str, classifier: str) -> Pair:
    """Return a feature and a linear classifier that saw a few images."""
    import numpy as np

    options = checked.options("features", feature, dataset)
    images, labels = (
        read_array(paths.data(dataset) / f"train_{name}.npy", mmap=True)
        for name in ("images", "labels")
    )
    # Of every class one at least: a folder's images come class by class.
    _, firsts = np.unique(labels, return_index=True)
    chosen = np.union1d(firsts, np.arange(0, len(labels), max(1, len(labels) // FITTED)))
    images, labels = images[chosen], labels[chosen]
    with blame(f"features.{feature}"):
        vectors = plugins.load("features", feature).Feature(**options).fit(images).transform(images)
    with blame(f"classifiers.{classifier}"):
        fitted = plugins.load("classifiers", classifier).Classifier().fit(vectors, labels)
    return Pair(feature, classifier, options, {}, fitted.to_arrays())


def time_network(checked: params.Params, dataset: str, network: str) -> dict[str, Any]:
    """Time one network."""
    return throughput_network.timings(untrained(checked, dataset, network))


def time_pair(
    checked: params.Params, dataset: str, feature: str, classifier: str
) -> dict[str, Any]:
    """Time one feature and classifier, on the host and on the accelerator."""
    pair = quickly_fitted(checked, dataset, feature, classifier)
    images = read_array(paths.data(dataset) / "test_images.npy")
    return throughput_classical.timings(pair, images)


def methods(checked: params.Params, dataset: str) -> Methods:
    """List what is timed on a dataset, and how."""
    from features import accelerated
    from models.classifiers.ops.linear_scores import LinearScores

    found: Methods = {}
    for network in checked.networks:
        if not checked.skipped(dataset, ("networks", network)):
            found[network] = partial(time_network, checked, dataset, network)
    features = [name for name in checked.features if name in accelerated.names()]
    for feature, classifier in itertools.product(features, checked.classifiers):
        kind = plugins.load("classifiers", classifier).Classifier
        both = ("features", feature), ("classifiers", classifier)
        if issubclass(kind, LinearScores) and not checked.skipped(dataset, *both):
            pair = partial(time_pair, checked, dataset, feature, classifier)
            found[f"{feature}-{classifier}"] = pair
    return found


def machine_name() -> str:
    """Return the device's name, or the processor's, as part of a file's name."""
    from pipeline.evaluation import device
    from pipeline.stage import machine

    name = device.accelerator() or machine.processor()
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def table_rows(method: str, timing: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a method's timing; nothing was trained for it."""
    from pipeline.evaluation import rows

    # The peak of a process that has timed other methods before is not this one's.
    unknown = dict.fromkeys(("train_seconds", "search_seconds", "peak_memory_mib"), math.nan)
    for row in rows.throughput_rows(method, 0, timing | unknown, timing):
        if row["phase"] == "infer" or "train" in timing:
            yield row | unknown


def check(checked: params.Params, dataset: str) -> None:
    """Raise a UserError where the dataset is not in params.yaml, or not prepared."""
    checked.datasets[dataset]
    if not (paths.data(dataset) / "dataset.json").exists():
        raise UserError(f"{paths.data(dataset)}: not found; run pipeline.prepare {dataset} first")


def bench(checked: params.Params, dataset: str) -> list[str]:
    """Add to the table what is not there yet; return what failed, a line a method."""
    import pandas as pd

    from pipeline.evaluation import rows

    file, failures = paths.TABLES / dataset / f"throughput-{machine_name()}.csv", []
    table = read_csv(file) if file.exists() else pd.DataFrame(columns=rows.THROUGHPUT)
    for method, measured in methods(checked, dataset).items():
        if method in {*table["method"]}:
            continue
        print(f"{dataset}: timing {method}", flush=True)
        try:
            timed = pd.DataFrame(table_rows(method, measured()), columns=rows.THROUGHPUT)
        except Exception as error:  # whatever a method has, the others are timed
            failures.append(f"{method} on {dataset}: {explain(error)}")
            continue
        table = pd.concat([table, timed], ignore_index=True) if len(table) else timed
        write_csv(file, table, floats="%.5g")  # at once: the call may be cut off
    print(f"{file}: {table['method'].nunique()} methods")
    return failures


@tool()
def main(words: list[str] | None = None) -> int:
    """Time on all datasets that are named; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.bench", description="All speeds on this machine, untrained."
    )
    parser.add_argument("datasets", nargs="+", metavar="DATASET")
    datasets = parser.parse_args(words).datasets
    checked = params.load()
    for dataset in datasets:
        check(checked, dataset)
    failures = []
    for dataset in datasets:
        with machine_lock(timing=True):
            failures += bench(checked, dataset)
    for failure in failures:
        print(f"bench: {failure}", file=sys.stderr)
    return int(bool(failures))


if __name__ == "__main__":
    raise SystemExit(main())
