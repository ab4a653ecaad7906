"""Fit a classifier on a feature: `python -m pipeline.fit DATASET FEATURE CLASSIFIER`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.stage import params, paths, plugins
from pipeline.stage.entry import blame, run
from pipeline.stage.environment import cluster
from pipeline.stage.files import read_array, read_json, write_array, write_arrays, write_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The features once as they are and, in some classifiers, once in double precision.
COPIES_WHILE_FITTING = 1 + 2


class Training(NamedTuple):
    """The vectors of the training images, their labels and which of them are for validation."""

    vectors: NDArray[np.float32]
    labels: NDArray[np.int64]
    held_out: NDArray[np.bool_]

    @classmethod
    def read(cls, dataset: str, feature: str) -> Training:
        """Map what `extract` and `prepare` wrote."""
        import numpy as np

        labels = read_array(paths.data(dataset) / "train_labels.npy")
        validation = read_array(paths.data(dataset) / "validation.npy")
        vectors = read_array(paths.features(dataset, feature) / "train.npy", mmap=True)
        return cls(vectors, labels, np.isin(np.arange(len(labels)), validation))


def validation_accuracy(
    build: Any,
    setting: params.Entry,
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
    held_out: NDArray[np.bool_],
) -> float:
    """Fit on all images but those held out, and return the accuracy on these."""
    model = build(**setting).fit(vectors[~held_out], labels[~held_out])
    return float((model.predict(vectors[held_out]) == labels[held_out]).mean())


def validation_accuracies(
    build: Any, settings: list[params.Entry], training: Training
) -> list[float]:
    """Try all settings, as many at once as workers and memory allow."""
    import warnings

    from joblib import Parallel, delayed

    from pipeline.stage.workers import tasks_at_once

    at_once = tasks_at_once(COPIES_WHILE_FITTING * training.vectors.nbytes)
    trial = delayed(validation_accuracy)
    with warnings.catch_warnings():  # what classifiers catch in two threads is not undone in order
        accuracies: list[float] = Parallel(n_jobs=at_once)(
            trial(build, setting, *training) for setting in settings
        )
    return accuracies


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
    reason = checked.skipped(dataset, ("features", feature), ("classifiers", classifier))
    if reason:
        skipped = {**description, "status": "skipped", "reason": reason}
        write_json(paths.scores(dataset, method) / "method.json", skipped)
        write_arrays(paths.model(dataset, method), {})
        write_json(paths.timing(dataset, f"fit-{method}"), {"skipped": reason})
        return
    description |= {name: extracted[name] for name in ("parameters", "macs")}
    with blame(f"classifiers.{classifier}"):
        _fit(dataset, method, checked.settings("classifiers", classifier, dataset), description)


def _fit(
    dataset: str, method: str, settings: list[params.Entry], description: dict[str, Any]
) -> None:
    import time

    from pipeline.evaluation.selection import choose
    from pipeline.stage import machine
    from pipeline.stage.workers import workers

    feature, classifier = description["feature"], description["model"]
    build = plugins.load("classifiers", classifier).Classifier
    training = Training.read(dataset, feature)
    with workers():
        begin = time.perf_counter()
        choice = choose(settings, lambda: validation_accuracies(build, settings, training))
        searched = time.perf_counter()
        model = build(**choice.setting).fit(training.vectors, training.labels)
        fitted = time.perf_counter()
        scores = model.scores(read_array(paths.features(dataset, feature) / "test.npy"))
    folder = paths.scores(dataset, method)
    write_array(folder / "scores.npy", scores[None])
    write_json(
        folder / "method.json",
        {
            **description,
            "status": "ok" if model.converged_ else "unconverged",
            "reason": "" if model.converged_ else "the solver stopped at max_iter",
            "parameters": description["parameters"] + model.parameters,
            "macs": description["macs"] + model.macs,
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
            **machine.description(cluster=cluster()),
        },
    )


if __name__ == "__main__":
    run(main)
