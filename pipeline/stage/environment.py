"""The process that a stage runs in: its packages and its threads.

Only the standard library is imported here: what is done has to be done before NumPy loads.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import resource
import signal
import sys

from pipeline.stage.errors import UserError

BY_DVC = "DVC_STAGE"  # dvc sets it for every command
DEFAULT_THREADS = 2
LEAST_MIB = 2048  # of addresses, where they are limited; LeNet-5 on digits trains with 2000
NEEDED = ("numpy", "ruamel", "pandas", "sklearn", "jax", "flax")


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


def several_hosts() -> bool:
    """Say whether this process is one of several, a host each, that train one network together.

    ``HINDSIGHT_DISTRIBUTED=1`` says so.

    Raises
    ------
    UserError
        ``HINDSIGHT_DISTRIBUTED`` is neither 0 nor 1.
    """
    value = os.environ.get("HINDSIGHT_DISTRIBUTED", "0")
    if value not in {"0", "1"}:
        raise UserError(f"HINDSIGHT_DISTRIBUTED: found {value!r}, expected 0 or 1")
    return value == "1"


def cluster() -> str:
    """Return the address of the Dask scheduler that classical stages use, or "" for none.

    ``HINDSIGHT_DASK`` says it, such as ``tcp://127.0.0.1:8786``.
    """
    return os.environ.get("HINDSIGHT_DASK", "")


def pin_threads() -> None:
    """Set the thread counts of BLAS and XLA, which read them when they load.

    BLAS gets one thread: the parallel work is split by joblib and XLA, and on these small matrices
    a second one only waits for the first, for long where another program runs.
    """
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    os.environ["NPROC"] = str(threads())  # the size of XLA's thread pool


def require_packages() -> None:
    """Tell a Python without the project's packages from a broken stage.

    Raises
    ------
    UserError
        A package is missing: dvc found another Python than the environment's.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(
            f"{sys.executable} has no package {missing[0]!r}; expected the project's environment: "
            "run `source .venv/bin/activate` first, or `make repro`"
        )


def require_address_space() -> None:
    """Refuse a limit (``ulimit -v``) under which XLA ends the process in its own words, or in none.

    Raises
    ------
    UserError
        Addresses are limited, and to fewer than a small training needs.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < LEAST_MIB * 2**20:
        raise UserError(
            f"out of memory: the address space is limited to {limit // 2**20} MiB (`ulimit -v`), "
            f"expected at least {LEAST_MIB}"
        )


def die_with_parent() -> None:
    """Have the kernel kill this process when dvc dies (Linux), so that none is left behind.

    What was started by hand outlives its shell, as with ``nohup``.
    """
    if sys.platform != "linux" or BY_DVC not in os.environ:
        return
    parent_death_signal = 1  # PR_SET_PDEATHSIG in <sys/prctl.h>
    parent = os.getppid()
    ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)
    # dvc may have died in between, or before: then the kernel has made this a child of the first
    # process of all, which is of another group.
    orphaned = parent == 1 and os.getpgid(1) != os.getpgrp()
    if orphaned or os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def prepare() -> None:
    """Check and pin, or end the process with one line."""
    if sys.argv[:1] == ["-m"]:
        die_with_parent()  # the entry point comes up to a second later
    try:
        require_packages()
        require_address_space()
        pin_threads()
    except UserError as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None
