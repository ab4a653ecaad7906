from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.datasets.folder import read, record
from pipeline.ingest.dataset import Dataset, verify
from pipeline.stage.errors import UserError
from tests.faults.corpus.case import encode

SIZE = 6
COLOURS = {"ant": (200, 30, 60), "bee": (20, 130, 240)}


Write = Callable[[Path, dict[str, bytes]], Path]


def flat(colour: object, mode: str = "RGB", shape: tuple[int, int] = (9, 6)) -> bytes:
    return encode(Image.new(mode, shape, colour))


NOISE = encode(Image.effect_noise((32, 32), 64))


def make_files(n_train: int = 3, test: str = "test") -> dict[str, bytes]:
    """Name the images so that the order of their numbers is not that of their names."""
    return {
        f"{split}/{name}/{number}.png": flat(tuple(value + number for value in colour))
        for split, n_images in (("train", n_train), (test, 2))
        for name, colour in reversed(COLOURS.items())
        for number in range(9, 9 + n_images)
    }


def write_folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def write_tar(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def assert_equal(one: Dataset, other: Dataset) -> None:
    assert one.class_names == other.class_names
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_images_and_labels_are_sorted_by_class_and_name(tmp_path: Path):
    dataset = read(SIZE, source=str(write_folder(tmp_path, make_files())))
    verify(dataset, "insects", SIZE)
    assert dataset.class_names == ("ant", "bee")
    assert dataset.train_labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert dataset.train_images[:3, 0, 0, 0].tolist() == [210, 211, 209]  # 10.png, 11.png, 9.png
    assert dataset.test_images[2, 0, 0].tolist() == [30, 140, 250]


@pytest.mark.parametrize("top", ["", "insects/"])
@pytest.mark.parametrize("test", ["test", "val"])
def test_folder_tar_and_zip_give_the_same(tmp_path: Path, top: str, test: str):
    files = {top + name: content for name, content in make_files(test=test).items()}
    expected = read(SIZE, source=str(write_folder(tmp_path / "folder", files)))
    backwards = dict(reversed(files.items()))
    assert_equal(read(SIZE, source=str(write_tar(tmp_path / "a.tgz", backwards))), expected)
    assert_equal(read(SIZE, source=str(write_zip(tmp_path / "a.zip", files))), expected)


def test_many_images_go_to_their_places(tmp_path: Path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (600, SIZE, SIZE, 3), dtype=np.uint8)
    files = {
        f"{'test' if number % 3 else 'train'}/{'ab'[number % 2]}/{number:03}.png": encode(
            Image.fromarray(image)
        )
        for number, image in enumerate(pixels)
    }
    dataset = read(SIZE, source=str(write_tar(tmp_path / "a.tgz", files)))
    expected = [pixels[number] for start in (0, 3) for number in range(start, 600, 6)]
    np.testing.assert_array_equal(dataset.train_images, expected)


def test_only_grey_images_give_one_channel(tmp_path: Path):
    files = {name: flat(70, "L") for name in make_files()}
    dataset = read(SIZE, source=str(write_folder(tmp_path / "grey", files)))
    verify(dataset, "grey", SIZE)
    assert dataset.train_images.shape == (6, SIZE, SIZE, 1)
    files["test/bee/9.png"] = flat((70, 70, 71))
    dataset = read(SIZE, source=str(write_folder(tmp_path / "colour", files)))
    assert dataset.train_images.shape == (6, SIZE, SIZE, 3)


def test_odd_images_among_rgb_ones_are_converted(tmp_path: Path):
    turned = Image.new("RGB", (6, 6))
    turned.paste((255, 255, 255), (0, 0, 6, 3))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    odd = {
        "train/ant/1_grey.png": flat(7, "L"),
        "train/ant/2_palette.gif": encode(
            Image.new("RGB", (9, 9), (255, 0, 0)).convert("P"), "GIF"
        ),
        "train/ant/3_sixteen.png": flat(300, "I;16"),
        "train/ant/4_turned.png": encode(turned, exif=exif),
    }
    images = read(SIZE, source=str(write_folder(tmp_path, make_files() | odd))).train_images
    assert (images[2] == 7).all()  # after 10.png and 11.png
    assert (images[3] == (255, 0, 0)).all()
    assert (images[4] == 1).all()
    assert (images[5][3:] == 255).all()
    assert (images[5][:3] == 0).all()


@pytest.mark.parametrize("write", [write_folder, write_tar])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_recorded_images_are_the_decoded_ones(tmp_path: Path, write: Write, mode: str):
    files = make_files() if mode == "RGB" else {name: flat(70, "L") for name in make_files()}
    source = str(write(tmp_path / "a.tgz", dict(reversed(files.items()))))
    expected = read(SIZE, source=source)
    recorded = record(SIZE, tmp_path / "out", source=source)
    verify(recorded, "insects", SIZE)
    assert recorded.class_names == expected.class_names
    for split in ("train", "test"):
        images, labels = (getattr(recorded, f"{split}_{what}") for what in ("images", "labels"))
        assert images.shape == getattr(expected, f"{split}_images").shape
        np.testing.assert_array_equal(images[:], getattr(expected, f"{split}_images"))
        np.testing.assert_array_equal(labels, getattr(expected, f"{split}_labels"))


@pytest.mark.parametrize("file", ["train/bee/9.png", "test/ant/9.png"])
def test_a_damaged_image_is_not_recorded(tmp_path: Path, file: str):
    source = write_folder(tmp_path / "in", make_files() | {file: NOISE[: len(NOISE) // 2]})
    with pytest.raises(UserError, match=f"{file}: .*expected a sound image"):
        record(SIZE, tmp_path / "out", source=str(source))
    assert not list((tmp_path / "out").iterdir())


def test_no_progress_bar_where_no_terminal_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    read(SIZE, source=str(write_folder(tmp_path, make_files())))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("write", [write_folder, write_tar, write_zip])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train/bee/9.png": b"just text"}, r"train/bee/9.png: no image, expected one of JPEG"),
        ({"test/ant/9.png": NOISE[: len(NOISE) // 2]}, r"test/ant/9.png: .*expected a sound image"),
        ({"test/cat/1.png": flat(0)}, "test images of class 'cat' and none for training"),
        ({"train/cat/1.png": flat(0)}, "1 training images of class 'cat', expected at least 2"),
        ({"train/1.png": flat(0)}, "train/1.png is out of place"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, write: Write, change: dict[str, bytes], message: str):
    path = write(tmp_path / "source.tar.gz", make_files() | change)
    with pytest.raises(UserError, match=f"^{path}: {message}") as caught:
        read(SIZE, source=str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("left_out", "message"),
    [
        ("/bee/", "1 class, expected at least 2"),
        ("train/", "train folders in none"),
        ("test/", "no folder test/<class> or val/<class>"),
    ],
)
def test_missing_parts_are_named(tmp_path: Path, left_out: str, message: str):
    files = {name: content for name, content in make_files().items() if left_out not in name}
    with pytest.raises(UserError, match=f"^{tmp_path}: {message}"):
        read(SIZE, source=str(write_folder(tmp_path, files)))


def test_empty_class_folder_is_named(tmp_path: Path):
    (write_folder(tmp_path, make_files()) / "train" / "cat").mkdir()
    with pytest.raises(UserError, match=f"^{tmp_path}: no image in train/cat"):
        read(SIZE, source=str(tmp_path))


def test_fewer_images_than_classes(tmp_path: Path):
    for name in "abcdef":
        (tmp_path / "train" / name).mkdir(parents=True)
    with pytest.raises(UserError, match=f"^{tmp_path}: no image in train/a"):
        read(SIZE, source=str(write_folder(tmp_path, {"test/a/1.png": flat(0)})))


def test_truncated_and_wrong_archives(tmp_path: Path):
    path = write_tar(tmp_path / "a.tgz", make_files())
    with pytest.raises(UserError, match=f"^{path}: .*expected md5 000"):
        read(SIZE, source=str(path), checksum="md5:" + "0" * 32)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match=f"^{path}: .*expected a sound folder, tar or zip file"):
        read(SIZE, source=str(path))


def test_missing_source():
    with pytest.raises(UserError, match="source 'nowhere': not found"):
        read(SIZE, source="nowhere")
