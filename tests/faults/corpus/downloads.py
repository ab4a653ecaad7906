"""Files in HINDSIGHT_MIRROR that are not those of the dataset; there is no other source."""

from __future__ import annotations

import gzip
import importlib
import os
from pathlib import Path
from unittest import mock

from tests.faults.corpus import cifar, idx, usps
from tests.faults.corpus.case import Case, folder

# A proxy that is not there: every URL fails at once.
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
OFFLINE = {**dict.fromkeys(PROXIES, "http://127.0.0.1:9"), "NO_PROXY": "", "no_proxy": ""}
FILES = {
    "mnist": "mnist/train-images-idx3-ubyte.gz",
    "fashion_mnist": "fashion-mnist/train-images-idx3-ubyte.gz",
    "usps": "usps/zip.train.gz",
    "cifar10": "cifar10/cifar-10-binary.tar.gz",
}


def environment(mirror: Path) -> dict[str, str]:
    """Return the variables that leave this mirror as the only source, and an empty cache."""
    cache = mirror.parent / "cache"
    return OFFLINE | {"HINDSIGHT_MIRROR": str(mirror), "HINDSIGHT_CACHE": str(cache)}


def dataset(path: Path) -> str:
    """Return the name of the dataset that a mirror pretends to hold."""
    (found,) = path.iterdir()
    return found.name.replace("-", "_")


def read(path: Path) -> object:
    reader = importlib.import_module(f"pipeline.datasets.{dataset(path)}")
    with mock.patch.dict(os.environ, environment(path.absolute())):
        return reader.read(8)


def instead(name: str, of: bytes, message: str) -> Case:
    """Put other content in the place of a dataset's first file."""
    return Case(lambda path: folder(path, {FILES[name]: of}), message)


CASES = {
    **{
        f"{name}, {what}": instead(name, of, f"{file}: not to be had (")
        for name, file in FILES.items()
        for what, of in (("empty", b""), ("a web page", b"<!doctype html><p>Sign in"))
    },
    **{
        f"{name}, nothing there": Case(
            lambda path, file=file: folder(path, {f"{file}/": b""}), f"{file}: not to be had ("
        )
        for name, file in FILES.items()
    },
    "mnist, a sound file of other images": instead("mnist", idx.SOUND, "bytes with md5"),
    "cifar10, a sound archive of other images": instead("cifar10", cifar.SOUND, "bytes with md5"),
    "usps, a sound file of other images": instead(
        "usps", usps.SOUND, "1028 numbers, expected 7291"
    ),
    "usps, cut": instead("usps", usps.SOUND[:999], "expected a sound gzip file"),
    "usps, a gigabyte": Case(
        lambda path: folder(path, {FILES["usps"]: gzip.compress(bytes(2**20)) * 1000}),
        "1 numbers, expected",
        slow=True,
    ),
}
