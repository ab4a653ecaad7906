"""The window detector: boxes by hand, a planted pattern, and the faces that scikit-image brings."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data
from sklearn.metrics import det_curve
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from features.ops.detection import Detections, WindowDetector, pyramid, shared, suppress


@pytest.fixture(scope="module")
def faces():
    """100 faces and 100 other crops, uint8 [200, 25, 25, 1], with their labels."""
    crops = np.rint(255 * data.lfw_subset()).astype(np.uint8)[..., None]
    return crops, np.arange(200) < 100


@pytest.fixture(scope="module")
def detector(faces: tuple[np.ndarray, np.ndarray]):
    """A detector of faces, their mirror images, and not of a cup of coffee."""
    crops, labels = faces
    mirrored = np.concatenate([crops, crops[:, :, ::-1]])
    return WindowDetector().fit(mirrored, np.tile(labels, 2), [data.coffee()])


def disc(side: int):
    """Draw a light disc on dark ground, uint8 [side, side]: one edge, so one scale."""
    row, column = (np.mgrid[:side, :side] + 0.5) * 24 / side - 12
    return np.rint(255 * np.clip(8 - np.hypot(row, column), 0, 1)).astype(np.uint8)


def test_intersection_over_union_by_hand():
    others = np.array([[0, 0, 2, 2], [1, 1, 3, 3], [5, 5, 6, 6], [0, 0, 4, 2]], dtype=float)
    np.testing.assert_allclose(shared(others[0], others), [1, 1 / 7, 0, 1 / 2])


def test_of_overlapping_boxes_the_best_stays():
    boxes = np.array([[0, 0, 4, 4], [9, 9, 12, 12], [0, 1, 4, 5], [0, 4, 4, 8]], dtype=float)
    kept = suppress(Detections(boxes, np.array([1, 2, 3, 0.5], dtype=np.float32)), 0.3)
    # The first shares 12 / 20 with the third, the fourth 4 / 28.
    assert kept.boxes.tolist() == boxes[[2, 1, 3]].tolist()
    assert kept.scores.tolist() == [3, 2, 0.5]
    assert (
        len(suppress(Detections(np.empty((0, 4)), np.empty(0, dtype=np.float32)), 0.3).boxes) == 0
    )


def test_levels_of_the_pyramid():
    image = np.random.default_rng(0).integers(0, 256, (48, 100, 3), dtype=np.uint8)
    (first, unit), (second, double) = pyramid(image, 2, (24, 24))
    np.testing.assert_array_equal(first, image)
    assert unit.tolist() == [1, 1]
    means = image.reshape(24, 2, 50, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(second, means, atol=0.51)
    assert double.tolist() == [2, 2]


@pytest.mark.parametrize(("row", "column"), [(1, 1), (5, 9), (12, 22)])
def test_a_window_scores_what_its_crop_scores(detector: WindowDetector, row: int, column: int):
    photo = data.coffee()[100:160, 200:290]
    top, left = 3 * (row - 1), 3 * (column - 1)  # the template leaves out the outermost cells
    crop = photo[None, top : top + 25, left : left + 25]
    score = detector._score(photo[None])[0, row, column]
    assert score == pytest.approx(detector.decision_function(crop)[0], abs=1e-4)


def test_a_crop_is_a_face_where_its_score_is_positive(
    detector: WindowDetector, faces: tuple[np.ndarray, np.ndarray]
):
    scores = detector.decision_function(faces[0])
    np.testing.assert_array_equal(detector.predict(faces[0]), scores > 0)
    assert ((scores > -1) & (scores < 0)).any()  # where another threshold would show


@pytest.mark.parametrize("size", [24, 48])
def test_a_planted_pattern_is_found_where_it_is(size: int):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (60, 24, 24, 1), dtype=np.uint8)
    crops = noise.copy()
    crops[:20] = disc(24)[..., None] // 2 + noise[:20] // 2
    detector = WindowDetector().fit(crops, np.arange(60) < 20)
    image = rng.integers(0, 256, (120, 150, 1), dtype=np.uint8)
    image[30 : 30 + size, 66 : 66 + size, 0] = disc(size)
    found = detector.detect(image)
    truth = np.array([30, 66, 30 + size, 66 + size], dtype=float)
    assert shared(truth, found.boxes[:1])[0] > 0.7
    assert (np.diff(found.scores) <= 0).all()


def test_faces_are_told_from_other_crops(faces: tuple[np.ndarray, np.ndarray]):
    crops, labels = faces
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    scores = cross_val_predict(
        WindowDetector(), crops, labels, cv=folds, method="decision_function"
    )
    false_positives, misses, _ = det_curve(labels, scores)
    assert misses[false_positives <= 0.1][0] <= 0.03
    assert misses[false_positives <= 0.02][0] <= 0.1


def test_the_astronauts_face_is_found(detector: WindowDetector):
    found = detector.detect(data.astronaut())
    face = np.array([60, 165, 185, 290], dtype=float)
    assert shared(face, found.boxes[:3]).max() > 0.7


def test_false_alarms_are_unlearned(faces: tuple[np.ndarray, np.ndarray], detector: WindowDetector):
    before = WindowDetector().fit(*faces)
    scene = data.coffee()[::2, ::2]
    assert len(detector.detect(scene).scores) < len(before.detect(scene).scores) / 2


def test_crops_too_small_are_refused():
    message = r"^detection: crops of at least 12x12 pixels are needed, got 12x11$"
    with pytest.raises(ValueError, match=message):
        WindowDetector().fit(np.zeros((2, 12, 11, 1), np.uint8), np.array([False, True]))


def test_a_pyramid_that_does_not_shrink_is_refused(detector: WindowDetector):
    with pytest.raises(ValueError, match=r"^detection: scale_step must be above 1, got 1.0$"):
        detector.detect(data.coffee(), scale_step=1.0)


def test_a_crop_of_another_size_than_the_window_is_refused(
    faces: tuple[np.ndarray, np.ndarray], detector: WindowDetector
):
    crops, _ = faces
    padded = np.pad(crops[:2], ((0, 0), (6, 6), (6, 6), (0, 0)), mode="edge")
    height, width = crops.shape[1] // 3 * 3, crops.shape[2] // 3 * 3
    found = f"{crops.shape[1] + 12}x{crops.shape[2] + 12}"
    message = f"^detection: crops of {height}x{width} pixels are expected, got {found}$"
    with pytest.raises(ValueError, match=message):
        detector.decision_function(padded)


@pytest.mark.parametrize("name", ["orientations", "pixels_per_cell"])
def test_parameters_that_are_no_counts_are_refused(name: str):
    with pytest.raises(ValueError, match=rf"^detection: {name} must be a whole number"):
        WindowDetector(**{name: 0}).fit(np.zeros((2, 12, 12, 1), np.uint8), np.array([0, 1]))
