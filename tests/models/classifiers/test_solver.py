"""What the solver computes of the images before it steps."""

from __future__ import annotations

import numpy as np
import pytest

from models.classifiers.ops import solver


def test_second_moments_are_those_of_the_vectors_with_a_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(solver, "BLOCK", 7)  # not a divisor of 20
    X = np.random.default_rng(0).normal(size=(20, 5)).astype(np.float32)
    Z = np.column_stack([X, np.ones(20)])
    np.testing.assert_allclose(solver.second_moments(X), Z.T @ Z, rtol=1e-6, atol=1e-6)
