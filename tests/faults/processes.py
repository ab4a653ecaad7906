"""Processes that are measured: started anew, or forked where the libraries are loaded."""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO

PATIENCE = 300  # seconds by the clock

Start = Callable[[list[str], Path, dict[str, str], IO[bytes]], int]


def measured(
    start: Start, words: list[str], folder: Path, environment: dict[str, str]
) -> tuple[int, list[str], float, float, float]:
    """Run a module and return its exit code, errors, seconds and memory."""
    with tempfile.TemporaryFile() as errors:
        begin = time.perf_counter()
        _, status, used = os.wait4(start(words, folder, environment, errors), 0)
        wall = time.perf_counter() - begin
        errors.seek(0)
        lines = errors.read().decode(errors="replace").splitlines()
    processor = used.ru_utime + used.ru_stime
    return os.waitstatus_to_exitcode(status), lines, wall, processor, used.ru_maxrss / 1024


def fresh(words: list[str], folder: Path, environment: dict[str, str], errors: IO[bytes]) -> int:
    """Start `python -m` and return its number."""
    command = ["timeout", "--signal=KILL", str(PATIENCE), sys.executable, "-m", *words]
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=errors, stderr=errors)
    process.returncode = 0  # it is not to be waited for again
    return process.pid


def forked(words: list[str], folder: Path, environment: dict[str, str], errors: IO[bytes]) -> int:
    """Do what `python -m` does in a fork of this process, which has the libraries loaded."""
    child = os.fork()
    if child:
        return child
    os.dup2(errors.fileno(), 1)
    os.dup2(errors.fileno(), 2)
    os.chdir(folder)
    os.environ.update(environment)
    signal.alarm(PATIENCE)
    sys.argv[1:] = words[1:]
    code: object = 0
    try:
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)
