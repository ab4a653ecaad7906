"""The entry point of every stage: threads, locks, death with the parent, errors in one line.

Only the standard library is imported here, so that a Python without the project's packages is
told from a broken stage, and so that the threads are pinned before NumPy or JAX load.
"""

from __future__ import annotations

import ctypes
import errno
import inspect
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from pipeline.stage.errors import UserError
from pipeline.stage.locks import machine_lock, stage_lock

DEFAULT_THREADS = 2


def threads() -> int:
    """Return the number of threads that every stage uses.

    A constant, and not the number of cores: linear algebra in another number of threads differs
    in the last bits. ``HINDSIGHT_THREADS`` changes it.

    Raises
    ------
    UserError
        ``HINDSIGHT_THREADS`` is not a positive whole number.
    """
    value = os.environ.get("HINDSIGHT_THREADS", str(DEFAULT_THREADS))
    if not (value.isdecimal() and int(value) > 0):
        raise UserError(
            f"HINDSIGHT_THREADS: found {value!r}, expected a whole number of at least 1"
        )
    return int(value)


def pin_threads() -> None:
    """Set the thread counts of BLAS and XLA. Call before NumPy or JAX is imported.

    BLAS gets one thread: the parallel work is split by joblib and XLA, and on these small matrices
    a second one only waits for the first (a logistic regression on digits beside another running
    program: 3.1 s with two threads, 0.5 s with one).
    """
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    os.environ["NPROC"] = str(threads())  # the size of XLA's thread pool


def die_with_parent() -> None:
    """Have the kernel kill this process when dvc dies (Linux), so that none is left behind."""
    if sys.platform == "linux":
        parent_death_signal = 1  # PR_SET_PDEATHSIG in <sys/prctl.h>
        parent = os.getppid()
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)
        if os.getppid() != parent:  # it died in between
            os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def blame(what: str) -> Iterator[None]:
    """Turn a plug-in's ValueError about its input into a UserError that names `what`."""
    try:
        yield
    except ValueError as error:
        raise UserError(f"{what}: {error}") from error


def run(main: Callable[..., None], *, timing: bool = False) -> NoReturn:
    """Run a stage's `main` with the command line's words, and exit.

    Parameters
    ----------
    main : callable
        Takes as many strings as the stage has names: ``main(dataset, network)``.
    timing : bool
        The stage measures time: run only while no other stage does.

    Raises
    ------
    SystemExit
        0 when `main` returned, 1 after an error in one line, 130 after Ctrl-C.
    """
    module = inspect.getmodule(main)
    stage = Path(getattr(module, "__file__", None) or "stage").stem
    names = sys.argv[1:]
    expected = list(inspect.signature(main).parameters)
    if len(names) != len(expected):
        usage = " ".join(["python -m", f"pipeline.{stage}", *(name.upper() for name in expected)])
        raise SystemExit(f"usage: {usage}")
    stage_name = "@".join(filter(None, [stage, "-".join(names)]))
    try:
        die_with_parent()
        pin_threads()
        with stage_lock(stage_name), machine_lock(timing=timing):
            main(*names)
    except KeyboardInterrupt:
        print(f"{stage_name}: interrupted; `dvc repro` goes on from here", file=sys.stderr)
        raise SystemExit(130) from None
    except (UserError, ModuleNotFoundError, MemoryError, OSError) as error:
        print(f"{stage_name}: {explain(error)}", file=sys.stderr)
        raise SystemExit(1) from None
    raise SystemExit(0)


def explain(error: BaseException) -> str:
    """Say in one line what went wrong."""
    if isinstance(error, ModuleNotFoundError):
        return (
            f"{sys.executable} has no package {error.name!r}; expected the project's environment: "
            "run `source .venv/bin/activate` first, or `make repro`"
        )
    if isinstance(error, MemoryError):
        return f"out of memory ({error or 'no details'}); a smaller dataset size needs less"
    if isinstance(error, OSError):
        if error.errno == errno.ENOSPC:
            return f"no space left on the disk that holds {error.filename or Path.cwd()}"
        return f"{error.filename or 'a file'}: {error.strerror or error}"
    return " ".join(str(error).split())
