"""What params.yaml may not say: refused in one line that names the key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.stage import params
from pipeline.stage.errors import UserError
from tests.pipeline.stage.parameters import Load

ROOT = Path(__file__).parents[3]

# One section in place of the good one, and what is said; ... stands for anything.
BAD_NAMES = """
datasets: {a: {reader: cifar, size: 8, epochs: 1}}
    datasets.a.reader: found 'cifar', expected one of ...digits
datasets: {a: {size: 8, epochs: 1}}
    datasets.a.reader: found None, expected one of ...digits
datasets: {a: {reader: 3, size: 8, epochs: 1}}
    datasets.a.reader: found 3, expected one of ...digits
features: {hogg: {}}
    features.hogg: no file features/hogg.py; expected one of ...canny, ...hog
classifiers: {svm: {}}
    classifiers.svm: no file models/classifiers/svm.py; expected one of ...linear_svm
networks: {lenet: {}}
    networks.lenet: no file models/networks/lenet.py; expected one of ...lenet5
networks: {__init__: {}}
    networks.__init__: expected a name of lower-case letters, digits and _
networks: {mlp-2: {}}
    networks.mlp-2: expected a name of
networks: {mlp.2: {}}
    networks.mlp.2: expected a name of
networks: {MLP: {}}
    networks.MLP: expected a name of
networks: {3: {}}
    networks.3: expected a name of
networks: {../networks/mlp: {}}
    networks.../networks/mlp: expected a name of
"""
BAD_KEYS = """
features: {hog: {cells: 4}}
    features.hog.cells: unknown key; expected ...pixels_per_cell
features: {raw: {pool: 4}}
    features.raw.pool: unknown key; expected none
classifiers: {logistic: {epochs: 3}}
    classifiers.logistic.epochs: unknown key; expected C
networks: {mlp: {lr: 0.1}}
    networks.mlp.lr: unknown key; expected hidden, ...learning_rate
networks: {mlp: {classes: 3}}
    networks.mlp.classes: unknown key
datasets: {digits: {reader: digits, size: 8, epochs: 1, source: x}}
    datasets.digits.source: unknown key; expected reader, size, epochs
datasets: {digits: {reader: digits, size: 8, epochs: 1, stream: true}}
    datasets.digits.stream: unknown key; expected reader, size, epochs
datasets: {own: {reader: folder, source: x, size: 8, epochs: 1, stream: yes please}}
    datasets.own.stream: found 'yes please', expected bool
datasets: {digits: {reader: digits, size: 8, epochs: 1, datasets: [digits]}}
    datasets.digits.datasets: unknown key
datasets: {digits: {reader: digits, size: 8}}
    datasets.digits.epochs: missing; expected int
datasets: {digits: {reader: digits, epochs: 8}}
    datasets.digits.size: missing; expected int
datasets: {own: {reader: folder, size: 8, epochs: 1}}
    datasets.own.source: missing; expected str
"""
BAD_VALUES = """
datasets: {digits: {reader: digits, size: 8.0, epochs: 1}}
    datasets.digits.size: found 8.0, expected int
datasets: {digits: {reader: digits, size: big, epochs: 1}}
    datasets.digits.size: found 'big', expected int
datasets: {digits: {reader: digits, size: true, epochs: 1}}
    datasets.digits.size: found True, expected int
datasets: {digits: {reader: digits, size: 0, epochs: 1}}
    datasets.digits.size: found 0, expected at least 1
datasets: {digits: {reader: digits, size: 8, epochs: -1}}
    datasets.digits.epochs: found -1, expected at least 1
datasets: {digits: {reader: digits, size: [8, 16], epochs: 1}}
    datasets.digits.size: found [8, 16], expected int
features: {hog: {orientations: nine}}
    features.hog.orientations: found 'nine', expected int
features: {hog: {orientations: [8, 9]}}
    features.hog.orientations: found [8, 9], expected int
features: {hog: {orientations: null}}
    features.hog.orientations: found None, expected int
features: {hog: 9}
    features.hog: found 9, expected key: value pairs
features: {hog: [9]}
    features.hog: found [9], expected key: value pairs
features: [hog]
    features: found ['hog'], expected names with entries
features: hog
    features: found 'hog', expected names with entries
features: null
    features: found nothing, expected names with entries, or {}
classifiers: {logistic: {C: true}}
    classifiers.logistic.C: found True, expected float
classifiers: {logistic: {C: '1'}}
    classifiers.logistic.C: found '1', expected float
classifiers: {logistic: {C: .nan}}
    classifiers.logistic.C: found nan, expected a finite number
classifiers: {logistic: {C: [1, .inf]}}
    classifiers.logistic.C: found inf, expected a finite number
classifiers: {logistic: {C: {a: 1}}}
    classifiers.logistic.C: found {'a': 1}, expected float
networks: {mlp: {learning_rate: 0}}
    networks.mlp.learning_rate: found 0, expected more than 0
networks: {mlp: {learning_rate: [0.1, -1]}}
    networks.mlp.learning_rate: found -1, expected more than 0
networks: {mlp: {optimizer: rmsprop}}
    networks.mlp.optimizer: found 'rmsprop', expected one of sgd, adam
networks: {mlp: {batch_size: 0}}
    networks.mlp.batch_size: found 0, expected at least 1
networks: {mlp: {epochs: 0}}
    networks.mlp.epochs: found 0, expected at least 1
