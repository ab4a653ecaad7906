"""The page's glossary."""

from __future__ import annotations

GLOSSARY = (
    ("accuracy", "the share of test images that a method classifies rightly"),
    ("atom", "one entry of a dictionary: a small pattern; a few of them added up make any patch"),
    ("autoencoder", "a network that squeezes an image into a few numbers, its code, and back"),
    ("batch", "the images that are handled together in one call or one training step"),
    ("batch normalisation", "brings the answers of each kernel to one scale, over a batch"),
    ("Canny", "edges one pixel wide: the strongest places along each rise of brightness"),
    ("convolution", "one small kernel of weights, applied at every place of an image"),
    ("distortions", "training images, each time moved, turned, scaled or mirrored a little"),
    ("cuda-convnet", "A. Krizhevsky's network of three convolutions for CIFAR-10, 2011"),
    ("dropout", "switching off a random share of the units in every training step"),
    ("epoch", "one pass of a training over all training images"),
    ("feature", "numbers computed from an image that a classifier can use, such as HOG"),
    ("feature map", "what one kernel answers at every place of an image, itself an image"),
    ("Gabor filter", "a kernel with a few stripes of one width and direction"),
    ("HOG", "histograms of oriented gradients: how many edges of which direction each cell holds"),
    ("Holm", "asks more of every test where many are made: one in twenty would succeed by chance"),
    ("interval", "95 % of such intervals hold the accuracy that endless test images would show"),
    ("k-means patches", "small patches, each described by how near it is to typical ones"),
    ("k-NN", "k nearest neighbours: the class that most of the k most similar images have"),
    (
        "kernel",
        "the small square of weights that a convolution slides over an image; an SVM's is another "
        "thing: how alike two images are",
    ),
    (
        "LeNet-5",
        "as it is usually drawn today: every map sees all maps before it, average pooling, a "
        "linear output",
    ),
    (
        "LeNet-5 1998",
        "as in the paper: chosen maps see chosen maps, pooling is learned, the output is the "
        "distance to a fixed picture of each figure",
    ),
    (
        "LeNet-5 with later parts",
        "with ReLU, max pooling, batch normalisation and, where they helped, dropout and "
        "distorted images",
    ),
    ("linear classifier", "one weight per number and class; the class with the largest sum wins"),
    ("logistic regression", "a linear classifier whose sums are turned into probabilities"),
    ("logits", "a method's scores before they are turned into probabilities"),
    ("max pooling", "keeping the largest answer of every small square of a feature map"),
    ("McNemar test", "compares two methods by the images that only one of them gets right"),
    (
        "multiply-accumulate (MAC)",
        "one product added to a sum, the unit in which a prediction is counted",
    ),
    ("padding", "rows and columns of zeros around an image, so that a kernel fits at its border"),
    ("protocol", "how like the paper's a run is: exact, near (the same images), or different"),
    (
        "RBF SVM (kernel SVM)",
        "an SVM with a Gaussian kernel, whose border is curved: how similar is an image to the "
        "training images hardest to tell?",
    ),
    ("ReLU", "passes on what is positive and makes the rest zero"),
    ("residual network (ResNet)", "adds what a pair of layers finds to what they were given"),
    ("seed", "the random start of a training; several of them show how much is luck"),
    ("SIFT words", "gradient histograms of small patches, each replaced by its nearest example"),
    ("Sobel", "how steeply brightness rises to the right and downwards, at every pixel"),
    ("sparse codes", "patches written as sums of a few atoms: how much of which atom"),
    ("spatial pyramid", "SIFT words, counted in the whole image and in each cell of finer grids"),
    ("std", "standard deviation: how much the accuracies of several seeds scatter"),
    ("stride", "how many pixels a kernel moves from one place to the next"),
    (
        "SVM",
        "support vector machine: a linear classifier whose border keeps as far as it can from the "
        "training images of both sides",
    ),
    ("unconverged", "the solver that fits a classifier was stopped before it had settled"),
    ("whitening", "removing what neighbouring pixels have in common"),
)
