"""Nothing runs what it reads, and nothing is written where it has no business.

That the page shows the words of the tables as text: tests/pipeline/website/test_page.py. That
archives stay inside their folder: corpus/archives.py. That no array is unpickled:
tests/pipeline/stage/test_files.py.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.pipeline.conftest import cheap_project

ROOT = Path(__file__).parents[2]
# What ruff does not ban, or does not see in shell scripts and notebooks.
BANNED = re.compile(
    r"\bpickle\b|\b(cloudpickle|dill|shelve|marshal)\b|read_pickle|to_pickle|joblib\.(load|dump|Memory)"
    r"|\btorch\.(load|save)|allow_pickle=True|(?<![\w.])(eval|exec)\(|\byaml\.(unsafe_|full_)?load\("
    r"|shell=True|os\.(system|popen)\(|tempfile\.mktemp"
)
LOAD = re.compile(r"np\.(load|save|savez)\((?!.*allow_pickle=False)")
# Tests that plant a pickle or send one between processes, and that run the lecture's cells.
ALLOWED = {
    "tests/faults/test_security.py",
    "tests/pipeline/ingest/test_records.py",
    "tests/pipeline/stage/test_files.py",
    "tests/test_lecture.py",
}
RUFF = ("ruff", "check", "--no-cache", "--output-format=concise")
LINTED = {
    "S102": 'exec("1")',
    "S301": 'import pickle\n\npickle.loads(b"")',
    "S302": 'import marshal\n\nmarshal.loads(b"")',
    "S307": 'eval("1")',
    "S506": 'import yaml\n\nyaml.load("1", yaml.Loader)',
    "S602": 'import subprocess\n\nsubprocess.run("ls", shell=True)',
    "S605": 'import os\n\nos.system("ls " + input())',
    "S306": "import tempfile\n\ntempfile.mktemp()",
}
STAGES = (
    ("check",),
    ("prepare", "digits"),
    ("extract", "digits", "hog"),
    ("fit", "digits", "hog", "logistic"),
    ("train", "digits", "mlp"),
)
# Python imports a module of this name before anything else. C libraries are not seen: what they
# leave in the user's folder is.
WATCH = """\
import os, sys

log = os.open(os.environ["WRITES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT
# Where the arguments of an event have the name, and the folder that it is relative to.
places = {"os.mkdir": (0, 2), "os.remove": (0, 1), "os.rmdir": (0, 1)}
places |= {"os.rename": (1, 3), "os.symlink": (1, 2), "os.link": (1, 3)}

def hook(event, args):
    if event in places:
        name, folder = (args[place] for place in places[event])
    elif event == "open" and args[2] & writes and not isinstance(args[0], int):
        name, folder = args[0], -1
    else:
        return
    base = os.getcwd() if folder == -1 else os.readlink(f"/proc/self/fd/{folder}")
    os.write(log, os.path.join(base, os.fsdecode(name)).encode() + b"\\n")

sys.addaudithook(hook)
"""
RUN = f"""\
import runpy, sys
for words in {STAGES}:
    sys.argv = list(words)
    try:
        runpy.run_module(f"pipeline.{{words[0]}}", run_name="__main__")
    except SystemExit as done:
        if done.code:
            raise
"""


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.py", "*.sh", "*.ipynb", "Makefile", "dvc.yaml", ".ci/run"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


def test_no_file_runs_what_it_reads():
    found = [
        f"{name}:{number}: {line.strip()}"
        for name in tracked()
        if name not in ALLOWED
        for number, line in enumerate((ROOT / name).read_text("utf-8").splitlines(), start=1)
        if BANNED.search(line) or (LOAD.search(line) and not name.startswith("tests/"))
    ]
    assert found == []


@pytest.mark.parametrize("file", ["pipeline/new_file.py", "tests/test_new_file.py"])
def test_the_linter_bans_it(file: str):
    for rule, code in LINTED.items():
        linted = subprocess.run(
            [*RUFF, "--stdin-filename", file, "-"],
            cwd=ROOT,
            input=code,
            capture_output=True,
            text=True,
            check=False,
        )
        assert f" {rule} " in linted.stdout, f"{rule}: {linted.stdout}{linted.stderr}"


def test_stages_write_into_the_project_and_the_temporary_folder_alone(tmp_path: Path):
    folders = home, watch, temporary = [tmp_path / name for name in ("home", "watch", "tmp")]
    for folder in folders:
        folder.mkdir()
    project = cheap_project(tmp_path, temporary)
    (watch / "sitecustomize.py").write_text(WATCH)
    own = {"HOME": str(home), "XDG_CACHE_HOME": str(home), "PYTHONPATH": str(watch)}
    project.run("python", "-c", RUN, **own, WRITES=str(tmp_path / "writes"))
    written = {Path(line) for line in (tmp_path / "writes").read_text().splitlines()}
    assert project.root / "artifacts/scores/digits/mlp/scores.npy.part" in written
    where = ("TMPDIR", "HINDSIGHT_CACHE", "JAX_COMPILATION_CACHE_DIR")
    allowed = [project.root, *(Path(project.environment[name]) for name in where)]
    elsewhere = {path for path in written if not any(map(path.is_relative_to, allowed))}
    assert elsewhere <= {Path("/dev/null")}
    assert list(home.rglob("*")) == []
