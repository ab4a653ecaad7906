"""A detector by histograms of oriented gradients: one linear score for every window of an image.

N. Dalal, B. Triggs, Histograms of oriented gradients for human detection, 2005. It differs from the
paper in the size of window and cell, in a squared hinge loss (the paper: the hinge, C = 0.01), in
that a block's pixels all count the same (the paper: less towards its border), and those beside it
where they share their votes, in that the outermost blocks are left out, and in that it learns from
false alarms only where it is given scenes to find some in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_is_fitted

from features.ops.blocks import cell_histograms, normalised_blocks
from features.ops.convolution import cross_correlate
from features.ops.parameters import check_count

BLOCK, CLIP = 2, 0.2  # the paper's block of cells, and its limit in L2-Hys
MINING_STEP = 1.2  # between the levels that are searched for false alarms


class Detections(NamedTuple):
    """What was found, the best first.

    Attributes
    ----------
    boxes : float64 array [m, 4]
        Top, left, bottom, right in pixels of the image.
    scores : float32 array [m]
        Distances to the margin's middle; above 0 is the positive side.
    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float32]


class WindowDetector(ClassifierMixin, BaseEstimator):
    """A linear support vector machine that looks at every window at every scale.

    A classifier of crops for scikit-learn, so that ``cross_val_predict`` with
    ``method="decision_function"`` and ``det_curve`` give its miss rate against its false positives
    per window; and a detector for whole images.

    Parameters
    ----------
    orientations : int
        Bins over 180 degrees.
    pixels_per_cell : int
        Side of a cell, and the step from window to window, in pixels.
    C : float
        Inverse strength of the penalty.

    Attributes
    ----------
    template_ : float32 array [rows, columns, values, 1]
        Weights of a window's blocks, without the outermost: a kernel to correlate maps of blocks
        with. At the border of a crop cells lack the votes from beyond it, which they have in an
        image.
    bias_ : float
    classes_ : bool array [2]
        False, True.
    """

    template_: NDArray[np.float32]
    bias_: float

    def __init__(self, orientations: int = 9, pixels_per_cell: int = 3, C: float = 0.1) -> None:
        self.orientations = orientations
        self.pixels_per_cell = pixels_per_cell
        self.C = C

    def fit(
        self,
        crops: NDArray[np.uint8],
        labels: NDArray[np.bool_],
        scenes: Sequence[NDArray[np.uint8]] = (),
    ) -> Self:
        """Learn the template from crops of the window's size.

        Parameters
        ----------
        crops : uint8 array [n, height, width, channels]
        labels : bool array [n]
            True where a crop shows what is sought.
        scenes : sequence of uint8 arrays [height, width, channels]
            Images of any size that do not show it. Windows of theirs that a first template takes
            for it are added to the negative crops, and the template is learned once more.

        Returns
        -------
        Self
            The detector itself.

        Raises
        ------
        ValueError
            If a parameter is no whole number above 0, the crops are too small for one block, the
            lengths differ or all labels are equal.
        """
        for name in ("orientations", "pixels_per_cell"):
            check_count(self, name)
        needed = (BLOCK + 2) * self.pixels_per_cell
        if min(crops.shape[1:3]) < needed:
            raise ValueError(
                f"detection: crops of at least {needed}x{needed} pixels are needed, "
                f"got {crops.shape[1]}x{crops.shape[2]}"
            )
        labels = np.asarray(labels, dtype=bool)
        blocks = self._inner_blocks(crops)
        self._learn(blocks, labels)
        if scenes:
            alarms = np.concatenate([self._false_alarms(scene) for scene in scenes])
            more = np.concatenate([labels, np.zeros(len(alarms), dtype=bool)])
            self._learn(np.concatenate([blocks, alarms]), more)
        return self

    def decision_function(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Score crops, uint8 [n, height, width, channels], as float32 [n].

        Raises
        ------
        ValueError
            If the crops are not of the window's size.
        """
        check_is_fitted(self)
        blocks = self._inner_blocks(crops)
        if blocks.shape[1:] != self.template_.shape[:3]:
            height, width = (side + 2 * self.pixels_per_cell for side in self._side())
            raise ValueError(
                f"detection: crops of {height}x{width} pixels are expected, "
                f"got {crops.shape[1]}x{crops.shape[2]}"
            )
        return cross_correlate(blocks, self.template_)[:, 0, 0, 0] + self.bias_

    def predict(self, crops: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Say of each crop whether its score is above 0."""
        return self.decision_function(crops) > 0

    def detect(
        self,
        image: NDArray[np.uint8],
        *,
        threshold: float = 0.0,
        scale_step: float = 1.1,
        overlap: float = 0.3,
    ) -> Detections:
        """Find windows with high scores.

        Parameters
        ----------
        image : uint8 array [height, width, channels]
        threshold : float
            Least score.
        scale_step : float
            Ratio of the sizes of two levels of the pyramid, above 1. The first is the image itself,
            the last the smallest that still holds a window.
        overlap : float
            Of two windows whose intersection is more than this share of their union, only the
            better one stays.

        Returns
        -------
        Detections
            Possibly none.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `scale_step` is not above 1.
        """
        every = self.windows(image, scale_step)
        above = every.scores > threshold
        return suppress(Detections(every.boxes[above], every.scores[above]), overlap)

    def windows(self, image: NDArray[np.uint8], scale_step: float = 1.1) -> Detections:
        """Score every window at every scale, in the order of the scan.

        The parameters are those of :meth:`detect`; an image smaller than a window has none.
        """
        check_is_fitted(self)
        if scale_step <= 1:
            raise ValueError(f"detection: scale_step must be above 1, got {scale_step}")
        boxes, scores = [np.empty((0, 4))], [np.empty(0, dtype=np.float32)]
        side = self._side()
        for level, scale in pyramid(image, scale_step, side):
            found = self._score(level[None])[0]
            # The template leaves out a cell on every side.
            first = (np.indices(found.shape).reshape(2, -1).T - 1) * self.pixels_per_cell
            last = first + side + 2 * self.pixels_per_cell
            box = np.hstack([first * scale, last * scale])
            boxes.append(np.clip(box, 0, np.tile(image.shape[:2], 2)))
            scores.append(found.ravel())
        return Detections(np.concatenate(boxes), np.concatenate(scores))

    def _learn(self, blocks: NDArray[np.float32], labels: NDArray[np.bool_]) -> None:
        solver = LinearSVC(C=self.C, loss="squared_hinge", dual=False, max_iter=10_000)
        solver.fit(blocks.reshape(len(blocks), -1), labels)
        self.classes_ = solver.classes_
        self.template_ = solver.coef_.reshape(*blocks.shape[1:], 1).astype(np.float32)
        self.bias_ = float(solver.intercept_[0])

    def _false_alarms(self, scene: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the blocks of the windows above 0, [m, rows, columns, values]."""
        shape = self.template_.shape[:2]
        alarms = [np.empty((0, *self.template_.shape[:3]), dtype=np.float32)]
        for level, _ in pyramid(scene, MINING_STEP, self._side()):
            blocks = self._blocks(level[None])[0]
            windows = np.lib.stride_tricks.sliding_window_view(blocks, shape, axis=(0, 1))
            alarms.append(windows[self._score(level[None])[0] > 0].transpose(0, 2, 3, 1))
        return np.concatenate(alarms)

    def _side(self) -> tuple[int, int]:
        rows, columns = self.template_.shape[:2]
        cell = self.pixels_per_cell
        return (rows + BLOCK - 1) * cell, (columns + BLOCK - 1) * cell

    def _blocks(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        cells = cell_histograms(images, self.orientations, self.pixels_per_cell, True)
        return normalised_blocks(cells, BLOCK, CLIP)

    def _inner_blocks(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._blocks(crops)[:, 1:-1, 1:-1]

    def _score(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Score every window [n, rows, columns]; cells and blocks are computed once."""
        return cross_correlate(self._blocks(images), self.template_)[..., 0] + self.bias_


def pyramid(
    image: NDArray[np.uint8], step: float, smallest: tuple[int, int]
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float64]]]:
    """Shrink an image by `step` again and again.

    Parameters
    ----------
    image : uint8 array [height, width, channels]
    step : float
        Above 1.
    smallest : tuple of int
        Least height and width of a level.

    Yields
    ------
    level : uint8 array [height, width, channels]
        Each pixel averages those that it stands for. The first is the image itself.
    scale : float64 array [2]
        Pixels of the image per pixel of the level, down and right.
    """
    height, width = image.shape[:2]
    shrink = 1.0
    while height / shrink >= smallest[0] and width / shrink >= smallest[1]:
        rows, columns = round(height / shrink), round(width / shrink)
        level = np.asarray(cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA))
        scale = np.array([height / rows, width / columns])
        yield level.reshape(rows, columns, -1).astype(np.uint8, copy=False), scale
        shrink *= step


def suppress(found: Detections, overlap: float) -> Detections:
    """Keep of overlapping boxes the one with the highest score.

    Parameters
    ----------
    found : Detections
        In any order.
    overlap : float
        Boxes overlap if their intersection is more than this share of their union.

    Returns
    -------
    Detections
        Those that are kept, the best first.
    """
    order = np.argsort(-found.scores, kind="stable")
    boxes, scores = found.boxes[order], found.scores[order]
    kept: list[int] = []
    for place, box in enumerate(boxes):
        if not kept or shared(box, boxes[kept]).max() <= overlap:
            kept.append(place)
    return Detections(boxes[kept], scores[kept])


def shared(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the intersection of a box [4] with each of the others [m, 4] over their union."""
    both = np.vstack([np.broadcast_to(box, others.shape)[None], others[None]])
    sides = np.maximum(0, both[..., 2:].min(axis=0) - both[..., :2].max(axis=0))
    areas = np.prod(both[..., 2:] - both[..., :2], axis=2)
    intersection = np.prod(sides, axis=1)
    return intersection / (areas.sum(axis=0) - intersection)
