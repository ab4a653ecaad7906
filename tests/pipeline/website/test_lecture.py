"""The lecture's worked examples, as the page shows them."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from pipeline.website import lecture, pictures


@pytest.mark.parametrize(
    ("title", "shape", "rows"),
    [
        ("An edge and its sign", (8, 8), {0: [0, 3, 3, 0, 0, -3, -3, 0]}),
        (
            "Zero padding keeps the size",
            (8, 8),
            {0: [0, 2, 2, 0, 0, -2, -2, 0], 3: [0, 3, 3, 0, 0, -3, -3, 0]},
        ),
        ("Stride 2 halves the image", (2, 2), {0: [2.5, 4.5], 1: [10.5, 12.5]}),
        ("A diagonal", (3, 3), {0: [4, 0, 0], 1: [0, 4, 0]}),
    ],
)
def test_worked_examples(title: str, shape: tuple[int, int], rows: dict[int, list[float]]):
    (example,) = [one for one in lecture.EXAMPLES if one.title == title]
    found = lecture.result(example)
    assert found.shape == shape
    for row, expected in rows.items():
        # The diagonal kernel also sees its neighbours' shifted diagonals: zeros in between.
        np.testing.assert_allclose(found[row], expected)


def test_the_page_shows_the_size_that_comes_out():
    for html, example in zip(lecture.examples(), lecture.EXAMPLES, strict=True):
        side = len(lecture.result(example))
        assert re.search(rf"= {side}</code>", html)
        assert f"result, {side}x{side}" in html


def test_the_exercise_has_one_answer_a_picture():
    kernels, made = lecture.exercise()
    answers = sorted(caption for caption, _ in made)
    assert [answer[0] for answer in answers] == [letter[0] for letter, _ in kernels]
    assert len({address for _, address in made}) == len(kernels)
    assert answers != [caption for caption, _ in made]  # in another order


def opened(address: str):
    kind, _, content = address.partition(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def test_pictures_of_features():
    drawn = dict(pictures.edges())
    assert len(drawn) == 5
    canny = opened(next(drawn[caption] for caption in drawn if caption.startswith("Canny")))
    assert set(np.unique(canny)) == {0, 255}
    assert 0.01 < (canny > 0).mean() < 0.3  # thin lines
    assert all(opened(address).std() > 5 for address in drawn.values())
    assert len(list(pictures.gabor_bank())) == 2 * pictures.DIRECTIONS
