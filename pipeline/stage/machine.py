"""What a timing was measured on: machine, threads, versions, memory."""

from __future__ import annotations

import os
import platform
import resource
import sys
from importlib.metadata import version
from pathlib import Path

import psutil

from pipeline.stage.environment import threads

PACKAGES = ("numpy", "scipy", "scikit-learn", "opencv-python-headless", "jax", "flax", "optax")


def processor() -> str:
    """Return the processor's name, such as ``AMD EPYC``."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    return platform.processor() or platform.machine()


def description(*, cluster: str = "") -> dict[str, str | int]:
    """Describe machine, threads and versions: columns of every timing row.

    With the help of a `cluster` it is another machine: its seconds are not ranked with these.
    """
    memory = round(psutil.virtual_memory().total / 2**30)
    versions = [f"python {platform.python_version()}"]
    versions += [f"{package} {version(package)}" for package in PACKAGES]
    name = f"{processor()}, {os.cpu_count()} cores, {memory} GiB, {platform.system()}"
    return {
        "machine": f"{name}, with a Dask cluster" if cluster else name,
        "threads": threads(),
        "versions": "; ".join(versions),
    }


def peak_memory_mib() -> float:
    """Return the largest memory that this process ever held (resident set), in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10  # bytes there, KiB on Linux
