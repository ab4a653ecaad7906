"""Bring a dataset's images into arrays: `python -m pipeline.prepare DATASET`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pipeline.ingest.dataset import Dataset, Recorded
from pipeline.stage import params, paths, plugins
from pipeline.stage.entry import blame, run
from pipeline.stage.files import write_array, write_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VALIDATION_SHARE = 1 / 6


def checksum(dataset: Dataset | Recorded) -> str:
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
        if isinstance(array, np.ndarray):
            digest.update(np.ascontiguousarray(array).data)
        else:
            digest.update(array.checksum())
    return digest.hexdigest()


def read(dataset: str, entry: params.Entry) -> Dataset | Recorded:
    """Have the reader of a dataset's entry in params.yaml read it, and verify what it returns."""
    from pipeline.ingest.dataset import verify

    reader = plugins.load("datasets", entry["reader"])
    of_prepare = {"reader", "size", "epochs", params.STREAM}
    options = {key: value for key, value in entry.items() if key not in of_prepare}
    images: Dataset | Recorded
    if entry.get(params.STREAM):
        images = reader.record(entry["size"], paths.data(dataset), **options)
    else:
        images = reader.read(entry["size"], **options)
    verify(images, f"datasets.{dataset}", entry["size"])
    return images


def validation_split(labels: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Draw the training images that settings are judged on, each class in proportion."""
    import numpy as np
    from sklearn.model_selection import train_test_split

    _, validation = train_test_split(
        np.arange(len(labels)),
        test_size=max(round(len(labels) * VALIDATION_SHARE), classes),
        stratify=labels,
        random_state=0,
    )
    return np.sort(validation)


def main(dataset: str) -> None:
    """Read, verify, split off the validation images, write."""
    import numpy as np

    from pipeline.ingest.records import STREAMED

    entry = params.load().datasets[dataset]
    folder = paths.data(dataset)
    with blame(f"datasets.{dataset}"):
        images = read(dataset, entry)
        validation = validation_split(images.train_labels, len(images.class_names))
    streamed = not isinstance(images.train_images, np.ndarray)
    for split in ("train", "test"):
        write_array(folder / f"{split}_labels.npy", getattr(images, f"{split}_labels"))
        if not streamed:
            write_array(folder / f"{split}_images.npy", getattr(images, f"{split}_images"))
    write_array(folder / "validation.npy", validation)
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
            **({STREAMED: True} if streamed else {}),
        },
    )


if __name__ == "__main__":
    run(main)
