"""What the page says in words: its story from the tables, and its glossary."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from pipeline.evaluation.markdown import number
from pipeline.evaluation.terms import SIGNIFICANT

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
    ("seed", "the random start of a training; several of them show how much is luck"),
    ("SIFT words", "gradient histograms of small patches, each replaced by its nearest example"),
    ("stride", "how many pixels a kernel moves from one place to the next"),
    ("unconverged", "the solver that fits a classifier was stopped before it had settled"),
    ("whitening", "removing what neighbouring pixels have in common"),
)


def story(accuracy: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence per dataset: the best feature with a classifier against the best network."""
    for dataset, group in accuracy[accuracy["accuracy"].notna()].groupby("dataset", sort=True):
        best = {kind: own.loc[own["accuracy"].idxmax()] for kind, own in group.groupby("kind")}
        if {"classical", "network"} <= set(best):
            hand, learned = best["classical"], best["network"]
            # One of the two is the best of all, against which the other was tested.
            differ = hand["p_vs_best"] < SIGNIFICANT or learned["p_vs_best"] < SIGNIFICANT
            yield (
                f"{dataset}: {hand['title']} ({hand['year']}) {_percent(hand)}, "
                f"{learned['title']} ({learned['year']}) {_percent(learned)}, a difference "
                f"{'beyond' if differ else 'within'} chance; "
                f"{number(hand['parameters'], 12)} against {number(learned['parameters'], 12)} "
                f"learned numbers, on {number(hand['n_test'], 12)} test images."
            )


def _percent(row: pd.Series) -> str:
    low, high = 100 * row["accuracy_low"], 100 * row["accuracy_high"]
    status = "" if row["status"] == "ok" else f", {row['status']}"
    return f"{100 * row['accuracy']:.2f} % ({low:.2f}-{high:.2f}{status})"
