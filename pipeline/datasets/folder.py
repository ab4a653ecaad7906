"""Any folder or archive of `train/<class>/<image>` and `test/...` or `val/...`: your own images."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from pipeline.ingest.archives import list_members, read_members
from pipeline.ingest.class_folders import find_class_folders
from pipeline.ingest.dataset import Dataset, verify_labels
from pipeline.ingest.photographs import decode
from pipeline.ingest.sources import locate
from pipeline.stage.environment import threads
from pipeline.stage.errors import UserError

TITLE = "Folder of images"
YEAR = 2004
CITATION = (
    "The source of the images. One folder a class: L. Fei-Fei, R. Fergus and P. Perona, Learning "
    "Generative Visual Models from Few Training Examples (Caltech-101), CVPR Workshop, 2004"
)
LICENCE = "that of the images"
DEVIATIONS = ("the middle square of each image, its shorter side brought to size",)

_BATCH_BYTES = 2**16  # small files share a task: switching threads for each takes longer
_QUEUE = 16  # tasks read ahead of the threads: bounds the memory


def read(size: int, *, source: str, checksum: str | None = None) -> Dataset:
    """Decode the images of a folder or archive, without unpacking it to disk.

    Parameters
    ----------
    size : int
        Height and width of the images returned.
    source : str
        A folder, or a tar, tar.gz or zip archive: an absolute path, a path relative to the
        project's root or to HINDSIGHT_MIRROR, or a URL.
    checksum : str, optional
        Of the archive, as `md5:...` or `sha256:...`.

    Returns
    -------
    Dataset
        Images uint8 [n, size, size, 1] where every one is grey, [n, size, size, 3] else.

    Raises
    ------
    UserError
        Where the source is missing, damaged or laid out otherwise, or a file is no image.
    """
    path = locate(source, checksum)
    found = find_class_folders(path, list_members(path))
    train_labels = np.fromiter(found.train.values(), np.int64)
    test_labels = np.fromiter(found.test.values(), np.int64)
    verify_labels(train_labels, test_labels, found.class_names, str(path))
    train_images = np.empty((len(found.train), size, size, 3), np.uint8)
    test_images = np.empty((len(found.test), size, size, 3), np.uint8)
    places = dict(zip(found.train, train_images, strict=True))
    places |= zip(found.test, test_images, strict=True)
    if _decode_all(path, places):
        train_images, test_images = train_images[..., :1].copy(), test_images[..., :1].copy()
    return Dataset(train_images, train_labels, test_images, test_labels, found.class_names)


def _decode_all(path: Path, places: Mapping[str, NDArray[np.uint8]]) -> bool:
    """Decode the named images into their places, and say whether all of them are grey.

    Threads are enough: Pillow and OpenCV work outside of the interpreter's lock.
    """

    def decode_batch(batch: list[tuple[str, bytes]]) -> bool:
        grey = [_decode_one(content, f"{path}: {name}", places[name]) for name, content in batch]
        progress.update(len(batch))
        return all(grey)

    all_grey, n_read = True, 0
    waiting: deque[Future[bool]] = deque()
    with (
        warnings.catch_warnings(
            action="ignore", category=UserWarning
        ),  # Pillow's, of odd EXIF data
        tqdm(total=len(places), desc=path.name, unit=" images", disable=None) as progress,
        ThreadPoolExecutor(threads()) as pool,
    ):
        for batch in _batches(read_members(path, places)):
            n_read += len(batch)
            waiting.append(pool.submit(decode_batch, batch))
            if len(waiting) == _QUEUE:
                all_grey &= waiting.popleft().result()
        for result in waiting:
            all_grey &= result.result()
    if n_read != len(places):
        raise UserError(f"{path}: {n_read} of {len(places)} images found on the second reading")
    return all_grey


def _batches(files: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    batch, n_bytes = [], 0
    for name, content in files:
        batch.append((name, content))
        n_bytes += len(content)
        if n_bytes >= _BATCH_BYTES:
            yield batch
            batch, n_bytes = [], 0
    yield batch


def _decode_one(content: bytes, name: str, place: NDArray[np.uint8]) -> bool:
    """Decode one image into its place [size, size, 3], and say whether it is grey."""
    place[...] = decode(content, name, place.shape[0])
    return bool((place == place[..., :1]).all())
