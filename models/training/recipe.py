"""How a network is trained: the hyperparameters that every network may set in params.yaml."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """Hyperparameters of one training run.

    Attributes
    ----------
    epochs : int
        Passes over the training images. The dataset states it; a network may override it.
    batch_size : int
        Images a step.
    learning_rate : float
        Peak step size.
    learning_rate_by : {"none", "fan_in"}
        With ``fan_in`` each layer's step size is divided by the inputs of its units, since many
        small changes of weights add up in a unit that has many: a simple stand-in for the diagonal
        second-order step of LeCun et al. 1989. Subsampling, which has no kernel, keeps the whole.
    optimizer : {"sgd", "adam"}
        Gradient descent with momentum, or Adam (with decoupled weight decay).
    momentum : float
        Of ``sgd``; in [0, 1). The learning rate multiplies the whole velocity, so that a fall of it
        acts at once (AlexNet's paper has it inside the velocity).
    weight_decay : float
        L2 penalty on arrays of more than one axis: kernels, not normalisation nor biases of maps.
    schedule : {"cosine", "steps", "constant"}
        The learning rate falls to 0 over the run, to a tenth at half and again at three quarters
        of it (He et al. 2015), or stays.
    warmup : float
        Share of the run over which the learning rate first rises from 0; in [0, 1).
    loss : {"cross_entropy", "squared_error", "map"}
        On the logits; or between the outputs and targets of +1 and -1; or the maximum a
        posteriori criterion, which has a class of fixed score -1 for rubbish (LeCun et al. 1998,
        equation 9, where the scores are negative distances; its constant j is 1 here).
    augmentation : {"none", "crop_flip", "planar", "elastic"}
        How training images are distorted: see `models.training.augmentation`.
    dtype : {"float32", "bfloat16"}
        Of activations and gradients; weights and their averages stay float32. Accelerators may
        multiply float32 with fewer digits, as TF32 or bfloat16: JAX's default there.
    seeds : int
        Independent runs; the table shows their mean and every one.
    """

    epochs: int
    batch_size: int = 64
    learning_rate: float = 0.01
    learning_rate_by: str = "none"
    optimizer: str = "sgd"
    momentum: float = 0.9
    weight_decay: float = 0.0
    schedule: str = "cosine"
    warmup: float = 0.0
    loss: str = "cross_entropy"
    augmentation: str = "none"
    dtype: str = "float32"
    seeds: int = 3

    def __post_init__(self) -> None:
        choices = {
            "learning_rate_by": ("none", "fan_in"),
            "optimizer": ("sgd", "adam"),
            "schedule": ("cosine", "steps", "constant"),
            "loss": ("cross_entropy", "squared_error", "map"),
            "augmentation": ("none", "crop_flip", "planar", "elastic"),
            "dtype": ("float32", "bfloat16"),
        }
        for name, valid in choices.items():
            if (value := getattr(self, name)) not in valid:
                raise ValueError(f"{name}: found {value!r}, expected one of {', '.join(valid)}")
        for name in ("epochs", "batch_size", "seeds"):
            if (value := getattr(self, name)) < 1:
                raise ValueError(f"{name}: found {value}, expected at least 1")
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise ValueError(f"learning_rate: found {self.learning_rate}, expected more than 0")
        for name in ("momentum", "warmup"):
            if not 0 <= (share := getattr(self, name)) < 1:
                raise ValueError(f"{name}: found {share}, expected 0 to below 1")
        if not (math.isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise ValueError(f"weight_decay: found {self.weight_decay}, expected at least 0")

    @property
    def scores_kind(self) -> str:
        """Whether a softmax turns the outputs into probabilities (``logits``) or not."""
        return "margins" if self.loss == "squared_error" else "logits"
