"""A params.yaml for the tests, with what each of them changes."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.stage.params import Params

Load = Callable[..., Params]

GOOD = {
    "datasets": "{digits: {reader: digits, size: 32, epochs: 20}}",
    "features": "{raw: {}, hog: {orientations: 9}}",
    "classifiers": "{logistic: {C: [0.1, 1, 10]}}",
    "networks": "{mlp: {hidden: 300, learning_rate: 0.1}}",
    "studies": "{learning_curve: {sizes: [10, 20], seeds: 1}}",
}
