"""Time a feature and its classifier, from pixels to label.

`python -m pipeline.throughput_classical DATASET FEATURE CLASSIFIER`

Where there is an accelerator and the feature has a version for it, both are timed: a table that
only had the host's would compare devices, and not methods, with the networks.
"""

from __future__ import annotations

from typing import Any

from pipeline.stage import params, paths
from pipeline.stage.entry import run
from pipeline.stage.environment import threads
from pipeline.stage.files import read_array, read_arrays, read_json, write_json


def on_the_host(dataset: str, feature: str, classifier: str) -> dict[str, Any]:
    """Time the feature that the scores come from: one image, and the best batch."""
    from joblib import parallel_config

    from pipeline.evaluation.clock import latency_and_best
    from pipeline.scoring.classical import scorer
    from pipeline.stage import machine

    options = params.load().options("features", feature, dataset)
    state = read_arrays(paths.learned(dataset, feature))
    arrays = read_arrays(paths.model(dataset, f"{feature}-{classifier}"))
    scores = scorer(feature, options, classifier, state, arrays)
    images = read_array(paths.data(dataset) / "test_images.npy")
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


def on_the_accelerator(dataset: str, feature: str, classifier: str) -> list[dict[str, Any]]:
    """Time the accelerated version; no rows where there is none, or no accelerator."""
    from features import accelerated

    if feature not in accelerated.names():
        return []

    from pipeline.evaluation import device
    from pipeline.evaluation.clock import latency_and_best
    from pipeline.scoring.classical import accelerated_scorer

    if not device.accelerator():
        return []
    options = params.load().options("features", feature, dataset)
    arrays = read_arrays(paths.model(dataset, f"{feature}-{classifier}"))
    scores = accelerated_scorer(feature, options, classifier, arrays)
    images = read_array(paths.data(dataset) / "test_images.npy")
    timed = latency_and_best(lambda batch: scores(batch).argmax(-1), images)
    own = {"device": device.accelerator(), "peak_memory_mib": device.peak_memory_mib()}
    return [{**one.columns(), **own} for one in timed]


def main(dataset: str, feature: str, classifier: str) -> None:
    """Time the prediction of one image and of the best batch, on every device."""
    method = f"{feature}-{classifier}"
    file = paths.timing(dataset, f"throughput-{method}")
    if read_json(paths.scores(dataset, method) / "method.json")["status"] == "skipped":
        write_json(file, {"skipped": True})
        return
    timing = on_the_host(dataset, feature, classifier)
    timing["infer"] += on_the_accelerator(dataset, feature, classifier)
    write_json(file, timing)


if __name__ == "__main__":
    run(main, timing=True)
