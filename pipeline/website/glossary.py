"""The page's glossary."""

from __future__ import annotations

GLOSSARY = (
    ("accuracy", "the share of test images that a method classifies rightly"),
    ("atom", "one entry of a dictionary: a small pattern; a few of them added up make any patch"),
    ("autoencoder", "a network that squeezes an image into a few numbers, its code, and back"),
    ("batch", "the images that are handled together in one call or one training step"),
    ("convolution", "one small kernel of weights, applied at every place of an image"),
    ("epoch", "one pass of a training over all training images"),
    ("feature", "numbers computed from an image that a classifier can use, such as HOG"),
    ("feature map", "what one kernel answers at every place of an image, itself an image"),
    ("HOG", "histograms of oriented gradients: how many edges of which direction each cell holds"),
    ("Holm", "asks more of every test where many are made, as one in twenty succeeds by chance"),
    ("interval", "95 % of such intervals hold the accuracy that endless test images would show"),
    ("k-means patches", "small patches, each described by how near it is to typical ones"),
    ("kernel", "the small square of weights that a convolution slides over an image"),
    ("linear classifier", "one weight per number and class; the class with the largest sum wins"),
    ("logits", "a network's outputs before they are turned into probabilities"),
    ("McNemar test", "compares two methods by the images that only one of them gets right"),
    (
        "multiply-accumulate (MAC)",
        "one product added to a sum, the unit in which a prediction is counted",
    ),
    ("padding", "rows and columns of zeros around an image, so that a kernel fits at its border"),
    (
        "RBF SVM",
        "a kernel SVM: weighs how similar an image is to training images near the borders",
    ),
    ("seed", "the random start of a training; several of them show how much is luck"),
    ("SIFT words", "gradient histograms of small patches, each replaced by its nearest example"),
    ("spatial pyramid", "SIFT words, counted in the whole image and in each cell of finer grids"),
    ("stride", "how many pixels a kernel moves from one place to the next"),
    ("unconverged", "the solver that fits a classifier was stopped before it had settled"),
    ("whitening", "removing what neighbouring pixels have in common"),
)
