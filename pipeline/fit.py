"""Fit a classifier on a feature: `python -m pipeline.fit DATASET FEATURE CLASSIFIER`."""

from __future__ import annotations

from pipeline.stage import params, paths, plugins
from pipeline.stage.entry import blame, run
from pipeline.stage.environment import threads
from pipeline.stage.files import read_array, read_json, write_array, write_arrays, write_json


def main(dataset: str, feature: str, classifier: str) -> None:
    """Choose the setting on the validation split, refit on all training images, score the test."""
    method = f"{feature}-{classifier}"
    checked = params.load()
    card = plugins.card("classifiers", classifier)
    extracted = read_json(paths.features(dataset, feature) / "feature.json")
    description = {
        "title": f"{extracted['title']} + {card.title}",
        "year": extracted["year"],
        "kind": "classical",
        "feature": feature,
        "model": classifier,
        "scores": card.constants["KIND"],
    }
    folder = paths.scores(dataset, method)
    reason = checked.skipped(dataset, ("features", feature), ("classifiers", classifier))
    if reason:
        write_json(folder / "method.json", {**description, "status": "skipped", "reason": reason})
        write_arrays(paths.model(dataset, method), {})
        write_json(paths.timing(dataset, f"fit-{method}"), {"skipped": reason})
        return

    import time

    import numpy as np
    from joblib import parallel_config

    from pipeline.evaluation.selection import choose
    from pipeline.stage import machine

    build = plugins.load("classifiers", classifier).Classifier
    vectors = read_array(paths.features(dataset, feature) / "train.npy", mmap=True)
    labels = read_array(paths.data(dataset) / "train_labels.npy")
    held_out = np.isin(np.arange(len(labels)), read_array(paths.data(dataset) / "validation.npy"))

    def validation_accuracy(setting: params.Entry) -> float:
        model = build(**setting).fit(vectors[~held_out], labels[~held_out])
        return float((model.predict(vectors[held_out]) == labels[held_out]).mean())

    with blame(f"classifiers.{classifier}"), parallel_config("threading", n_jobs=threads()):
        begin = time.perf_counter()
        settings = checked.settings("classifiers", classifier, dataset)
        choice = choose(settings, validation_accuracy)
        searched = time.perf_counter()
        model = build(**choice.setting).fit(vectors, labels)
        fitted = time.perf_counter()
        scores = model.scores(read_array(paths.features(dataset, feature) / "test.npy"))
    write_array(folder / "scores.npy", scores[None])
    write_json(
        folder / "method.json",
        {
            **description,
            "status": "ok" if model.converged_ else "unconverged",
            "reason": "" if model.converged_ else "the solver stopped at max_iter",
            "parameters": extracted["parameters"] + model.parameters,
            "macs": extracted["macs"] + model.macs,
            "seeds": [0],
            "setting": choice.setting,
            "tried": settings,
            "validation_accuracies": choice.accuracies,
        },
    )
    write_arrays(paths.model(dataset, method), model.to_arrays())
    write_json(
        paths.timing(dataset, f"fit-{method}"),
        {
            "search_seconds": searched - begin,
            "train_seconds": fitted - searched,
            "peak_memory_mib": machine.peak_memory_mib(),
            **machine.description(),
        },
    )


if __name__ == "__main__":
    run(main)
