"""Any folder or archive of `train/<class>/<image>` and `test/...` or `val/...`: your own images."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from pipeline.ingest.archives import list_members, read_members
from pipeline.ingest.class_folders import ClassFolders, find_class_folders
from pipeline.ingest.dataset import Dataset, Recorded, verify_labels
from pipeline.ingest.photographs import decode
from pipeline.ingest.records import Records, images_file, recording
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


Labels = NDArray[np.int64]
Keep = Callable[[str, NDArray[np.uint8]], None]  # takes a decoded image [size, size, 3], by name


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
    path, found, train_labels, test_labels = _find(source, checksum)
    train_images, test_images = _load(path, found, size)
    return Dataset(train_images, train_labels, test_images, test_labels, found.class_names)


def record(size: int, folder: Path, *, source: str, checksum: str | None = None) -> Recorded:
    """Like `read`, but leave the images encoded, for more of them than memory holds.

    Each is decoded once, so that a damaged one is found.

    Parameters
    ----------
    size, source, checksum
        As of `read`.
    folder : Path
        Where the encoded images are written.

    Returns
    -------
    Recorded
    """
    path, found, train_labels, test_labels = _find(source, checksum)
    train_images, test_images = _record(path, found, size, folder)
    return Recorded(train_images, train_labels, test_images, test_labels, found.class_names)


def _find(source: str, checksum: str | None) -> tuple[Path, ClassFolders, Labels, Labels]:
    """Find the images, and their labels in the two splits."""
    path = locate(source, checksum)
    found = find_class_folders(path, list_members(path))
    train_labels = np.fromiter(found.train.values(), np.int64)
    test_labels = np.fromiter(found.test.values(), np.int64)
    verify_labels(train_labels, test_labels, found.class_names, str(path))
    return path, found, train_labels, test_labels


def _load(
    path: Path, found: ClassFolders, size: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Decode all images into memory."""
    train = np.empty((len(found.train), size, size, 3), np.uint8)
    test = np.empty((len(found.test), size, size, 3), np.uint8)
    places = dict(zip(found.train, train, strict=True)) | dict(zip(found.test, test, strict=True))

    def keep(name: str, image: NDArray[np.uint8]) -> None:
        places[name][...] = image

    if _decode_all(path, read_members(path, places), len(places), size, keep):
        return train[..., :1].copy(), test[..., :1].copy()
    return train, test


def _record(path: Path, found: ClassFolders, size: int, folder: Path) -> tuple[Records, Records]:
    """Copy all images, still encoded, in the order in which they are stored; measure each."""
    files = [images_file(folder, split) for split in ("train", "test")]
    with (
        recording(files[0], len(found.train)) as train,
        recording(files[1], len(found.test)) as test,
    ):
        places = {name: (train, number) for number, name in enumerate(found.train)}
        places |= {name: (test, number) for number, name in enumerate(found.test)}

        def copied() -> Iterator[tuple[str, bytes]]:
            for name, content in read_members(path, places):
                recorder, number = places[name]
                recorder.write(number, content)
                yield name, content

        def keep(name: str, image: NDArray[np.uint8]) -> None:
            recorder, number = places[name]
            recorder.measure(number, image)

        channels = 1 if _decode_all(path, copied(), len(places), size, keep) else 3
    return Records(files[0], (size, size, channels)), Records(files[1], (size, size, channels))


def _decode_all(
    path: Path, files: Iterable[tuple[str, bytes]], n_files: int, size: int, keep: Keep
) -> bool:
    """Decode image files, hand over each image, and say whether all of them are grey.

    Threads are enough: Pillow and OpenCV work outside of the interpreter's lock.
    """

    def decode_batch(batch: list[tuple[str, bytes]]) -> bool:
        all_grey = True
        for name, content in batch:
            image = decode(content, f"{path}: {name}", size)
            keep(name, image)
            all_grey &= bool((image == image[..., :1]).all())
        progress.update(len(batch))
        return all_grey

    all_grey, n_read = True, 0
    waiting: deque[Future[bool]] = deque()
    with (
        # Pillow's, of odd EXIF data.
        warnings.catch_warnings(action="ignore", category=UserWarning),
        tqdm(total=n_files, desc=path.name, unit=" images", disable=None) as progress,
        ThreadPoolExecutor(threads()) as pool,
    ):
        for batch in _batches(files):
            n_read += len(batch)
            waiting.append(pool.submit(decode_batch, batch))
            if len(waiting) == _QUEUE:
                all_grey &= waiting.popleft().result()
        for result in waiting:
            all_grey &= result.result()
    if n_read != n_files:
        raise UserError(f"{path}: {n_read} of {n_files} images found on the second reading")
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
