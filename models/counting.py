"""What a network costs: learned numbers and multiply-accumulates of one prediction."""

from __future__ import annotations

import math
from typing import Any

import jax
import numpy as np
from flax import nnx

from models.layers import convolution
from models.training.blueprint import Blueprint


def parameters(blueprint: Blueprint) -> int:
    """Count the weights and biases of a network, without allocating any."""
    params = nnx.state(blueprint.abstract(), nnx.Param)
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(params))


def macs(blueprint: Blueprint) -> int:
    """Count the multiply-accumulates of one prediction: those of matrix products and convolutions.

    Products with the zeros of a padding count, as papers count them; additions of biases,
    poolings and non-linearities do not.
    """
    with convolution.direct():
        return _macs(blueprint.trace())


def _macs(jaxpr: Any) -> int:
    count = 0
    for equation in jaxpr.eqns:
        out = equation.outvars[0].aval
        if equation.primitive.name == "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            summed = [equation.invars[0].aval.shape[axis] for axis in contracted]
            count += math.prod(out.shape) * math.prod(summed)
        elif equation.primitive.name == "conv_general_dilated":
            kernel = equation.invars[1].aval.shape
            filters = equation.params["dimension_numbers"].rhs_spec[0]
            count += math.prod(out.shape) * math.prod(np.delete(kernel, filters).tolist())
        else:
            inner = (getattr(value, "jaxpr", value) for value in equation.params.values())
            times = equation.params.get("length", 1)  # of a scan
            count += times * sum(_macs(value) for value in inner if hasattr(value, "eqns"))
    return count
