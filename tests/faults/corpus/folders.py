"""Folders of class folders, and what stands in their place."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.datasets import folder as reader
from tests.faults.corpus.case import FILES, Case, content, folder

SIZE = 8


def read(source: Path | str) -> object:
    return reader.read(SIZE, source=str(source))


def plus(more: dict[str, bytes], message: str | None) -> Case:
    """A sound folder and some more files."""
    return Case(lambda path: folder(path, FILES | more), message)


def only(keep: str, message: str) -> Case:
    """The files of a sound folder whose name begins in some way."""
    return Case(
        lambda path: folder(
            path, {name: of for name, of in FILES.items() if name.startswith(keep)}
        ),
        message,
    )


def renamed(old: str, new: str, message: str | None) -> Case:
    files = {name.replace(old, new): of for name, of in FILES.items()}
    return Case(lambda path: folder(path, files), message)


def with_pipe(path: Path) -> Path:
    os.mkfifo(folder(path) / "train/a/9.png")
    return path


def with_link(target: str) -> Case:
    def write(path: Path) -> Path:
        (folder(path) / "train/a/9.png").symlink_to(target)
        return path

    message = {"/dev/zero": "'train/a/9.png' is a device"}.get(target, "expected a sound folder")
    return Case(write, message)


def with_bytes_in_a_name(path: Path) -> Path:
    for split in ("train", "test"):
        (folder(path) / split / "a").rename(os.fsdecode(os.fsencode(path / split) + b"/\xff"))
    return path


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def circle(path: Path) -> Path:
    path.symlink_to(path)
    return path


def named(name: str) -> Case:
    """A sound folder below a path of an odd name."""
    return Case(lambda path: folder(path / name), None)


IMAGE = FILES["train/a/0.png"]
OUT = "is out of place, expected train/<class>/<image>"
CASES = {
    "sound": Case(folder, None),
    "sound, below one folder": Case(
        lambda path: folder(path, {f"pets/{name}": of for name, of in FILES.items()}), None
    ),
    "sound, val for test": renamed("test/", "val/", None),
    "sound, with hidden clutter": plus({"train/a/.DS_Store": b"", "train/b/Thumbs.db": b""}, None),
    "sound, a readme beside": plus({"README.md": b"#"}, None),
    "sound, classes with spaces and quotes": renamed("/a/", "/a 'b' \"c\"/", None),
    "sound, a class on two lines": renamed("/a/", "/a\nb/", None),
    "sound, a class in Greek": renamed("/a/", "/ψηφία/", None),
    "sound, a class in Chinese and an emoji": renamed("/b/", "/数字 🦒/", None),
    "sound, a class from right to left": renamed("/b/", "/ספרות/", None),
    "sound, a class of markup": renamed("/b/", "/<script>alert(1)/", None),
    "sound, a class that looks like an option": renamed("/b/", "/--help/", None),
    "sound, a name of 255 bytes": renamed("/b/", f"/{'b' * 255}/", None),
    "sound, below spaces, quotes and a newline": named("a b'\"\n$HOME;`ls`"),
    "sound, below Cyrillic letters": named("данные"),
    "missing": Case(lambda path: path, "not found (tried"),
    "empty": Case(lambda path: folder(path, {"a/": b""}), "train folders in none, expected"),
    "a file of text": Case(content("text"), "neither a folder nor a tar or zip file"),
    "a file of nothing": Case(content(b""), "neither a folder nor a tar or zip file"),
    "an image": Case(content(IMAGE), "neither a folder nor a tar or zip file"),
    "a pipe": Case(pipe, "not found"),
    "a device": Case(lambda _: "/dev/zero", "not found"),
    "links in a circle": Case(circle, "expected a folder or an archive"),
    "the home of nobody": Case(lambda _: "~nobody-of-this-name/x", "Could not determine home"),
    "a host of dots": Case(lambda _: "http://../x.tar", "expected https://<host>/"),
    "a URL without a path": Case(lambda _: "https://example.org", "expected https://<host>/"),
    "a pipe among the images": Case(with_pipe, "'train/a/9.png' is a device"),
    "a device among the images": with_link("/dev/zero"),
    "a link to nowhere": with_link("nowhere"),
    "a link to itself": with_link("9.png"),
    "a class name that is no text": Case(
        with_bytes_in_a_name, "class '\\udcff', expected a name in"
    ),
    "no training images": only("test", "train folders in none, expected"),
    "no test images": only("train", "no folder test/<class> or val/<class>, expected one"),
    "one class": Case(
        lambda path: folder(path, {n: of for n, of in FILES.items() if "/a/" in n}),
        "1 class, expected at least 2",
    ),
    "one training image of a class": Case(
        lambda path: folder(
            path, {n: of for n, of in FILES.items() if n[:9] not in ("train/a/1", "train/a/2")}
        ),
        "1 training images of class 'a', expected at least 2",
    ),
    "more classes than images": plus({f"train/{n}/": b"" for n in range(9)}, "no image in train/0"),
    "an empty class": plus({"train/c/": b""}, "no image in train/c, expected some"),
    "a class of hidden files": plus(
        {"train/c/.x.png": IMAGE}, "no image in train/c, expected some"
    ),
    "a class for testing only": plus({"test/c/1.png": IMAGE}, "test images of class 'c' and none"),
    "a class that differs in case": plus(
        {"test/A/1.png": IMAGE}, "test images of class 'A' and none"
    ),
    "an image beside the classes": plus({"train/1.png": IMAGE}, f"train/1.png {OUT}"),
    "an image too deep": plus({"train/a/more/1.png": IMAGE}, f"train/a/more {OUT}"),
    "two train folders": Case(
        lambda path: folder(
            path, {f"{top}/{name}": of for top in "xy" for name, of in FILES.items()}
        ),
        "train folders in x, y, expected",
    ),
    "a class that is a file": plus({"train/c": IMAGE}, f"train/c {OUT}"),
    "text among the images": plus(
        {"train/a/labels.csv": b"0,a"}, "labels.csv: no image, expected one of JPEG"
    ),
    "markup in the name of a broken image": plus(
        {"train/a/<b>.png": b"x"}, "train/a/<b>.png: no image"
    ),
    "a newline in the name of a broken image": plus(
        {"train/a/1\n2.png": b"x"}, "train/a/1 2.png: no image"
    ),
    "an escape in the name of a broken image": plus(
        {"train/a/\x1b[2J.png": b"x"}, "train/a/\\x1b[2J.png: no image"
    ),
    "an image of 65 MiB": Case(
        lambda path: folder(path, FILES | {"train/a/9.png": bytes(65 * 2**20)}),
        "68157440 bytes in 'train/a/9.png'",
        slow=True,
    ),
}
