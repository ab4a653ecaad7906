"""What must hold of every input: it is read as it was written, or refused in one line."""

from __future__ import annotations

import gzip
import struct
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pipeline.datasets import cifar10
from pipeline.ingest import archives
from pipeline.ingest.idx import read_idx
from pipeline.stage import entry, params, plugins, validation
from pipeline.stage.errors import UserError
from tests.faults.corpus import cifar as cifar_corpus
from tests.faults.corpus import idx as idx_corpus
from tests.faults.corpus import usps as usps_corpus
from tests.faults.corpus.archives import packed, tar

# The same examples each time: a test that fails now and then helps nobody.
few = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
NOTHING = object()


def read_or_refused(read: Callable[[Path], object], content: bytes) -> object:
    """Return what is read from a file of this content, or NOTHING after one printable line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input"
        path.write_bytes(content)
        try:
            return read(path)
        except UserError as error:
            line = entry.explain(error)
            assert line.isprintable()
            assert str(path) in line
            return NOTHING


@st.composite
def damaged(draw: st.DrawFn, sound: bytes) -> bytes:
    """Change, insert, remove or repeat a few bytes of a sound file."""
    content = bytearray(sound)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, min(start + 8, len(content))))
        content[start:end] = draw(st.one_of(st.binary(max_size=8), st.just(content[start:] * 2)))
    assume(content != sound)
    return bytes(content)


@few
@given(st.lists(st.integers(0, 5), min_size=1, max_size=4), st.data())
def test_idx_is_read_as_written(shape: list[int], data: st.DataObject):
    body = data.draw(st.binary(min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    content = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + body
    found = read_or_refused(lambda path: read_idx(path, tuple(shape)), gzip.compress(content))
    np.testing.assert_array_equal(found, np.frombuffer(body, np.uint8).reshape(shape))


@few
@given(damaged(gzip.decompress(idx_corpus.SOUND)))
def test_damaged_idx_is_refused_unless_only_values_change(content: bytes):
    found = read_or_refused(idx_corpus.read, gzip.compress(content))
    assert found is NOTHING or (
        found.tobytes() == content[16:] and content[:16] == gzip.decompress(idx_corpus.SOUND)[:16]
    )


@few
@given(damaged(idx_corpus.SOUND))
def test_damaged_gzip_is_refused_or_holds_the_same(content: bytes):
    found = read_or_refused(idx_corpus.read, content)
    assert found is NOTHING or found.tobytes() == idx_corpus.BODY


@few
@given(st.lists(st.integers(0, 255), min_size=10, max_size=10) | st.permutations(range(10)))
def test_cifar_labels_must_be_of_every_class_once(labels: list[int]):
    rows = cifar_corpus.ROWS.copy()
    rows[:, 0] = labels
    content = cifar_corpus.tar(cifar_corpus.BATCHES | {cifar_corpus.NAMES[-1]: rows.tobytes()})
    found = read_or_refused(cifar_corpus.read, content)
    assert (found is not NOTHING) == (sorted(labels) == list(range(10)))
    if found is not NOTHING:
        assert found.test_labels.tolist() == labels


@few
@given(st.integers(0, 3 * len(cifar_corpus.BATCH)))
def test_cifar_batches_must_be_of_one_length(n_bytes: int):
    name = cifar_corpus.NAMES[2]
    batch = (cifar_corpus.BATCH * 3)[:n_bytes]
    found = read_or_refused(
        cifar_corpus.read, cifar_corpus.tar(cifar_corpus.BATCHES | {name: batch})
    )
    assert (found is not NOTHING) == (n_bytes == len(cifar_corpus.BATCH))


@few
@given(st.integers(0, 31), st.integers(0, 31), st.integers(0, 9), st.data())
def test_cifar_pixels_keep_their_places(row: int, column: int, label: int, data: st.DataObject):
    pixel = data.draw(st.lists(st.integers(0, 255), min_size=3, max_size=3))
    rows = cifar_corpus.ROWS.copy()
    rows[label, 1 + row * 32 + column :: 1024] = pixel
    content = cifar_corpus.tar(cifar_corpus.BATCHES | {cifar10._BATCHES[0]: rows.tobytes()})
    found = read_or_refused(cifar_corpus.read, content)
    assert found.train_images[label, row, column].tolist() == pixel


@few
@given(
    st.sampled_from(["%.3f", "%.4f", "%g", "%+.3e"]),
    st.sampled_from([" ", "\t", "\n", " \r\n", "   "]),
)
def test_usps_is_read_in_any_form(form: str, between: str):
    text = between.join(form % value for value in usps_corpus.ROWS.ravel())
    images, labels = read_or_refused(usps_corpus.read, usps_corpus.packed(text))
    assert labels.tolist() == usps_corpus.ROWS[:, 0].tolist()
    expected = np.rint((usps_corpus.ROWS[:, 1:] + 1) * 127.5)
    np.testing.assert_array_equal(images.reshape(4, 256), expected)


@few
@given(st.integers(0, 4 * 257 - 1), st.one_of(st.text(max_size=9), st.floats().map(str)))
def test_usps_with_another_word_is_refused(place: int, word: str):
    words = usps_corpus.text().split()
    with suppress(ValueError):
        assume(abs(float(word) - float(words[place])) > 0.001)
    words[place] = word
    content = usps_corpus.packed(" ".join(words).encode("utf-8", "surrogatepass"))
    assert read_or_refused(usps_corpus.read, content) is NOTHING


def everything(path: Path) -> dict[str, bytes]:
    """Read all files of an archive, as the readers do."""
    names = {member.name for member in archives.list_members(path) if not member.is_folder}
    return dict(archives.read_members(path, names))


names = st.text(st.characters(exclude_characters="/\\\0", codec="utf-8"), min_size=1, max_size=5)
paths = st.lists(names, min_size=1, max_size=4).map("/".join)


def is_plain(path: str) -> bool:
    """Tell a path that no rule of the archives concerns: hidden, above, absolute."""
    return not any(part.startswith(".") for part in path.split("/"))


@few
@given(st.dictionaries(paths.filter(is_plain), st.binary(max_size=600), max_size=5))
def test_archives_hold_what_was_put_in(files: dict[str, bytes]):
    assert read_or_refused(everything, tar(files)) == files
    assert read_or_refused(everything, packed(files)) == files


@few
@given(
    st.dictionaries(st.text("./ax\\\n", min_size=1, max_size=9), st.binary(max_size=9), max_size=3)
)
def test_no_name_leads_outside(files: dict[str, bytes]):
    for content in (tar(files), packed(files)):
        found = read_or_refused(everything, content)
        if found is not NOTHING:
            parts = [part for name in found for part in name.split("/")]
            assert ".." not in parts
            assert not any(name.startswith("/") for name in found)


@few
@given(
    damaged(tar({"a": b"xy" * 300, "b/c": b"z"})[:4096])
    | damaged(packed({"a": b"xy" * 300, "b": b""}))
)
def test_damaged_archives_are_read_or_refused(content: bytes):
    read_or_refused(everything, content)


def refusal(path: Path) -> UserError:
    """Return how params.yaml was refused."""
    try:
        validation.check(params.load(path))
    except UserError as error:
        return error
    return UserError("sound")


simple = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
keys = (
    st.sampled_from(["reader", "size", "epochs", "source", "stream", "C", "on", "datasets"]) | names
)
entries = st.recursive(
    simple,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=8,
)
plugin_names = {section: plugins.names(section) for section in params.SECTIONS}


@few
@given(st.sampled_from(params.SECTIONS), st.data())
def test_any_entry_is_valid_or_refused(section: str, data: st.DataObject):
    name = data.draw(st.sampled_from(plugin_names[section]) | names)
    content = dict.fromkeys(params.SECTIONS, None) | {section: {name: data.draw(entries)}}

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "params.yaml"
        with path.open("w", encoding="utf-8") as file:
            YAML(typ="safe").dump(content, file)
        assert entry.explain(refusal(path)).isprintable()


@few
@given(damaged(Path("params.yaml").read_bytes()[:3000]))
def test_damaged_params_are_valid_or_refused(content: bytes):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "params.yaml"
        path.write_bytes(content)
        assert entry.explain(refusal(path)).isprintable()
