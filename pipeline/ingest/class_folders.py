"""The layout `train/<class>/<image>` with `test/...` or `val/...` beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.ingest.archives import Member
from pipeline.stage.errors import UserError


@dataclass(frozen=True)
class ClassFolders:
    """The images of a dataset, by name.

    Attributes
    ----------
    class_names : tuple of str
        Names of the class folders of the training images, sorted.
    train, test : dict of str to int
        Each image's label, sorted by class and then by file name.
    """

    class_names: tuple[str, ...]
    train: dict[str, int]
    test: dict[str, int]


def find_class_folders(source: Path, members: Sequence[Member]) -> ClassFolders:
    """Find the images of a dataset and their labels.

    The layout may lie below one top folder. `test` is preferred to `val` where both are there.
    Sorting is by code point, the same on every machine.

    Parameters
    ----------
    source : Path
        The folder or archive, for the messages.
    members : sequence of Member
        What it holds.

    Raises
    ------
    UserError
        Where a split is missing, a class is empty or unknown, or a file lies elsewhere.
    """
    top = _top_folder(source, members)
    train = _classes(source, members, (*top, "train"))
    tests = [
        found for split in ("test", "val") if (found := _classes(source, members, (*top, split)))
    ]
    if not train or not tests:
        missing = "test/<class> or val/<class>" if train else "train/<class>"
        raise UserError(f"{source}: no folder {'/'.join((*top, missing))}, expected one")
    class_names = tuple(sorted(train))
    for name in sorted(tests[0]):
        if name not in train:
            raise UserError(
                f"{source}: test images of class {name!r} and none for training, "
                f"expected the classes of {'/'.join((*top, 'train'))}"
            )
    return ClassFolders(class_names, _labels(train, class_names), _labels(tests[0], class_names))


def _top_folder(source: Path, members: Sequence[Member]) -> tuple[str, ...]:
    """Return the parts of the folder that holds `train`: none, or one."""
    found = {
        member.parts[:depth]
        for member in members
        for depth in (0, 1)
        if member.parts[depth : depth + 1] == ("train",)
    }
    if () in found:
        return ()
    if len(found) != 1:
        names = ", ".join("/".join(parts) for parts in sorted(found)) or "none"
        raise UserError(f"{source}: train folders in {names}, expected train/<class>/<image>")
    return found.pop()


def _classes(
    source: Path, members: Sequence[Member], split: tuple[str, ...]
) -> dict[str, list[str]]:
    """Return the names of the images of each class of a split."""
    classes: dict[str, list[str]] = {}
    for member in members:
        if member.parts[: len(split)] != split:
            continue
        match member.parts[len(split) :], member.is_folder:
            case (), True:
                pass
            case (name, *_), _ if not _is_text(name):
                raise UserError(f"{source}: class {name!r}, expected a name in UTF-8")
            case (name,), True:
                classes.setdefault(name, [])
            case (name, _), False:
                classes.setdefault(name, []).append(member.name)
            case _:
                raise UserError(
                    f"{source}: {member.name} is out of place, "
                    f"expected {'/'.join(split)}/<class>/<image>"
                )
    for name, images in sorted(classes.items()):
        if not images:
            raise UserError(f"{source}: no image in {'/'.join((*split, name))}, expected some")
    return classes


def _is_text(name: str) -> bool:
    """Say whether a name can be written down: Python stands in half letters for unknown bytes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _labels(classes: dict[str, list[str]], class_names: tuple[str, ...]) -> dict[str, int]:
    return {
        image: label
        for label, name in enumerate(class_names)
        for image in sorted(classes.get(name, []))
    }
