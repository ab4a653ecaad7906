"""Time a feature and its classifier, from pixels to label.

`python -m pipeline.throughput_classical DATASET FEATURE CLASSIFIER`

Where there is an accelerator and the feature has a version for it, both are timed: a table that
only had the host's would compare devices, and not methods, with the networks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.scoring.classical import Pair, accelerated_scorer, scorer
from pipeline.stage import params, paths
from pipeline.stage.entry import run
from pipeline.stage.environment import threads
from pipeline.stage.files import read_array, read_arrays, read_json, write_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def timings(pair: Pair, images: NDArray[np.uint8]) -> dict[str, Any]:
    """Time the prediction of one image and of the best batch, on every device."""
    timing = on_the_host(pair, images)
    timing["infer"] += on_the_accelerator(pair, images)
    return timing


def on_the_host(pair: Pair, images: NDArray[np.uint8]) -> dict[str, Any]:
    """Time the feature that the scores come from."""
    from joblib import parallel_config

    from pipeline.evaluation.clock import latency_and_best
    from pipeline.stage import machine

    scores = scorer(pair)
    with parallel_config("threading", n_jobs=threads()):
        timed = latency_and_best(lambda batch: scores(batch).argmax(-1), images)
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


def on_the_accelerator(pair: Pair, images: NDArray[np.uint8]) -> list[dict[str, Any]]:
    """Time the accelerated version; no rows where there is none, or no accelerator."""
    from features import accelerated

    if pair.feature not in accelerated.names():
        return []

    from pipeline.evaluation import device
    from pipeline.evaluation.clock import latency_and_best

    if not device.accelerator():
        return []
    scores = accelerated_scorer(pair)
    timed = latency_and_best(lambda batch: scores(batch).argmax(-1), images)
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
    )
    write_json(file, timings(pair, read_array(paths.data(dataset) / "test_images.npy")))


if __name__ == "__main__":
    run(main, timing=True)
