"""Time a feature and its classifier, from pixels to label.

`python -m pipeline.throughput_classical DATASET FEATURE CLASSIFIER`
"""

from __future__ import annotations

from pipeline.stage import params, paths
from pipeline.stage.entry import run
from pipeline.stage.environment import threads
from pipeline.stage.files import read_array, read_arrays, read_json, write_json


def main(dataset: str, feature: str, classifier: str) -> None:
    """Time the prediction of one image and of the best batch."""
    method = f"{feature}-{classifier}"
    description = read_json(paths.scores(dataset, method) / "method.json")
    if description["status"] == "skipped":
        write_json(paths.timing(dataset, f"throughput-{method}"), {"skipped": True})
        return

    from joblib import parallel_config

    from pipeline.evaluation.clock import latency_and_best
    from pipeline.scoring.classical import scorer
    from pipeline.stage import machine

    options = params.load().options("features", feature, dataset)
    state = read_arrays(paths.learned(dataset, feature))
    scores = scorer(feature, options, classifier, state, read_arrays(paths.model(dataset, method)))
    images = read_array(paths.data(dataset) / "test_images.npy")
    with parallel_config("threading", n_jobs=threads()):
        timed = latency_and_best(lambda batch: scores(batch).argmax(-1), images)
    write_json(
        paths.timing(dataset, f"throughput-{method}"),
        {
            "device": "cpu",
            "dtype": "float32",
            # Nothing is compiled here: the first call is a warm-up like the next ones.
            "infer": [
                {**one.columns(), "compile_seconds": 0.0, "warmup_seconds": one.first + one.warmup}
                for one in timed
            ],
            "peak_memory_mib": machine.peak_memory_mib(),
            **machine.description(),
        },
    )


if __name__ == "__main__":
    run(main, timing=True)
