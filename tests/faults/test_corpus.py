"""Every broken input ends in one line that names it; every odd but sound one is accepted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.stage import entry
from pipeline.stage.errors import UserError
from tests.faults.bad_input import KINDS, ODDITIES, corpus

ROOT = Path(__file__).parents[2]
CASES = [
    (kind, name) for kind in KINDS for name, case in corpus(kind).CASES.items() if not case.slow
]
# As real processes, the ordinary suite runs these few; `make faults` runs all.
PROCESSES = (
    ("params", "billion laughs"),
    ("idx", "50 MB behind the array"),
    ("folders", "an escape in the name of a broken image"),
    ("images", "sound, CMYK"),
    ("downloads", "cifar10, a sound archive of other images"),
)


def test_the_corpus_is_large():
    refused = [1 for kind, name in CASES if corpus(kind).CASES[name].message is not None]
    assert len(refused) >= 120


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(("kind", "name"), CASES, ids=[": ".join(case) for case in CASES])
def test_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, name: str):
    monkeypatch.chdir(tmp_path)
    module = corpus(kind)
    case = module.CASES[name]
    source = case.write(Path(getattr(module, "NAME", "input")))
    if case.message is None:
        module.read(source)
        return
    with pytest.raises((UserError, OSError)) as caught:
        module.read(source)
    line = entry.explain(caught.value)
    assert case.message in line.replace(f"{tmp_path}/", "")
    assert kind == "params" or ODDITIES.sub(" ", Path(source).name) in line
    assert line.isprintable()
    assert len(line) <= entry.LONGEST + 5


# Not from this process: JAX, where it is loaded, forbids forks, and its memory would count.
PLAY = """
import sys
from pathlib import Path
from tests.faults.bad_input import Scratch, corpus, faults_of
from tests.faults.processes import fresh

folder, kind, name = sys.argv[1:]
outcome = Scratch(Path(folder), fresh).run(kind, name)
print(*faults_of(corpus(kind).CASES[name], outcome, kind), sep="\\n")
"""


@pytest.mark.parametrize(("kind", "name"), PROCESSES, ids=[": ".join(case) for case in PROCESSES])
def test_process(tmp_path: Path, kind: str, name: str):
    command = [sys.executable, "-c", PLAY, str(tmp_path), kind, name]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.strip() == ""
