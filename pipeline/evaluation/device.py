"""The device that JAX computes on: its name, memory and measured peak, and what a program costs."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from pipeline.evaluation.clock import Timed

SIDES = (1024, 2048, 4096, 8192, 16384)  # of the matrices whose product is the device's peak
REPEATS = 5
ENOUGH_SECONDS = 0.01  # a call so long is hardly delayed by its start


class Cost(NamedTuple):
    """What XLA counts in a compiled program: operations on numbers, and bytes read and written."""

    flops: float
    bytes: float

    def columns(self, images: int, flops: int, peak: float, timed: Timed) -> dict[str, float]:
        """Return the columns of a throughput row: what one image costs.

        Parameters
        ----------
        images : int
            Of the program.
        flops : int
            The hand count, of one image.
        peak : float
            From :func:`peak_flops`.
        timed : Timed
            Calls of the program.
        """
        return {
            "flops": flops,
            "xla_flops": self.flops / images,
            "bytes": self.bytes / images,
            "peak_share": flops * timed.images_per_second / peak,
        }


def name() -> str:
    """Return the device's name as the tables have it, such as ``cpu`` or ``NVIDIA H200``."""
    return str(jax.devices()[0].device_kind)


def accelerator() -> str | None:
    """Return the device's name unless it is the processor that everything else runs on."""
    return None if jax.default_backend() == "cpu" else name()


def peak_memory_mib() -> float | None:
    """Return the most memory of its own that the device ever gave away; a CPU has none."""
    memory = jax.devices()[0].memory_stats() or {}
    return memory.get("peak_bytes_in_use", 0) / 2**20 or None


def peak_flops(dtype: str) -> float:
    """Measure how many operations a second the device makes in products of large matrices.

    Parameters
    ----------
    dtype : str
        Of the factors. The sums have the precision that networks get: JAX's default.

    Returns
    -------
    float
        The fastest of several calls; a multiplication and an addition count as two. Larger
        matrices are tried until a call takes long enough: less than a second in all.
    """
    fastest = 0.0
    for side in SIDES:
        # Not ones: a GPU lowers its clock for some numbers more than for others.
        square = jax.random.normal(jax.random.key(0), (side, side), dtype)
        product = jax.jit(jnp.matmul)
        jax.block_until_ready(product(square, square))
        seconds = min(_seconds(product, square) for _ in range(REPEATS))
        fastest = max(fastest, 2 * side**3 / seconds)
        if seconds > ENOUGH_SECONDS:
            break
    return fastest


def _seconds(product: Any, square: jax.Array) -> float:
    begin = time.perf_counter()
    jax.block_until_ready(product(square, square))
    return time.perf_counter() - begin


def cost(program: Any, *arguments: Any) -> Cost:
    """Ask XLA what one call costs; the body of a loop counts once.

    Parameters
    ----------
    program : callable
        Made by `jax.jit`. What was called with such arguments before is not compiled again.
    *arguments
        Nothing is computed with them.
    """
    found = program.lower(*arguments).compile().cost_analysis()
    return Cost(found["flops"], found["bytes accessed"])
