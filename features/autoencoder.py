"""The code of an autoencoder: features that a network learns without labels.

The code is compact rather than linear: on MNIST a linear classifier reads digits from 32 numbers
worse than from the pixels (90.7 and 92.6 %).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict
from numpy.typing import NDArray
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from features.ops import autoencoder
from features.ops.autoencoder import LAYERS, Arrays, Sizes
from features.ops.image_feature import ImageFeature
from features.ops.parameters import check_count, check_positive, key

TITLE = "Autoencoder"
YEAR = 2006
CITATION = (
    "G. E. Hinton, R. R. Salakhutdinov, Reducing the dimensionality of data with neural networks, "
    "Science 313, 2006, pp. 504-507"
)
DEVIATIONS = (
    "one hidden layer on each side of the code, in place of 784-1000-500-250-30, which two cores "
    "cannot train in minutes",
    "no pretraining by restricted Boltzmann machines: Adam on the whole network from random "
    "weights, in place of conjugate gradients",
)


class Feature(ImageFeature):
    """The few numbers from which a network reproduces an image best.

    An encoder maps pixels over logistic units to a linear code, a decoder maps the code back over
    logistic units to pixels. Both are trained together on the images, without labels. The code is
    the feature; the decoder draws images from codes.

    Parameters
    ----------
    code : int
        Numbers in the code, at least 1; 2 make a plane that can be drawn.
    hidden : int
        Units of the hidden layers, at least 1.
    epochs : int
        Passes over the training images, at least 1.
    learning_rate : float
        Of Adam at the start, above 0; it falls to 0 as half a cosine.
    random_state : int
        Draws initial weights and the order of the images, at least 0.

    Attributes
    ----------
    image_shape_ : tuple of int
        Height, width and channels of the images it was trained on, the only ones it takes.
    weights_ : dict of dict of float32 array
        Kernels and biases by layer.
    """

    image_shape_: tuple[int, int, int]
    weights_: Arrays

    def __init__(
        self,
        code: int = 32,
        hidden: int = 256,
        epochs: int = 20,
        learning_rate: float = 0.01,
        random_state: int = 0,
    ) -> None:
        self.code = code
        self.hidden = hidden
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.random_state = random_state

    def fit(self, images: NDArray[np.uint8], y: object = None) -> Self:
        """Train encoder and decoder.

        Parameters
        ----------
        images : uint8 array [n, height, width, channels]
            One channel (grey) or three (red, green, blue).
        y : ignored
            Present for scikit-learn's `Pipeline`.

        Returns
        -------
        Self
            The feature itself.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or the images are of another kind.
        """
        self._check(images)
        _, height, width, channels = images.shape
        self.image_shape_ = (height, width, channels)
        self.weights_ = autoencoder.train(
            images.reshape(len(images), -1),
            self._sizes(self.image_shape_),
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )
        return self

    def decode(self, codes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Draw the images of codes.

        Parameters
        ----------
        codes : float32 array [n, code]
            Such as `transform` returns.

        Returns
        -------
        float32 array [n, height, width, channels]
            From 0 (black) to 1.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        check_is_fitted(self, "weights_")
        pixels = autoencoder.decode(self._sizes(self.image_shape_), self.weights_, codes)
        return pixels.reshape(len(codes), *self.image_shape_)

    def reconstruct(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Encode and decode images.

        Parameters
        ----------
        images : uint8 array [n, height, width, channels]
            Of the size and kind of the training images.

        Returns
        -------
        float32 array [n, height, width, channels]
            From 0 (black) to 1.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If the images are of another kind.
        """
        return self.decode(self.transform(images))

    def inpaint(
        self, images: NDArray[np.uint8], missing: NDArray[np.bool_], iterations: int = 100
    ) -> NDArray[np.float32]:
        """Fill in missing pixels by reconstructing the images again and again.

        Parameters
        ----------
        images : uint8 array [n, height, width, channels]
            Of the size and kind of the training images; their missing pixels are not looked at.
        missing : bool array [height, width], or [n, height, width]
            True where a pixel is missing: at first it is the mean of the image's other pixels.
        iterations : int
            Reconstructions; after each the known pixels are put back.

        Returns
        -------
        float32 array [n, height, width, channels]
            From 0 (black) to 1; known pixels are as they were.

        Raises
        ------
        ValueError
            If the images are of another kind, or no pixel of an image is known.
        """
        self._check(images)
        gap = np.broadcast_to(missing, images.shape[:3])[..., None]
        if gap.all(axis=(1, 2)).any():
            raise ValueError(f"{key(self)}: some known pixels are needed, got an image without any")
        known = images / np.float32(255)
        means = known.mean(axis=(1, 2), keepdims=True, where=~gap)
        filled = np.where(gap, means, known)
        for _ in range(iterations):
            filled = np.where(gap, self.decode(self._encode(filled)), known)
        return filled

    @property
    def parameters(self) -> int:
        """Learned numbers that the code needs: those of the encoder."""
        check_is_fitted(self, "weights_")
        layers = (self.weights_["encoder_hidden"], self.weights_["encoder_code"])
        return sum(array.size for layer in layers for array in layer.values())

    def macs(self, image_shape: tuple[int, int, int]) -> int:
        """Count the multiply-accumulates of one code, not those of the decoder.

        Parameters
        ----------
        image_shape : tuple of int
            Height, width and channels.

        Returns
        -------
        int
            Weights of both layers of the encoder.
        """
        return self._sizes(image_shape).pixels * self.hidden + self.hidden * self.code

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what was learned, for `from_arrays`: the decoder too."""
        check_is_fitted(self, "weights_")
        shape = np.array(self.image_shape_)
        return {"image_shape": shape, **flatten_dict(self.weights_, sep=".")}

    def from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Take over what `to_arrays` returned, under this feature's own parameters.

        Parameters
        ----------
        arrays : mapping of str to array
            Image shape, kernels and biases.

        Returns
        -------
        Self
            The feature itself, fitted.

        Raises
        ------
        ValueError
            If an array is missing or unknown, or the layers are not of this feature's size.
        """
        expected = {f"{layer}.{part}" for layer in LAYERS for part in ("kernel", "bias")}
        if set(arrays) != expected | {"image_shape"}:
            raise ValueError(
                f"{key(self)}: learns image_shape, {', '.join(sorted(expected))}, "
                f"got {', '.join(sorted(arrays)) or 'none'}"
            )
        weights = dict(arrays)
        height, width, channels = (int(side) for side in weights.pop("image_shape"))
        sizes = self._sizes((height, width, channels))
        found = weights["encoder_hidden.kernel"].shape + weights["encoder_code.kernel"].shape[1:]
        if found != sizes:
            raise ValueError(
                f"{key(self)}: layers must be of {list(sizes)} units, got {list(found)}"
            )
        self.image_shape_ = (height, width, channels)
        self.weights_ = unflatten_dict(weights, sep=".")
        return self

    def _sizes(self, image_shape: tuple[int, int, int]) -> Sizes:
        height, width, channels = image_shape
        return Sizes(height * width * channels, self.hidden, self.code)

    def _encode(self, images: NDArray[np.floating]) -> NDArray[np.float32]:
        pixels = images.reshape(len(images), -1).astype(np.float32, copy=False)
        return autoencoder.encode(self._sizes(self.image_shape_), self.weights_, pixels)

    def _check_parameters(self) -> None:
        for name in ("code", "hidden", "epochs"):
            check_count(self, name)
        check_positive(self, "learning_rate")
        check_count(self, "random_state", 0)

    def _smallest_image(self) -> tuple[int, str]:
        return 1, "one value"

    def _describe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        check_is_fitted(self, "weights_")
        if images.shape[1:] != self.image_shape_:
            raise ValueError(
                f"{key(self)}: images must be of the training images' size "
                f"{list(self.image_shape_)}, got {list(images.shape[1:])}"
            )
        return self._encode(images / np.float32(255))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = True
        return tags
