"""The entry points of stages and tools: errors in one line; of stages, locks and their parent."""

from __future__ import annotations

import errno
import functools
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, ParamSpec

from pipeline.stage.checkpoints import discard_unreadable
from pipeline.stage.environment import die_with_parent
from pipeline.stage.errors import RESOURCE_EXHAUSTED, UserError
from pipeline.stage.locks import machine_lock, stage_lock
from pipeline.stage.params import NAME

Words = ParamSpec("Words")

LONGEST = 2000  # characters of an error: names in a broken file may be of any length
LOOP_CLOSED = "Event loop is closed"  # TensorStore, still writing when a write has failed
UNKNOWN_OPTION = "__init__() got an unexpected keyword argument"
UNMAPPED = "failed to map segment"  # a shared object, into memory
UNWRITTEN = re.compile(  # how TensorStore's ends, which writes the checkpoints
    r"Failed writing: \"(?P<file>[^\"]*)\".*\[os_error_code='(?P<code>\d+)'", re.DOTALL
)


@contextmanager
def blame(what: str, *kinds: type[Exception]) -> Iterator[None]:
    """Turn a plug-in's ValueError, or one of other `kinds`, into a UserError that names `what`.

    So is an option that the plug-in does not know: it may have changed since params.yaml did.
    """
    expected: tuple[type[Exception], ...] = (ValueError, TypeError, *kinds)
    try:
        yield
    except expected as error:
        own = isinstance(error, TypeError) and TypeError not in kinds
        if own and UNKNOWN_OPTION not in str(error):
            raise  # a mistake in the plug-in's code
        raise UserError(f"{what}: {explain(error)}") from error


def run(main: Callable[..., None], *, timing: bool = False, options: str = "") -> NoReturn:
    """Run a stage's `main` with the command line's words, and exit.

    Parameters
    ----------
    main : callable
        Takes as many strings as the stage has names: ``main(dataset, network)``.
    timing : bool
        The stage measures time: run only while no other stage does.
    options : str
        That were taken from the words before; the usage shows them.

    Raises
    ------
    SystemExit
        0 when `main` returned, 1 after an error in one line, 130 after Ctrl-C.
    """
    stage = _file_name(main)
    names = sys.argv[1:]
    expected = list(inspect.signature(main).parameters)
    usage = " ".join(
        ["usage: python -m", f"pipeline.{stage}", *map(str.upper, expected), options]
    ).rstrip()
    if {"-h", "--help"} & set(names):
        print(usage)
        raise SystemExit(0)
    if len(names) != len(expected):
        raise SystemExit(usage)
    stage_name = "@".join(filter(None, [stage, "-".join(names)]))

    def locked() -> int:
        for what, name in zip(expected, names, strict=True):
            if not NAME.fullmatch(name):
                raise UserError(f"{what}: found {name}, expected a name out of params.yaml")
        die_with_parent()
        _say_once()
        with stage_lock(stage_name), machine_lock(timing=timing):
            discard_unreadable("-".join(names))
            main(*names)
        return 0

    interrupted = "interrupted; `dvc repro` goes on from here"
    raise SystemExit(_exit_code(stage_name, locked, interrupted=interrupted))


def tool(*, failed: int = 1) -> Callable[[Callable[Words, int]], Callable[Words, int]]:
    """Have a command-line tool's `main` say errors in one line, and return `failed` after them."""

    def decorate(main: Callable[Words, int]) -> Callable[Words, int]:
        @functools.wraps(main)
        def guarded(*args: Words.args, **kwargs: Words.kwargs) -> int:
            work = functools.partial(main, *args, **kwargs)
            return _exit_code(_file_name(main), work, failed=failed)

        return guarded

    return decorate


def _file_name(main: Callable[..., object]) -> str:
    return Path(inspect.getfile(main)).stem


def _exit_code(
    name: str, work: Callable[[], int], *, interrupted: str = "interrupted", failed: int = 1
) -> int:
    try:
        return work()
    except KeyboardInterrupt:
        print(f"{name}: {interrupted}", file=sys.stderr)
        return 130
    except (UserError, MemoryError, OSError) as error:
        told: Exception = error
    except (ImportError, RuntimeError, ValueError) as error:
        if (known := _of_python(error)) is None:
            raise
        told = known
    print(f"{name}: {explain(told)}", file=sys.stderr)
    return failed


def _say_once() -> None:
    """Keep quiet what threads of Orbax and TensorStore say of errors that are raised anyway."""
    from absl import logging

    logging.get_absl_logger().addFilter(lambda one: "raised an exception" not in one.getMessage())
    hook = sys.unraisablehook
    sys.unraisablehook = lambda one: None if str(one.exc_value) == LOOP_CLOSED else hook(one)


def _of_python(error: Exception) -> Exception | None:
    """Return as Python's own what libraries that are not imported here say of memory and disk."""
    text = str(error)
    if UNMAPPED in text:
        return MemoryError(next(line for line in text.splitlines() if UNMAPPED in line))
    if failed := UNWRITTEN.search(text):
        code = int(failed["code"])
        return OSError(code, os.strerror(code), failed["file"])
    if RESOURCE_EXHAUSTED in text:
        return MemoryError(error)
    return None


def explain(error: BaseException) -> str:
    """Say in one short line what went wrong; what does not print, in a name, is escaped."""
    line = "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode()
        for sign in " ".join(_explain(error).split())
    )
    half = LONGEST // 2
    return line if len(line) <= LONGEST else f"{line[:half]} ... {line[-half:]}"


def _explain(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        details = " ".join(str(error).split()) or "no details"
        return f"out of memory ({details}); a smaller dataset size or batch_size needs less"
    if isinstance(error, OSError):
        if error.errno == errno.ENOSPC:
            return f"no space left on the disk that holds {error.filename or Path.cwd()}"
        return f"{error.filename or 'a file'}: {error.strerror or error}"
    return str(error)
