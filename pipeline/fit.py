"""Fit a classifier on a feature: `python -m pipeline.fit DATASET FEATURE CLASSIFIER`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.stage import checkpoints, params, paths, plugins
from pipeline.stage.entry import blame, run
from pipeline.stage.environment import cluster
from pipeline.stage.files import (
    move,
    read_array,
    read_arrays,
    read_json,
    write_array,
    write_arrays,
    write_json,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.stage.progress import Progress

DECIDE_THE_RESULT = ("features", "models/classifiers", "pipeline/extract.py", "pipeline/fit.py")


def checkpoint_folder(dataset: str, feature: str, classifier: str, checked: params.Params) -> Path:
    """Return the folder of what a killed run has fitted."""
    decides = {
        "data": read_json(paths.data(dataset) / "dataset.json")["checksum"],
        "feature": checked.options("features", feature, dataset),
        "classifier": checked.options("classifiers", classifier, dataset),
    }
    name = f"{dataset}-fit-{feature}-{classifier}"
    return checkpoints.folder(name, decides, map(Path, DECIDE_THE_RESULT))


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
    asked: NDArray[np.float32],
    answers: NDArray[np.int64],
) -> float:
    """Fit on some images and return the accuracy on others, which were held out."""
    model = build(**setting).fit(vectors, labels)
    return float((model.predict(asked) == answers).mean())


def validation_accuracies(
    build: Any, settings: list[params.Entry], training: Training, progress: Progress
) -> list[float]:
    """Try all settings that no killed run has, as many at once as workers and memory allow.

    They share one copy of the vectors; a classifier may make one of its own.
    """
    import warnings

    from joblib import Parallel, delayed

    from pipeline.stage.workers import tasks_at_once

    held_out = training.held_out
    fitted_on = training.vectors[~held_out], training.labels[~held_out]
    asked = training.vectors[held_out], training.labels[held_out]
    at_once = tasks_at_once(training.vectors.nbytes)
    trial = delayed(validation_accuracy)
    accuracies: list[float] = progress.done.get("accuracies", [])
    with warnings.catch_warnings():  # what classifiers catch in two threads is not undone in order
        tried = Parallel(n_jobs=at_once, return_as="generator")(
            trial(build, setting, *fitted_on, *asked) for setting in settings[len(accuracies) :]
        )
        for accuracy in tried:
            accuracies.append(accuracy)
            progress.save(accuracies=accuracies)
    return accuracies


def fitted(
    build: Any, setting: params.Entry, training: Training, file: Path, progress: Progress
) -> Any:
    """Fit on all training images, or take over what a killed run has learned."""
    if progress.done:
        return build.from_arrays(read_arrays(file))
    model = build(**setting).fit(training.vectors, training.labels)
    write_arrays(file, model.to_arrays())
    progress.save(fitted=True)
    return model


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
    kept = checkpoint_folder(dataset, feature, classifier, checked)
    settings = checked.settings("classifiers", classifier, dataset)
    with blame(f"classifiers.{classifier}"):
        _fit(dataset, method, settings, kept, description)


def _fit(
    dataset: str,
    method: str,
    settings: list[params.Entry],
    kept: Path,
    description: dict[str, Any],
) -> None:
    from pipeline.evaluation.selection import choose
    from pipeline.stage import machine
    from pipeline.stage.progress import Progress
    from pipeline.stage.workers import workers

    feature, classifier = description["feature"], description["model"]
    build = plugins.load("classifiers", classifier).Classifier
    training = Training.read(dataset, feature)
    with workers():
        search = Progress(kept, "search")
        choice = choose(settings, lambda: validation_accuracies(build, settings, training, search))
        file = kept / "model.npz"
        fit = Progress(kept, "model", file)
        model = fitted(build, choice.setting, training, file, fit)
        scores = model.scores(read_array(paths.features(dataset, feature) / "test.npy"))
    folder = paths.scores(dataset, method)
    write_array(folder / "scores.npy", scores[None])
    write_json(
        folder / "method.json",
        {
            **description,
            "status": "ok" if model.converged_ else "unconverged",
            "reason": "" if model.converged_ else "the solver stopped before it had converged",
            "parameters": description["parameters"] + model.parameters,
            "macs": description["macs"] + model.macs,
            "seeds": [0],
            "setting": choice.setting,
            "tried": settings,
            "validation_accuracies": choice.accuracies,
        },
    )
    write_json(
        paths.timing(dataset, f"fit-{method}"),
        {
            "search_seconds": search.seconds,
            "train_seconds": fit.seconds,
            "peak_memory_mib": machine.peak_memory_mib(),
            **machine.description(cluster=cluster()),
        },
    )
    move(file, paths.model(dataset, method))
    checkpoints.discard(kept)


if __name__ == "__main__":
    run(main)
