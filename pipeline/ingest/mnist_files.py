"""The four files in which MNIST, and Fashion-MNIST after it, are published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.ingest.dataset import Dataset, verify_class_counts
from pipeline.ingest.download import checksum_check, fetch
from pipeline.ingest.idx import read_idx
from pipeline.ingest.images import place_on_black

_SIDE = 28


def read_mnist_files(
    folder: str,
    mirrors: Sequence[str],
    checksums: Mapping[str, str],
    class_counts: tuple[tuple[int, ...], tuple[int, ...]],
    class_names: tuple[str, ...],
    size: int,
) -> Dataset:
    """Fetch and read the four gzipped IDX files of a dataset made like MNIST.

    Both datasets name their files alike: only the checksums tell them apart.

    Parameters
    ----------
    folder : str
        The dataset's folder in the cache and in a mirror.
    mirrors : sequence of str
        URLs that end in a slash and hold the files.
    checksums : mapping of str to str
        Checksum of each file: training images and labels, then test images and labels.
    class_counts : pair of tuples of int
        How many training and test images each class has.
    class_names : tuple of str
        One name a class.
    size : int
        Height and width of the images returned.

    Returns
    -------
    Dataset
        Images uint8 [n, size, size, 1].
    """
    paths = [
        fetch(folder, name, [mirror + name for mirror in mirrors], checksum_check(checksum))
        for name, checksum in checksums.items()
    ]
    train_images, train_labels = read_pair(paths[0], paths[1], class_counts[0])
    test_images, test_labels = read_pair(paths[2], paths[3], class_counts[1])
    return Dataset(
        place_on_black(train_images, size),
        train_labels,
        place_on_black(test_images, size),
        test_labels,
        class_names,
    )


def read_pair(
    images_path: Path, labels_path: Path, class_counts: tuple[int, ...]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read the images of one split and their labels.

    Parameters
    ----------
    images_path, labels_path : Path
        Gzipped IDX files.
    class_counts : tuple of int
        How many images each class has.

    Returns
    -------
    images : uint8 array [n, 28, 28, 1]
    labels : int64 array [n]
    """
    n_images = sum(class_counts)
    images = read_idx(images_path, (n_images, _SIDE, _SIDE))
    labels = read_idx(labels_path, (n_images,)).astype(np.int64)
    verify_class_counts(labels, class_counts, str(labels_path))
    return images[..., np.newaxis], labels
