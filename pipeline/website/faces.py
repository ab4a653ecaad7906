"""Find faces with histograms of oriented gradients: `python -m pipeline.website.faces`.

The page shows the picture and the curves, which are in git as they take a minute and depend on no
run: faces and photographs come with scikit-image.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from features.ops.detection import WindowDetector

PICTURE = Path(__file__).with_name("faces.webp")
CURVES = Path(__file__).with_name("faces.csv")
FOLDS = 5
SCALE_STEP = 1.2  # of the windows that are counted
TRAINED_ON = ("crops alone", "crops, then its own false alarms")
BEST, OTHER = (224, 102, 43), (59, 125, 216)

Photographs = Sequence[NDArray[np.uint8]]


def crops() -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return 100 faces and 100 other crops, uint8 [200, 25, 25, 1], and which are faces."""
    from skimage import data

    both = np.rint(255 * data.lfw_subset()).astype(np.uint8)[..., None]
    return both, np.arange(len(both)) < len(both) // 2


def detector(
    images: NDArray[np.uint8], labels: NDArray[np.bool_], scenes: Photographs
) -> WindowDetector:
    """Train on crops, their mirror images and what is taken for a face in scenes without one."""
    from features.ops.detection import WindowDetector

    mirrored = np.concatenate([images, images[:, :, ::-1]])
    return WindowDetector().fit(mirrored, np.tile(labels, 2), scenes)


def curve(scenes: Photographs, unseen: Photographs) -> pd.DataFrame:
    """Return how many faces are missed at how many false alarms, as in Dalal and Triggs, fig. 4.

    Each face is scored by a detector that was trained on four fifths of the crops without it, and
    every window of the photographs `unseen`, on which there is no face, by all five.

    Parameters
    ----------
    scenes, unseen : sequences of uint8 arrays [height, width, 3]
        Photographs to learn false alarms from, and to count them in.

    Returns
    -------
    DataFrame
        The least ``miss_rate`` at each number of ``false_positives_per_window``.
    """
    from sklearn.metrics import det_curve
    from sklearn.model_selection import StratifiedKFold

    images, labels = crops()
    faces, windows = [], []
    for fitted, held in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(images, labels):
        trained = detector(images[fitted], labels[fitted], scenes)
        faces.append(trained.decision_function(images[held[labels[held]]]))
        windows += [trained.windows(photograph, SCALE_STEP).scores for photograph in unseen]
    scores = np.concatenate([*faces, *windows])
    is_face = np.arange(len(scores)) < labels.sum()
    alarms, misses, _ = det_curve(is_face, scores)
    points = pd.DataFrame({"miss_rate": misses, "false_positives_per_window": alarms})
    best = points.groupby("miss_rate", as_index=False).min()
    return best.groupby("false_positives_per_window", as_index=False).min()


def marked(photograph: NDArray[np.uint8], trained: WindowDetector) -> NDArray[np.uint8]:
    """Draw every window found, the best one in another colour."""
    import cv2

    drawn = photograph.copy()
    boxes = np.rint(trained.detect(photograph).boxes).astype(int)
    for top, left, bottom, right in boxes[::-1]:
        colour = BEST if [top, left, bottom, right] == boxes[0].tolist() else OTHER
        cv2.rectangle(drawn, (left, top), (right - 1, bottom - 1), colour, 3)
    return drawn


def missed(curves: pd.DataFrame, false_positives_per_window: float = 1e-4) -> list[int]:
    """Return the percentage of the faces that each of `TRAINED_ON` misses at so many of them."""
    kept = curves[curves["false_positives_per_window"] <= false_positives_per_window]
    fewest = kept.groupby("trained_on")["miss_rate"].min()
    return [round(100 * fewest[name]) for name in TRAINED_ON]


def main() -> None:
    """Train the detectors, write the curves and the picture."""
    from PIL import Image
    from skimage import data

    scenes = [data.coffee(), data.rocket()]
    unseen = [data.chelsea(), data.stereo_motorcycle()[0]]
    tables = [
        curve(learned_from, unseen).assign(trained_on=name)
        for name, learned_from in zip(TRAINED_ON, ([], scenes), strict=True)
    ]
    text = pd.concat(tables).to_csv(index=False, float_format="%.6g", lineterminator="\n")
    CURVES.write_text(text, encoding="utf-8")
    found = marked(data.astronaut(), detector(*crops(), scenes))
    Image.fromarray(found).save(PICTURE, quality=90)


if __name__ == "__main__":
    main()
