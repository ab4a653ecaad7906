from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.ingest.archives import Member
from pipeline.ingest.class_folders import find_class_folders
from pipeline.stage.errors import UserError

SOURCE = Path("set.tar.gz")


def members(*names: str) -> list[Member]:
    """A name that ends in a slash is a folder."""
    return [Member(name.rstrip("/"), name.endswith("/")) for name in names]


GOOD = (
    "train/cat/1.png",
    "train/ant/2.png",
    "train/ant/10.png",
    "test/cat/1.png",
    "test/ant/1.png",
)


def test_labels_follow_the_sorted_class_names():
    found = find_class_folders(SOURCE, members(*GOOD))
    assert found.class_names == ("ant", "cat")
    assert list(found.train.items()) == [
        ("train/ant/10.png", 0),
        ("train/ant/2.png", 0),
        ("train/cat/1.png", 1),
    ]
    assert found.test == {"test/ant/1.png": 0, "test/cat/1.png": 1}


def test_the_order_of_the_archive_does_not_matter():
    assert list(find_class_folders(SOURCE, members(*reversed(GOOD))).train) == list(
        find_class_folders(SOURCE, members(*GOOD)).train
    )


def test_sorting_is_by_code_point():
    names = [f"train/{name}/1.png" for name in ("b", "B", "a", "é", "_")]
    found = find_class_folders(SOURCE, members(*names, "test/a/1.png"))
    assert found.class_names == ("B", "_", "a", "b", "é")


@pytest.mark.parametrize("top", ["", "imagenette2-320/"])
def test_val_and_one_top_folder_will_do(top: str):
    names = [top + name.replace("test/", "val/") for name in GOOD]
    found = find_class_folders(SOURCE, members(*names, f"{top}README.md", f"{top}noise/a/b/1.png"))
    assert (len(found.train), len(found.test)) == (3, 2)


def test_test_is_preferred_to_val():
    found = find_class_folders(SOURCE, members(*GOOD, "val/cat/9.png"))
    assert "val/cat/9.png" not in found.test


def test_a_class_may_be_named_train():
    names = ("train/train/1.png", "train/bus/1.png", "test/train/1.png")
    assert find_class_folders(SOURCE, members(*names)).class_names == ("bus", "train")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "train folders in none, expected train/<class>/<image>"),
        (("cat/1.png", "test/cat/1.png"), "train folders in none"),
        (("a/train/x/1.png", "b/train/x/1.png"), "train folders in a, b, expected"),
        (GOOD[:3], "no folder test/<class> or val/<class>, expected one"),
        (("train/", "test/cat/1.png"), "no folder train/<class>, expected one"),
        ((*GOOD, "train/dog/"), "no image in train/dog, expected some"),
        ((*GOOD, "test/dog/"), "no image in test/dog, expected some"),
        ((*GOOD, "test/dog/1.png"), "test images of class 'dog' and none for training"),
        ((*GOOD, "train/1.png"), "train/1.png is out of place, expected train/<class>/<image>"),
        ((*GOOD, "train/cat/more/"), "train/cat/more is out of place"),
        ((*GOOD, "test/cat/more/1.png"), "test/cat/more/1.png is out of place"),
        ((*GOOD[:3], "test"), "test is out of place"),
    ],
)
def test_other_layouts_are_refused(names: tuple[str, ...], message: str):
    with pytest.raises(UserError, match=f"^{SOURCE}: {message}"):
        find_class_folders(SOURCE, members(*names))
