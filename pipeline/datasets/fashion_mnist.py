"""Fashion-MNIST: 60,000 training and 10,000 test images of clothes, in the form of MNIST."""

from __future__ import annotations

from pipeline.ingest.dataset import Dataset
from pipeline.ingest.mnist_files import read_mnist_files

TITLE = "Fashion-MNIST"
YEAR = 2017
CITATION = (
    "H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST: a Novel Image Dataset for Benchmarking "
    "Machine Learning Algorithms, arXiv:1708.07747, 2017"
)
LICENCE = "MIT, Zalando SE"
DEVIATIONS = ()

_MIRRORS = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
_CHECKSUMS = {
    "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
}
_CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def read(size: int) -> Dataset:
    """Fetch Fashion-MNIST and bring it to a size.

    Parameters
    ----------
    size : int
        Height and width of the images returned. Above 28 they stand in the middle of a larger
        black field; below 28 they shrink.

    Returns
    -------
    Dataset
        Images uint8 [n, size, size, 1].
    """
    return read_mnist_files(
        folder="fashion-mnist",
        mirrors=_MIRRORS,
        checksums=_CHECKSUMS,
        class_counts=((6000,) * 10, (1000,) * 10),
        class_names=_CLASS_NAMES,
        size=size,
    )
