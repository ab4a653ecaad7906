"""How many positions a window has along a side, by hand and by counting them."""

from __future__ import annotations

import pytest

from models.layers.image_size import check_image_size, overhang, positions


@pytest.mark.parametrize(
    ("side", "window", "stride", "padding", "expected"),
    [
        (227, 11, 4, 0, 55),  # AlexNet's first layer
        (224, 11, 4, 2, 55),
        (224, 7, 2, 3, 112),  # ResNet's
        (28, 5, 1, 2, 28),
        (4, 5, 1, 0, 0),
    ],
)
def test_positions(side: int, window: int, stride: int, padding: int, expected: int):
    assert positions(side, window, stride, padding) == expected


@pytest.mark.parametrize(("side", "expected"), [(224, 3), (225, 2), (226, 1), (227, 0), (228, 3)])
def test_overhang_of_the_first_layer_of_alexnet(side: int, expected: int):
    assert overhang(side, 11, 4) == expected


@pytest.mark.parametrize("window", [2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("side", range(1, 12))
def test_with_the_overhang_the_last_window_ends_where_the_side_does(
    side: int, stride: int, window: int
):
    starts = [0]
    while starts[-1] + window < side:
        starts.append(starts[-1] + stride)
    more = overhang(side, window, stride)
    assert side + more == starts[-1] + window
    assert positions(side + more, window, stride) == len(starts)


@pytest.mark.parametrize("shape", [(31, 32, 3), (32, 31, 1)])
def test_small_images_are_refused_by_their_size(shape: tuple[int, int, int]):
    check_image_size((32, 40, 1), 32)
    found = f"{shape[0]}x{shape[1]}"
    with pytest.raises(ValueError, match=f"^images of at least 32x32 are needed, got {found}$"):
        check_image_size(shape, 32)
