"""Bring a dataset's images into arrays: `python -m pipeline.prepare DATASET`."""

from __future__ import annotations

import hashlib

from pipeline.ingest.dataset import Dataset
from pipeline.stage import params, paths, plugins
from pipeline.stage.entry import blame, run
from pipeline.stage.files import write_array, write_json

VALIDATION_SHARE = 1 / 6


def checksum(dataset: Dataset) -> str:
    """Return a hash of all images and labels: the identity of the data in every recipe."""
    import numpy as np

    digest = hashlib.sha256()
    for array in (
        dataset.train_images,
        dataset.train_labels,
        dataset.test_images,
        dataset.test_labels,
    ):
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def main(dataset: str) -> None:
    """Read, verify, split off the validation images, write."""
    import numpy as np
    from sklearn.model_selection import train_test_split

    from pipeline.ingest.dataset import verify

    entry = params.load().datasets[dataset]
    options = {
        key: value for key, value in entry.items() if key not in {"reader", "size", "epochs"}
    }
    reader = plugins.load("datasets", entry["reader"])
    with blame(f"datasets.{dataset}"):
        images = reader.read(entry["size"], **options)
        verify(images, f"datasets.{dataset}", entry["size"])
        n = len(images.train_labels)
        _, validation = train_test_split(
            np.arange(n),
            test_size=max(round(n * VALIDATION_SHARE), len(images.class_names)),
            stratify=images.train_labels,
            random_state=0,
        )
    folder = paths.data(dataset)
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        write_array(folder / f"{name}.npy", getattr(images, name))
    write_array(folder / "validation.npy", np.sort(validation))
    write_json(
        folder / "dataset.json",
        {
            # One reader may serve many datasets: then the entry's own name says more.
            "title": plugins.card("datasets", dataset).title
            if dataset == entry["reader"]
            else dataset,
            "class_names": list(images.class_names),
            "image_shape": list(images.train_images.shape[1:]),
            "checksum": checksum(images),
        },
    )


if __name__ == "__main__":
    run(main)
