"""The charts of the studies."""

from __future__ import annotations

import textwrap
from itertools import cycle

import altair as alt
import pandas as pd

from pipeline.website.charts import (
    APART,
    LEAST,
    Spec,
    choice,
    error_axis,
    finished,
    of_one_dataset,
)

LONGEST_LINE = 24  # letters of a label: a phone leaves half its width to the chart
LABELS = alt.Axis(labelExpr="split(datum.label, '\\n')", labelLimit=340)
METHOD_LEGEND = alt.Legend(title=None, orient="top", columns=2)
GREY = "#888"  # seen on white and on black
COLOURS = {  # the same in all charts
    "raw-logistic": "#4c78a8",
    "mlp": "#b279a2",
    "hog-linear_svm": "#54a24b",
    "lenet5": "#e45756",
    "lenet5_modern": "#f58518",
}
OTHERS = ["#72b7b2", "#eeca3b", "#ff9da6", "#9d755d"]


def percent(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the table with one figure and its interval in percent."""
    return frame.assign(
        **{f"{name}{end}": 100 * frame[f"{name}{end}"] for end in ("", "_low", "_high")}
    )


def wrapped(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the table with a column's words in lines, for `LABELS`."""
    return frame.assign(**{name: [textwrap.fill(text, LONGEST_LINE) for text in frame[name]]})


def method_colour(frame: pd.DataFrame) -> alt.Color:
    """Give the methods of a table their colours, and those without one the next of `OTHERS`."""
    methods = list(dict.fromkeys(frame["method"]))
    colours = dict(zip([one for one in methods if one not in COLOURS], cycle(OTHERS), strict=False))
    colours |= {one: colour for one, colour in COLOURS.items() if one in methods}
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    return alt.Color("method:N", scale=scale, legend=METHOD_LEGEND)


def ladder(frame: pd.DataFrame) -> Spec:
    """Accuracy of each rung with its interval, one rung below the other."""
    base = of_one_dataset(wrapped(percent(frame, "accuracy"), "rung"))
    rung = alt.Y("rung:N", sort=None, title=None, axis=LABELS)
    scale = alt.Scale(zero=False)
    bars = base.mark_rule(color=GREY).encode(
        rung,
        alt.X("accuracy_low:Q", scale=scale, title="test accuracy, %"),
        alt.X2("accuracy_high:Q"),
    )
    marks = base.mark_circle(size=110, opacity=1, color="#e0662b").encode(
        rung,
        alt.X("accuracy:Q", scale=scale),
        tooltip=[
            alt.Tooltip("rung:N"),
            alt.Tooltip("accuracy:Q", format=".2f"),
            alt.Tooltip("gain:Q", title="gain (share)", format="+.4f"),
            alt.Tooltip("p:Q", title="p (Holm)", format=".2g"),
        ],
    )
    return finished(alt.layer(bars, marks), "Accuracy of LeNet-5 as newer parts are added to it.")


def learning_curves(frame: pd.DataFrame) -> Spec:
    """Error against the number of training images, one line a method."""
    frame = frame.assign(
        error=100 * (1 - frame["accuracy"]), training=100 * (1 - frame["train_accuracy"])
    )
    frame["drawn"] = frame["error"].clip(lower=LEAST)
    base = of_one_dataset(frame)
    x = alt.X(
        "n_train:Q",
        scale=alt.Scale(type="log"),
        axis=alt.Axis(title="training images", format="~s", labelSeparation=APART),
    )
    lines = base.mark_line(point=True).encode(
        x,
        error_axis(),
        method_colour(frame),
        tooltip=[
            alt.Tooltip("method:N"),
            alt.Tooltip("n_train:Q", title="training images"),
            alt.Tooltip("error:Q", title="test error %", format=".2f"),
            alt.Tooltip("training:Q", title="training error %", format=".2f"),
        ],
    )
    return finished(
        lines, "Test error of each method by the number of images that it learned from."
    )


def effects(frame: pd.DataFrame) -> Spec:
    """How much each cause changes the accuracy, with its interval."""
    frame = percent(frame[frame["kind"] == "effect"], "effect")
    frame = frame[["dataset", "name", "effect", "effect_low", "effect_high"]]
    base = of_one_dataset(wrapped(frame, "name"), "cifar10_jpeg")
    cause = alt.Y("name:N", sort=None, title=None, axis=LABELS)
    nothing = (
        alt.Chart(pd.DataFrame({"zero": [0]}))
        .mark_rule(color=GREY, strokeDash=[2, 2])
        .encode(x="zero:Q")
    )
    bars = base.mark_rule(color=GREY).encode(
        cause,
        alt.X("effect_low:Q", title="points"),
        alt.X2("effect_high:Q"),
    )
    marks = base.mark_circle(size=110, opacity=1, color="#e0662b").encode(
        cause,
        alt.X("effect:Q"),
        tooltip=[
            alt.Tooltip("name:N", title="cause"),
            alt.Tooltip("effect:Q", title="points", format="+.2f"),
            alt.Tooltip("effect_low:Q", title="from", format="+.2f"),
            alt.Tooltip("effect_high:Q", title="to", format="+.2f"),
        ],
    )
    described = "What each cause changed, with its interval over the test images, for these seeds."
    return finished(alt.layer(nothing, bars, marks), described)


def from_nothing(frame: pd.DataFrame) -> pd.DataFrame:
    """Let every change begin with 0, the accuracy on unchanged images, and grow from there."""
    as_they_are = frame[frame["change"] == "none"]
    changed = frame[frame["change"] != "none"].replace({"change": {"contrast": "contrast lost"}})
    lost = changed["change"] == "contrast lost"
    changed["amount"] = changed["amount"].where(~lost, 1 - changed["amount"])
    firsts = [as_they_are.assign(change=change) for change in dict.fromkeys(changed["change"])]
    return pd.concat([*firsts, changed])


def invariance(frame: pd.DataFrame) -> Spec:
    """Accuracy of each method on images that are changed more and more."""
    frame = percent(from_nothing(frame), "accuracy")
    frame = frame[["dataset", "method", "change", "amount", "accuracy"]]
    change = choice(frame, "change", "Change")
    lines = (
        of_one_dataset(frame)
        .transform_filter("datum.change == change")
        .add_params(change)
        .mark_line(point=True)
        .encode(
            alt.X("amount:Q", title="how much, in the unit of the change"),
            alt.Y("accuracy:Q", title="test accuracy, %", scale=alt.Scale(domain=[0, 100])),
            method_colour(frame),
            tooltip=[
                alt.Tooltip("method:N"),
                alt.Tooltip("amount:Q"),
                alt.Tooltip("accuracy:Q", format=".2f"),
            ],
        )
    )
    return finished(lines, "Accuracy of each method on changed test images, by how much they are.")


CHARTS = {
    "attribution": effects,
    "ablation": ladder,
    "learning_curve": learning_curves,
    "invariance": invariance,
}
