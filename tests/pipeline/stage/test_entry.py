"""The entry points of stages and tools: exit codes, mistakes in one line, death with the parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.stage import entry, errors

ROOT = Path(__file__).parents[3]
# What TensorStore says, but for its length.
UNWRITTEN = (
    'RESOURCE_EXHAUSTED: Error writing "1/0.0" in OCDBT database at local file "/c/0/": Failed '
    "writing: \"/c/0/d\": Failed to write 207 bytes to file 16: No space left [os_error_code='28']"
)
LESS = "a smaller dataset size or batch_size needs less"

Start = Callable[..., "subprocess.Popen[str]"]


def test_a_stage_that_succeeds(start: Start):
    stage = start("print(dataset, network)", "digits", "mlp", arguments="dataset, network")
    output, errors = stage.communicate()
    assert (stage.returncode, output, errors) == (0, "digits mlp\n", "")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise errors.UserError('digits: found 3')", "digits: found 3"),
        ("raise errors.UserError('two\\n  lines')", "two lines"),
        ("raise MemoryError", f"out of memory (no details); {LESS}"),
        ("bytearray(2**62)", f"out of memory (no details); {LESS}"),
        (
            "raise RuntimeError('RESOURCE_EXHAUSTED: 9G')",
            f"out of memory (RESOURCE_EXHAUSTED: 9G); {LESS}",
        ),
        (
            "raise ImportError('IMPORTANT:\\n\\nnumpy.so: failed to map segment\\nmore')",
            f"out of memory (numpy.so: failed to map segment); {LESS}",
        ),
        (f"raise ValueError({UNWRITTEN!r})", "no space left on the disk that holds /c/0/d"),
        ("open('none.npy')", "none.npy: No such file or directory"),
        ("with entry.blame('mlp'): raise ValueError('hidden: 0')", "mlp: hidden: 0"),
        (
            "from dataclasses import make_dataclass as made\n"
            "with entry.blame('networks.mlp'): made('Mlp', ['hidden'])(units=3)",
            "networks.mlp: Mlp.__init__() got an unexpected keyword argument 'units'",
        ),
    ],
    ids=[
        "user",
        "two lines",
        "MemoryError",
        "too large",
        "on the device",
        "no room for a library",
        "no room for a checkpoint",
        "no file",
        "plug-in",
        "option unknown to a plug-in",
    ],
)
def test_a_mistake_is_one_line_and_exit_code_1(start: Start, body: str, message: str):
    stage = start(body, "digits", arguments="dataset")
    output, errors = stage.communicate()
    assert (stage.returncode, output, errors) == (1, "", f"work@digits: {message}\n")


@pytest.mark.parametrize(("what", "lines"), [("Event loop is closed", 0), ("a bug", 1)])
def test_only_errors_that_are_raised_anyway_are_kept_quiet(start: Start, what: str, lines: int):
    body = f"""
        class Dropped:
            def __del__(self):
                raise RuntimeError({what!r})
        Dropped()
    """
    _, errors = start(body, "digits", arguments="dataset").communicate()
    assert errors.count(f"RuntimeError: {what}") == lines


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_line_that_names_the_file(start: Start):
    stage = start(
        """
        from pipeline.stage import files
        Path("out.part").symlink_to("/dev/full")
        files.write_text(Path("out"), "x" * 100_000)
        """
    )
    _, errors = stage.communicate()
    assert (stage.returncode, errors) == (
        1,
        "work: no space left on the disk that holds out\n",
    )


def test_a_full_disk_without_a_name_is_that_of_the_folder():
    error = OSError(entry.errno.ENOSPC, "No space left on device")
    assert entry.explain(error) == f"no space left on the disk that holds {Path.cwd()}"


def test_an_unforeseen_error_keeps_its_traceback(start: Start):
    stage = start("1 / 0")
    _, errors = stage.communicate()
    assert stage.returncode == 1
    assert "Traceback" in errors


def test_a_mistake_in_the_code_of_a_plugin_keeps_its_traceback(start: Start):
    stage = start("with entry.blame('networks.mlp'): len(3)")
    _, errors = stage.communicate()
    assert stage.returncode == 1
    assert "Traceback" in errors
    assert "networks.mlp" not in errors.splitlines()[-1]


@pytest.mark.parametrize("words", [[], ["digits"], ["digits", "mlp", "more"]])
def test_another_number_of_words_is_answered_with_the_usage(start: Start, words: list[str]):
    stage = start("print('ran')", *words, arguments="dataset, network")
    output, errors = stage.communicate()
    assert (stage.returncode, output, errors) == (
        1,
        "",
        "usage: python -m pipeline.work DATASET NETWORK\n",
    )


@pytest.mark.parametrize("words", [["--help"], ["digits", "-h"]])
def test_help_is_no_mistake(start: Start, words: list[str]):
    output, errors = start("1 / 0", *words, arguments="dataset, network").communicate()
    assert (output, errors) == ("usage: python -m pipeline.work DATASET NETWORK\n", "")


def test_a_path_is_no_name(start: Start, tmp_path: Path):
    stage = start("print(dataset)", "/home/me/images", arguments="dataset")
    _, said = stage.communicate()
    expected = "dataset: found /home/me/images, expected a name out of params.yaml\n"
    assert (stage.returncode, said.endswith(expected)) == (1, True)
    assert not list(tmp_path.rglob("*.lock"))


def test_ctrl_c_is_one_line(start: Start):
    # A shell starts background jobs with SIGINT ignored, which a child inherits.
    stage = start(
        """
        import signal
        signal.signal(signal.SIGINT, signal.default_int_handler)
        print("ready", flush=True)
        time.sleep(60)
        """
    )
    stage.stdout.readline()
    stage.send_signal(signal.SIGINT)
    _, errors = stage.communicate()
    assert (stage.returncode, errors) == (
        130,
        "work: interrupted; `dvc repro` goes on from here\n",
    )


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (errors.UserError("digits: found 3"), 2, "digits: found 3"),
        (FileNotFoundError(2, "No such file or directory", "a.npy"), 2, "a.npy: No such file"),
        (RuntimeError("RESOURCE_EXHAUSTED: 9G"), 2, "out of memory (RESOURCE_EXHAUSTED: 9G)"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
    ids=["user", "no file", "on the device", "ctrl-c"],
)
def test_a_tool_that_fails_says_so_in_one_line(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
):
    @entry.tool(failed=2)
    def main(words: list[str]) -> int:
        raise error if words else AssertionError

    assert main(["digits"]) == code
    written = capsys.readouterr().err
    assert written.startswith(f"test_entry: {said}")
    assert written.count("\n") == 1
    with pytest.raises(AssertionError):
        main([])


def said_by_an_orphan(start: Start, tmp_path: Path, seconds: float):
    """Kill the parent of a stage that takes some seconds; return what the stage says then."""
    child = tmp_path / "child.py"
    body = f"print('ready', flush=True)\ntime.sleep({seconds})\nprint('survived')"
    start(body, stage="child").kill()
    # The child writes to the parent's pipe, which ends when both are dead.
    parent = start(f"import subprocess\nsubprocess.run([sys.executable, {str(child)!r}])")
    assert parent.stdout.readline() == "ready\n"
    os.kill(parent.pid, signal.SIGKILL)
    return parent.stdout.read()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of a parent's death")
def test_a_stage_dies_with_its_parent(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DVC_STAGE", "work")
    assert said_by_an_orphan(start, tmp_path, 30) == ""


def test_a_stage_that_was_started_by_hand_outlives_its_shell(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("DVC_STAGE", raising=False)
    assert said_by_an_orphan(start, tmp_path, 0.5) == "survived\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of a parent's death")
def test_a_stage_whose_dvc_has_died_already_does_not_run():
    # dvc takes a moment to die, Python takes one to start.
    code = "import os, sys, time; time.sleep(0.3); sys.argv = ['-m']; import pipeline"
    words = ["sh", "-c", f'"{sys.executable}" -c "{code}; print(os.getppid())" &']
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DVC_STAGE": "work"}
    said = subprocess.run(words, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    if said.stdout not in ("", "1\n"):
        pytest.skip("another process than the first takes care of orphans here")
    assert said.stdout == ""
    del environment["DVC_STAGE"]
    said = subprocess.run(words, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    assert said.stdout == "1\n"
