"""The form in which every reader hands over its images, and what must hold for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.ingest.records import Records
from pipeline.stage.errors import UserError


@dataclass(frozen=True)
class Dataset:
    """Training and test images with their labels.

    Attributes
    ----------
    train_images, test_images : uint8 array [n, height, width, channels]
        Channels are 1 (grey) or 3 (red, green, blue).
    train_labels, test_labels : int64 array [n]
        Indices into `class_names`.
    class_names : tuple of str
        One name a class, in the order of the labels.
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
    class_names: tuple[str, ...]


@dataclass(frozen=True)
class Recorded:
    """A `Dataset` whose images stay encoded on disk."""

    train_images: Records
    train_labels: NDArray[np.int64]
    test_images: Records
    test_labels: NDArray[np.int64]
    class_names: tuple[str, ...]


def verify(dataset: Dataset | Recorded, name: str, size: int) -> None:
    """Refuse a dataset that no method could learn from or be judged on.

    Parameters
    ----------
    dataset : Dataset or Recorded
        What a reader returned.
    name : str
        The dataset's key or file, for the message.
    size : int
        The height and width that the images were to be brought to.

    Raises
    ------
    UserError
        Where an array has the wrong dtype or shape, images and labels differ in number, or the
        labels fail `verify_labels`.
    """
    channels = dataset.train_images.shape[-1]
    if channels not in (1, 3):
        raise UserError(f"{name}: images of {channels} channels, expected 1 or 3")
    for split, images, labels in (
        ("training", dataset.train_images, dataset.train_labels),
        ("test", dataset.test_images, dataset.test_labels),
    ):
        if images.dtype != np.uint8 or images.shape[1:] != (size, size, channels):
            raise UserError(
                f"{name}: {split} images are {images.dtype} {list(images.shape)}, "
                f"expected uint8 [n, {size}, {size}, {channels}]"
            )
        if labels.dtype != np.int64 or labels.ndim != 1:
            raise UserError(
                f"{name}: {split} labels are {labels.dtype} {list(labels.shape)}, "
                "expected int64 [n]"
            )
        if len(images) != len(labels):
            raise UserError(
                f"{name}: {len(images)} {split} images and {len(labels)} labels, "
                "expected as many of each"
            )
    verify_labels(dataset.train_labels, dataset.test_labels, dataset.class_names, name)


def verify_labels(
    train_labels: NDArray[np.int64],
    test_labels: NDArray[np.int64],
    class_names: tuple[str, ...],
    name: str,
) -> None:
    """Refuse labels without at least two classes, each with two training images.

    Two, because a stratified validation split takes one of them.

    Parameters
    ----------
    train_labels, test_labels : int64 array [n]
        Indices into `class_names`.
    class_names : tuple of str
        One name a class.
    name : str
        The dataset's key or file, for the message.

    Raises
    ------
    UserError
        Where a label is out of range, or classes or images are too few.
    """
    n_classes, n_images = len(class_names), len(train_labels) + len(test_labels)
    if n_classes < 2:
        raise UserError(f"{name}: {n_classes} class, expected at least 2")
    if n_images < n_classes:
        raise UserError(f"{name}: {n_images} images of {n_classes} classes, expected more images")
    for split, labels in (("training", train_labels), ("test", test_labels)):
        if not len(labels):
            raise UserError(f"{name}: no {split} images, expected at least one")
        if labels.min() < 0 or labels.max() >= n_classes:
            raise UserError(
                f"{name}: {split} labels from {labels.min()} to {labels.max()}, "
                f"expected 0 to {n_classes - 1}"
            )
    counts = np.bincount(train_labels, minlength=n_classes)
    rarest = int(counts.argmin())
    if counts[rarest] < 2:
        raise UserError(
            f"{name}: {counts[rarest]} training images of class {class_names[rarest]!r}, "
            "expected at least 2 (one goes to the validation split)"
        )


def verify_class_counts(labels: NDArray[np.int64], expected: tuple[int, ...], name: str) -> None:
    """Refuse labels whose class histogram is not the published one.

    Parameters
    ----------
    labels : int64 array [n]
        The labels read.
    expected : tuple of int
        How many images each class has.
    name : str
        The file, for the message.

    Raises
    ------
    UserError
        Where a label is out of range or a class has another number of images.
    """
    if len(labels) and not 0 <= labels.min() <= labels.max() < len(expected):
        raise UserError(
            f"{name}: labels from {labels.min()} to {labels.max()}, "
            f"expected 0 to {len(expected) - 1}"
        )
    found = tuple(np.bincount(labels, minlength=len(expected)).tolist())
    if found != expected:
        raise UserError(f"{name}: {found} images a class, expected {expected}")
