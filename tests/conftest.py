"""Tests compute on the CPU, whatever the machine has, in programs that are run a few times only."""

from __future__ import annotations

import os

# Before anything imports JAX.
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")  # compiles 4 times faster