networks: {mlp: {datasets: mnist}}
    networks.mlp.datasets: found 'mnist', expected a list of dataset names
networks: {mlp: {datasets: [mnist, digit]}}
    networks.mlp.datasets: found digit, expected digits
networks: {mlp: {on: {digts: {hidden: 20}}}}
    networks.mlp.on: found digts, expected digits
features: {raw: {datasets: [1]}}
    features.raw.datasets: found [1], expected a list of dataset names
features: {raw: {datasets: []}}
    features.raw.datasets: found [], expected a list of dataset names
features: {raw: {skip: [mnist]}}
    features.raw.skip: found ['mnist'], expected {a dataset: why}
features: {raw: {skip: {mnist: 3}}}
    features.raw.skip: found {'mnist': 3}, expected {a dataset: why}
features: {hog: {on: mnist}}
    features.hog.on: found 'mnist', expected {a dataset: {key: value}}
features: {hog: {on: {mnist: 8}}}
    features.hog.on.mnist: found 8, expected key: value pairs in braces
features: {hog: {on: {mnist: {orientations: nine}}}}
    features.hog.on.mnist.orientations: found 'nine', expected int
features: {hog: {on: {mnist: {cells: 3}}}}
    features.hog.on.mnist.cells: unknown key; expected ...pixels_per_cell
networks: {mlp: {hidden: [1, 2], on: {mnist: {learning_rate: [1, 2, 3]}}}}
    networks.mlp.on.mnist: 6 settings in hidden, learning_rate; expected at most 5
studies: {learning_curves: {}}
    studies.learning_curves: no file pipeline/studies/learning_curves.py; expected one of ablation
studies: {learning_curve: {}}
    studies.learning_curve.sizes: missing; expected Sequence[int]
studies: {learning_curve: {sizes: 3}}
    studies.learning_curve.sizes: found 3, expected Sequence[int]
studies: {learning_curve: {sizes: [0.5]}}
    studies.learning_curve.sizes: found 0.5, expected int
studies: {ablation: {augmentation: plannar}}
    studies.ablation.augmentation: found 'plannar', expected one of none
studies: {learning_curve: {sizes: [100], C: [small]}}
    studies.learning_curve.C: found 'small', expected float
studies: {ablation: {rungs: 3}}
    studies.ablation.rungs: unknown key; expected epochs, ...learning_rate
networks: {mlp: {on: {mnist: {optimizer: rmsprop}}}}
    networks.mlp.on.mnist.optimizer: found 'rmsprop', expected one of sgd, adam
"""
BAD_CHOICES = """
classifiers: {logistic: {C: []}}
    classifiers.logistic.C: found an empty list, expected the values to choose from
classifiers: {logistic: {C: [1, 2, 3, 4, 5, 6]}}
    classifiers.logistic: 6 settings in C; expected at most 5
networks: {mlp: {hidden: [1, 2], learning_rate: [1, 2, 3]}}
    networks.mlp: 6 settings in hidden, learning_rate; expected at most 5
networks: {mlp: {seeds: [1, 2]}}
    networks.mlp.seeds: found [1, 2], expected one number
networks: {mlp: {epochs: [1, 2]}}
    networks.mlp.epochs: found [1, 2], expected one number
"""
BAD_FILES = """
# nothing at all
    found the keys None
- digits
    found the keys ['digits']
a word
    found the keys 'a word'
datasets: {}
    found the keys datasets; expected datasets, features, classifiers, networks, studies
{datasets: {}, features: {}, classifiers: {}, networks: {}, studies: {}, models: {}}
    found the keys datasets, features, classifiers, networks, studies, models; expected datasets
datasets: {digits: {reader
    no valid YAML: ...line 1
{datasets: {}, features: {raw: {}, raw: {}}, classifiers: {}, networks: {}}
    no valid YAML: ...duplicate key "raw"
datasets: !!python/object/apply:os.system [true]
    no valid YAML: could not determine a constructor
"""


def pairs(text: str):
    lines = text.strip().splitlines()
    return list(zip(lines[::2], map(str.strip, lines[1::2]), strict=True))


def one_line(message: str):
    """Return a pattern for a line that begins with `message`."""
    return rf"\A{'.*'.join(map(re.escape, message.split('...')))}.*\Z"


@pytest.mark.parametrize(
    ("entry", "message"),
    [pair for cases in (BAD_NAMES, BAD_KEYS, BAD_VALUES, BAD_CHOICES) for pair in pairs(cases)],
)
def test_bad_entries_are_named_in_one_line(load: Load, entry: str, message: str):
    section, _, entries = entry.partition(": ")
    with pytest.raises(UserError, match=one_line(message)):
        load(**{section: entries})


@pytest.mark.parametrize(("text", "message"), pairs(BAD_FILES))
def test_files_of_another_form_are_refused(load: Load, tmp_path: Path, text: str, message: str):
    with pytest.raises(UserError, match=one_line(f"{tmp_path}/params.yaml: {message}")):
        load(text)


@pytest.mark.parametrize("content", [b"", b"\0", b"\xff\xfe\x00datasets"])
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, content: bytes):
    (tmp_path / "params.yaml").write_bytes(content)
    with pytest.raises(UserError, match=one_line(f"{tmp_path}/params.yaml: ")):
        params.load(tmp_path / "params.yaml")


def test_without_the_file_it_says_where_to_run(tmp_path: Path):
    with pytest.raises(UserError, match="not found; run from the project's root"):
        params.load(tmp_path / "params.yaml")
