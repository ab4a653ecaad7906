"""Time a feature and its classifier, from pixels to label.

`python -m pipeline.throughput_classical DATASET FEATURE CLASSIFIER`

Where there is an accelerator and the feature has a version for it, both are timed: a table that
only had the host's would compare devices, and not methods, with the networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.stage import params, paths
from pipeline.stage.entry import run
from pipeline.stage.environment import threads
from pipeline.stage.files import read_array, read_arrays, read_json, write_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Pair(NamedTuple):
    """A feature and a classifier with all that their timing needs.

    Attributes
    ----------
    feature, classifier : str
    options : dict
        The feature's parameters.
    state, arrays : mapping of str to array
        What the feature and the classifier learned.
    images : uint8 array [n, height, width, channels]
    """

    feature: str
    classifier: str
    options: dict[str, Any]
    state: Mapping[str, NDArray[Any]]
    arrays: Mapping[str, NDArray[Any]]
    images: NDArray[np.uint8]


def timings(pair: Pair) -> dict[str, Any]:
    """Time the prediction of one image and of the best batch, on every device."""
    timing = on_the_host(pair)
    timing["infer"] += on_the_accelerator(pair)
    return timing


def on_the_host(pair: Pair) -> dict[str, Any]:
    """Time the feature that the scores come from."""
    from joblib import parallel_config

    from pipeline.evaluation.clock import latency_and_best
    from pipeline.scoring.classical import scorer
    from pipeline.stage import machine

    scores = scorer(pair.feature, pair.options, pair.classifier, pair.state, pair.arrays)
    with parallel_config("threading", n_jobs=threads()):
        timed = latency_and_best(lambda batch: scores(batch).argmax(-1), pair.images)
    return {
        "device": "cpu",
        "dtype": "float32",
        # Nothing is compiled here: the first call is a warm-up like the next ones.
        "infer": [
            {**one.columns(), "compile_seconds": 0.0, "warmup_seconds": one.first + one.warmup}
            for one in timed
        ],
        "peak_memory_mib": machine.peak_memory_mib(),
        **machine.description(),
    }


def on_the_accelerator(pair: Pair) -> list[dict[str, Any]]:
    """Time the accelerated version; no rows where there is none, or no accelerator."""
    from features import accelerated

    if pair.feature not in accelerated.names():
        return []

    from pipeline.evaluation import device
    from pipeline.evaluation.clock import latency_and_best
    from pipeline.scoring.classical import accelerated_scorer

    if not device.accelerator():
        return []
    scores = accelerated_scorer(pair.feature, pair.options, pair.classifier, pair.arrays)
    timed = latency_and_best(lambda batch: scores(batch).argmax(-1), pair.images)
    own = {"device": device.accelerator(), "peak_memory_mib": device.peak_memory_mib()}
    return [{**one.columns(), **own} for one in timed]


def main(dataset: str, feature: str, classifier: str) -> None:
    """Write the timings of a pair that was fitted."""
    method = f"{feature}-{classifier}"
    file = paths.timing(dataset, f"throughput-{method}")
    if read_json(paths.scores(dataset, method) / "method.json")["status"] == "skipped":
        write_json(file, {"skipped": True})
        return
    pair = Pair(
        feature,
        classifier,
        params.load().options("features", feature, dataset),
        read_arrays(paths.learned(dataset, feature)),
        read_arrays(paths.model(dataset, method)),
        read_array(paths.data(dataset) / "test_images.npy"),
    )
    write_json(file, timings(pair))


if __name__ == "__main__":
    run(main, timing=True)
