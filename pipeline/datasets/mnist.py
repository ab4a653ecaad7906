"""MNIST: 60,000 training and 10,000 test images of handwritten digits, 28x28."""

from __future__ import annotations

from pipeline.ingest.dataset import Dataset
from pipeline.ingest.mnist_files import read_mnist_files

TITLE = "MNIST"
YEAR = 1998
CITATION = (
    "Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-Based Learning Applied to Document "
    "Recognition, Proceedings of the IEEE 86(11), 1998"
)
LICENCE = "CC BY-SA 3.0, as the Keras documentation quotes Y. LeCun and C. Cortes"
DEVIATIONS = ()

_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
_CHECKSUMS = {
    "train-images-idx3-ubyte.gz": "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "md5:d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "md5:9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "md5:ec29112dd5afa0611ce80d1b7f02629c",
}
_TRAIN_COUNTS = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
_TEST_COUNTS = (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)


def read(size: int) -> Dataset:
    """Fetch MNIST and bring it to a size.

    Parameters
    ----------
    size : int
        Height and width of the images returned. Above 28 the digits stand in the middle of a
        larger black field, as for LeNet-5; below 28 they shrink.

    Returns
    -------
    Dataset
        Images uint8 [n, size, size, 1].
    """
    return read_mnist_files(
        folder="mnist",
        mirrors=_MIRRORS,
        checksums=_CHECKSUMS,
        class_counts=(_TRAIN_COUNTS, _TEST_COUNTS),
        class_names=tuple("0123456789"),
        size=size,
    )
