"""Train a network: `python -m pipeline.train DATASET NETWORK`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.stage import params, paths, plugins
from pipeline.stage.entry import blame, run
from pipeline.stage.environment import several_hosts
from pipeline.stage.files import (
    read_array,
    read_json,
    write_array,
    write_arrays,
    write_json,
    write_text,
)

if TYPE_CHECKING:
    from models.training.loop import Trained
    from pipeline.evaluation.selection import Choice

CHECKPOINTS = paths.ARTIFACTS / "checkpoints"
DECIDE_THE_RESULT = ("models/training", "models/layers", "pipeline/ingest", "pipeline/train.py")


def checkpoint_folder(dataset: str, network: str, checked: params.Params) -> Path:
    """Return a folder named after all that decides this training: data, parameters, code."""
    decides = {
        "data": read_json(paths.data(dataset) / "dataset.json")["checksum"],
        "epochs": checked.datasets[dataset]["epochs"],
        "options": checked.options("networks", network, dataset),
    }
    digest = hashlib.sha256(json.dumps(decides, sort_keys=True).encode())
    for source in (*map(Path, DECIDE_THE_RESULT), plugins.path("networks", network)):
        for file in sorted(source.rglob("*.py")) if source.is_dir() else [source]:
            digest.update(file.read_bytes())
    return CHECKPOINTS / f"{dataset}-{network}-{digest.hexdigest()[:16]}"


def curves_csv(runs: dict[str, Trained]) -> str:
    """Write the curves of all runs as one table."""
    lines = ["run,seed,epoch,loss,accuracy"]
    for name, trained in runs.items():
        for seed, curve in enumerate(trained.curve):
            lines += [
                f"{name},{seed},{epoch},{loss:.6g},{accuracy:.6f}"
                for epoch, (loss, accuracy) in enumerate(curve, start=1)
            ]
    return "\n".join(lines) + "\n"


def main(dataset: str, network: str) -> None:
    """Choose the setting on validation images, retrain on all training images, score the test."""
    checked = params.load()
    card = plugins.card("networks", network)
    description = {
        "title": card.title,
        "year": card.year,
        "kind": "network",
        "feature": "",
        "model": network,
    }
    reason = checked.skipped(dataset, ("networks", network))
    if reason:
        skipped = {**description, "status": "skipped", "reason": reason}
        write_json(paths.scores(dataset, network) / "method.json", skipped)
        write_arrays(paths.model(dataset, network), {})
        write_json(paths.timing(dataset, f"train-{network}"), {"skipped": reason})
    else:
        _train(dataset, network, checked, description)


def _train(dataset: str, network: str, checked: params.Params, description: dict[str, Any]) -> None:
    import shutil

    import numpy as np

    from models.training import devices
    from pipeline.ingest.records import open_images

    if several_hosts():
        with blame("train"):
            devices.join_hosts()
    checkpoints = checkpoint_folder(dataset, network, checked)
    choice, runs = _search(dataset, network, checked, checkpoints)
    final = runs["final"]
    scores = final.scores(open_images(paths.data(dataset), "test"))
    if not devices.first_host():
        return
    diverged = final.diverged or not np.isfinite(scores).all()
    outcome = {
        "status": "diverged" if diverged else "ok",
        "reason": "the loss is not finite" if diverged else "",
        "tried": checked.settings("networks", network, dataset),
        "validation_accuracies": choice.accuracies,
    }
    folder = paths.scores(dataset, network)
    write_array(folder / "scores.npy", scores)
    write_text(folder / "curves.csv", curves_csv(runs))
    costs = _costs(dataset, network, checked, choice.setting)
    write_json(folder / "method.json", {**description, **costs, **outcome})
    _write_model(dataset, network, runs)
    shutil.rmtree(checkpoints, ignore_errors=True)


def _search(
    dataset: str, network: str, checked: params.Params, checkpoints: Path
) -> tuple[Choice, dict[str, Trained]]:
    """Choose the setting on the validation images, then train with it on all training images."""
    import numpy as np

    from models.training.loop import train
    from pipeline.evaluation.selection import choose
    from pipeline.ingest.records import open_images
    from pipeline.stage.blueprints import blueprint, recipe

    folder = paths.data(dataset)
    images = open_images(folder, "train")
    labels = read_array(folder / "train_labels.npy")
    held_out = read_array(folder / "validation.npy")
    kept = np.setdiff1d(np.arange(len(labels)), held_out)
    settings = checked.settings("networks", network, dataset)
    runs: dict[str, Trained] = {}

    def trained(name: str, setting: params.Entry, **options: Any) -> Trained:
        runs[name] = train(
            blueprint(dataset, network, setting),
            images,
            labels,
            recipe(checked, dataset, setting),
            checkpoints=checkpoints / name,
            label=f"{network} {name}",
            **options,
        )
        return runs[name]

    def validation_accuracy(setting: params.Entry) -> float:
        one = trained(f"search-{settings.index(setting)}", setting, rows=kept, seeds=[0])
        right = one.scores(images, held_out)[0].argmax(-1) == labels[held_out]
        return 0.0 if one.diverged else float(right.mean())

    choice = choose(settings, lambda: [validation_accuracy(setting) for setting in settings])
    trained("final", choice.setting)
    return choice, runs


def _costs(
    dataset: str, network: str, checked: params.Params, setting: params.Entry
) -> dict[str, Any]:
    """Describe the network of the chosen setting: its scores, sizes and seeds."""
    from models import counting
    from pipeline.stage.blueprints import blueprint, recipe

    plan = blueprint(dataset, network, setting)
    chosen = recipe(checked, dataset, setting)
    return {
        "scores": chosen.scores_kind,
        "parameters": counting.parameters(plan),
        "macs": counting.macs(plan),
        "seeds": list(range(chosen.seeds)),
        "setting": {"epochs": chosen.epochs, **setting},
    }


def _write_model(dataset: str, network: str, runs: dict[str, Trained]) -> None:
    """Write what was learned, and how long that took."""
    import jax

    from models import weights
    from pipeline.stage import machine

    final = runs["final"]
    arrays = weights.to_arrays(final.learned, final.normalisation)
    write_arrays(paths.model(dataset, network), arrays)
    write_json(
        paths.timing(dataset, f"train-{network}"),
        {
            "search_seconds": sum(one.seconds for name, one in runs.items() if name != "final"),
            "train_seconds": final.seconds / len(final.curve),
            "peak_memory_mib": machine.peak_memory_mib(),
            "device": jax.devices()[0].device_kind,
            **machine.description(),
        },
    )


if __name__ == "__main__":
    run(main)
