"""The 1,797 digits bundled with scikit-learn: small, and there without a network.

They are the test part of the UCI Optical Recognition of Handwritten Digits, brought to 8x8 with
17 grey levels. They come without a split, so that one is fixed here: stratified, 1,437 training
and 360 test images, seed 0. It was fixed before any result was seen and is never chosen by one.
"""

from __future__ import annotations

import hashlib

import numpy as np

from pipeline.ingest.dataset import Dataset
from pipeline.ingest.images import resize
from pipeline.stage.errors import UserError

TITLE = "Digits"
YEAR = 1998
CITATION = (
    "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, "
    "UCI Machine Learning Repository, 1998, doi:10.24432/C50P49"
)
LICENCE = "CC BY 4.0 (UCI Machine Learning Repository)"
DEVIATIONS = (
    "the 1,797 test images only, as scikit-learn bundles them, with a split of our own",
    "17 grey levels spread over 0 to 255, enlarged from 8x8 by cubic interpolation",
)

_N_TEST = 360
_SEED = 0
_SHA256 = "961a435166b54ba05db6408035d247c22cf94d80806ffac442777d4ef3934ff3"


def read(size: int) -> Dataset:
    """Split the digits and bring them to a size.

    Parameters
    ----------
    size : int
        Height and width of the images returned.

    Returns
    -------
    Dataset
        Images uint8 [n, size, size, 1].

    Raises
    ------
    UserError
        Where this version of scikit-learn bundles other digits or splits them otherwise.
    """
    import sklearn  # slow to import, and needed for this dataset alone
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bundle = load_digits()
    images = np.rint(bundle.images * 255 / 16).astype(np.uint8)[..., np.newaxis]
    labels = bundle.target.astype(np.int64)
    split = train_test_split(
        images, labels, test_size=_N_TEST, stratify=labels, random_state=_SEED, shuffle=True
    )
    found = hashlib.sha256(b"".join(part.astype(np.uint8).tobytes() for part in split)).hexdigest()
    if found != _SHA256:
        raise UserError(
            f"digits: sha256 {found} with scikit-learn {sklearn.__version__}, expected {_SHA256}: "
            "another split, so results would not compare; install the versions of requirements.lock"
        )
    train_images, test_images, train_labels, test_labels = split
    return Dataset(
        resize(train_images, size),
        train_labels,
        resize(test_images, size),
        test_labels,
        tuple("0123456789"),
    )
