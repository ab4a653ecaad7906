"""Convolution, nuts and bolts: the lecture's examples, computed by the project's own code."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.ops.convolution import cross_correlate, output_size
from pipeline.website.pictures import photograph, png

DIFFERENCE = np.array([[-1.0, 0, 1]] * 3)
KERNELS = {
    "upright lines": DIFFERENCE,
    "lying lines": DIFFERENCE.T,
    "blur": np.full((9, 9), 1 / 81),
    "sharpen": np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "any edge": np.array([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
}


class Example(NamedTuple):
    """A kernel on an image of a few numbers."""

    title: str
    image: NDArray[np.float64]
    kernel: NDArray[np.float64]
    stride: int
    padding: int
    what: str


EXAMPLES = (
    Example(
        "An edge and its sign",
        np.array([[0.0, 0, 0, 1, 1, 1, 1, 0, 0, 0]] * 10),
        DIFFERENCE,
        1,
        0,
        "Dark to light answers 3, light to dark answers -3, and a flat area 0: the kernel sums the "
        "column on its right and subtracts the one on its left.",
    ),
    Example(
        "Zero padding keeps the size",
        np.array([[0.0, 0, 1, 1, 1, 1, 0, 0]] * 8),
        DIFFERENCE,
        1,
        1,
        "A frame of zeros lets the kernel sit on every pixel. The first and the last row see zeros "
        "above or below, and answer 2 in place of 3.",
    ),
    Example(
        "Stride 2 halves the image",
        np.arange(16.0).reshape(4, 4),
        np.full((2, 2), 0.25),
        2,
        0,
        "A kernel of quarters with stride 2 is average pooling: each output is the mean of its own "
        "four pixels.",
    ),
    Example(
        "A diagonal",
        np.eye(6),
        np.eye(4),
        1,
        0,
        "Of pieces of equal strength a kernel answers most to the one that looks like itself: here "
        "to those on the diagonal.",
    ),
)


def result(example: Example) -> NDArray[np.float64]:
    """Slide an example's kernel over its image."""
    around = (example.padding, example.padding)
    image = np.pad(example.image, (around, around))[None, ..., None]
    kernels = example.kernel[..., None, None]
    return cross_correlate(image, kernels, stride=example.stride)[0, ..., 0]


def _grid(values: NDArray[np.float64], caption: str, most: int | None = None) -> str:
    """Return a table of the values, or of the first `most` rows and columns."""
    largest = max(float(np.abs(values).max()), 1e-12)
    rows = []
    for line in values[:most]:
        cells = "".join(
            f'<td class="{"plus" if value > 0 else "minus" if value < 0 else "zero"}" '
            f'style="--share:{abs(value) / largest:.2f}">{value:g}</td>'
            for value in line[:most]
        )
        rows.append(f"<tr>{cells}</tr>")
    height, width = values.shape
    size = f"{height}x{width}" + (", a corner" if most and most < height else "")
    return (
        f'<table class="grid"><caption>{escape(caption)}, {size}</caption>{"".join(rows)}</table>'
    )


def examples() -> Iterator[str]:
    """Yield the HTML of each worked example: image, kernel, result and the formula of its size."""
    for example in EXAMPLES:
        found = result(example)
        size, kernel = len(example.image), len(example.kernel)
        expected = output_size(size, kernel, example.stride, example.padding)
        formula = f"({size} + 2·{example.padding} - {kernel}) / {example.stride} + 1 = {expected}"
        grids = [
            _grid(example.image, "image"),
            _grid(example.kernel, "kernel"),
            _grid(found, "result"),
        ]
        yield (
            f"<h3>{escape(example.title)}</h3><p>{escape(example.what)} Stride {example.stride}, "
            f"padding {example.padding}: <code>{formula}</code>.</p>"
            f'<div class="row scroll">{grids[0]}<span class="op">*</span>{grids[1]}'
            f'<span class="op">=</span>{grids[2]}</div>'
        )


def exercise() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the kernels, and in another order the pictures that they made of one photograph.

    Returns
    -------
    kernels, pictures : lists of (caption, HTML or address)
        A picture's caption names its kernel: the answer.
    """
    grey = photograph()[..., 1].astype(np.float64)
    kernels, pictures = [], []
    for letter, (name, kernel) in zip("ABCDE", KERNELS.items(), strict=True):
        reach = len(kernel) // 2
        padded = np.pad(grey, ((0, 0), (reach, reach), (reach, reach)), mode="edge")[..., None]
        made = cross_correlate(padded, kernel[..., None, None])[0, ..., 0]
        shifted = made + 128 if kernel.sum() == 0 else made
        picture = png(np.clip(np.rint(shifted), 0, 255).astype(np.uint8))
        kernels.append((letter, _grid(np.round(kernel, 3), f"kernel {letter}", most=3)))
        pictures.append((f"{letter}: {name}", picture))
    order = np.random.default_rng(3).permutation(len(pictures))
    return kernels, [pictures[place] for place in order]
