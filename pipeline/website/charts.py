"""The charts, as Vega-Lite specifications made by Altair."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from pipeline.website.wordnet import WORDS

Spec = dict[str, Any]

KINDS = {"classical": "feature and classifier", "network": "network, trained as a whole"}
COLOURS = alt.Scale(domain=list(KINDS.values()), range=["#3b7dd8", "#e0662b"])
KIND_LEGEND = alt.Legend(title=None, orient="top", columns=1)  # a phone's width
HEIGHT = 360
ERRORS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]
APART = 10  # pixels between two labels of an axis: fewer run together in a narrow window
LEAST = ERRORS[0]  # no error at all has no place on a log scale
SAME_IMAGES = "test(/exact|near/, datum.protocol)"  # of a published figure


def points(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Return one row a measured method: errors in percent, and the paper's own."""
    measured = accuracy[accuracy["accuracy"].notna()]
    frame = pd.DataFrame(
        {
            "dataset": measured["dataset"],
            "method": measured["method"],
            "title": measured["title"],
            "year": measured["year"],
            "kind": measured["kind"].map(KINDS),
            "error": 100 * (1 - measured["accuracy"]),
            "error_low": 100 * (1 - measured["accuracy_high"]),
            "error_high": 100 * (1 - measured["accuracy_low"]),
            "published": 100 * (1 - measured["published"]),
            "protocol": measured["protocol"].fillna(""),
            "parameters": measured["parameters"],
            "macs": measured["macs"],
        }
    )
    frame["drawn"] = frame["error"].clip(lower=LEAST)
    frame["drawn_low"] = frame["error_low"].clip(lower=LEAST)
    # The methods of one year stand side by side, within a year to either side.
    same = frame.groupby(["dataset", "year"])
    place, number = same.cumcount(), same["method"].transform("size")
    frame["when"] = frame["year"] + (place - (number - 1) / 2) * 2 / number.clip(lower=3)
    return frame.round(4).reset_index(drop=True)


def choice(frame: pd.DataFrame, column: str, label: str, first: str | None = None) -> alt.Parameter:
    """Let the reader choose one of a column's values."""
    options = list(dict.fromkeys(frame[column])) or ["nothing measured"]
    return alt.param(
        name=column,
        value=first if first in options else options[0],
        bind=alt.binding_select(options=options, name=f"{label} "),
    )


def of_one_dataset(frame: pd.DataFrame, first: str = "mnist") -> alt.Chart:
    """Show the rows of the data set that the reader chooses."""
    dataset = choice(frame, "dataset", "Data set", first)
    return alt.Chart(frame).transform_filter("datum.dataset == dataset").add_params(dataset)


def comma_separated(frame: pd.DataFrame) -> alt.InlineData:
    """Return many rows in a third of the place: records repeat every column's name."""
    numbers = frame.select_dtypes("number").columns
    layout = alt.CsvDataFormat(type="csv", parse=dict.fromkeys(numbers, "number"))
    return alt.InlineData(frame.to_csv(index=False), format=layout)


def finished(chart: Any, description: str) -> Spec:
    """Return a chart as a specification that is as wide as its place."""
    spec: Spec = chart.properties(
        width="container", height=HEIGHT, description=description, background="transparent"
    ).to_dict()
    return spec


def error_axis() -> alt.Y:
    """Draw errors upwards, on a log scale."""
    axis = alt.Axis(title=f"test error, % (log scale, 0 at {LEAST})", format="~g", values=ERRORS)
    return alt.Y("drawn:Q", scale=alt.Scale(type="log", nice=True), axis=axis)


def timeline(frame: pd.DataFrame) -> Spec:
    """Error by year with its interval, and the papers' own as hollow diamonds."""
    base = of_one_dataset(frame)
    year = alt.X(
        "when:Q",
        scale=alt.Scale(domain=[1957, float(max([2017, *(frame["when"] + 1)]))]),
        axis=alt.Axis(format="d", title="year", tickCount=8),
    )
    colour = alt.Color("kind:N", scale=COLOURS, legend=KIND_LEGEND)
    tooltip = [
        alt.Tooltip("title:N"),
        alt.Tooltip("year:Q"),
        alt.Tooltip("error:Q", title="error %", format=".2f"),
        alt.Tooltip("error_low:Q", title="from", format=".2f"),
        alt.Tooltip("error_high:Q", title="to", format=".2f"),
        alt.Tooltip("published:Q", title="published error %", format=".2f"),
        alt.Tooltip("protocol:N"),
    ]
    intervals = base.mark_rule(opacity=0.5).encode(
        year, alt.Y("drawn_low:Q", title=""), alt.Y2("error_high:Q"), colour
    )
    marks = base.mark_circle(size=90, opacity=1).encode(year, error_axis(), colour, tooltip=tooltip)
    papers = (
        base.transform_filter(SAME_IMAGES)
        .mark_point(shape="diamond", size=130, filled=False, strokeWidth=2)
        .encode(year, alt.Y("published:Q", title=""), colour, tooltip=tooltip)
    )
    return finished(
        alt.layer(intervals, papers, marks),
        "Test error of every method by the year of its feature or network, with 95 % intervals; "
        "hollow diamonds are published figures.",
    )


def unbeaten(frame: pd.DataFrame, order: str, groups: list[str]) -> pd.DataFrame:
    """Return the methods with fewer errors than all of their group that come before them.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a method: ``error``, the `order` and the `groups`.
    order : str
        The column to go by: the year, or a cost.
    groups : list of str

    Returns
    -------
    pandas.DataFrame
        In that order.
    """
    ordered = frame.sort_values([order, "error"], kind="stable")
    best = ordered.groupby(groups)["error"].cummin()
    before = best.groupby([ordered[name] for name in groups]).shift(fill_value=np.inf)
    return ordered[ordered["error"] < before]


def against(frame: pd.DataFrame, cost: str, title: str, figures: str = "~s") -> Spec:
    """Error against a cost, with the line of the methods that nothing cheaper beats."""
    shown = frame[frame[cost].notna() & (frame[cost] > 0)]
    shown = shown.assign(front=shown.index.isin(unbeaten(shown, cost, ["dataset"]).index))
    base = of_one_dataset(shown)
    axis = alt.Axis(title=title, format=figures, labelSeparation=APART)
    x = alt.X(f"{cost}:Q", scale=alt.Scale(type="log"), axis=axis)
    front = (
        base.transform_filter("datum.front")
        .mark_line(interpolate="step-after", opacity=0.5, color="#888")
        .encode(x, alt.Y("drawn:Q", title=""))
    )
    marks = base.mark_circle(size=90, opacity=1).encode(
        x,
        error_axis(),
        alt.Color("kind:N", scale=COLOURS, legend=KIND_LEGEND),
        tooltip=[
            alt.Tooltip("title:N"),
            alt.Tooltip("year:Q"),
            alt.Tooltip("error:Q", title="error %", format=".2f"),
            alt.Tooltip(f"{cost}:Q", title=title, format=",.4~g"),
        ],
    )
    return finished(
        alt.layer(front, marks),
        f"Test error against {title}; the grey line joins the methods that nothing cheaper beats.",
    )


def confusion(frame: pd.DataFrame) -> Spec:
    """Which class was taken for which: the mistakes of one method on one dataset."""
    frame = frame[frame["actual"] != frame["predicted"]]
    frame = frame.replace({"actual": WORDS, "predicted": WORDS})
    frame = frame.assign(run=frame["dataset"] + ": " + frame["method"])
    run = choice(frame, "run", "Method", "mnist: lenet5")
    base = (
        alt.Chart(comma_separated(frame[["run", "actual", "predicted", "count"]]))
        .transform_filter("datum.run == run")
        .transform_joinaggregate(most="max(count)")
        .add_params(run)
        .encode(
            alt.X("predicted:N", title="taken for", axis=alt.Axis(labelAngle=-45, orient="top")),
            alt.Y("actual:N", title="actual class"),
        )
    )
    cells = base.mark_rect().encode(
        alt.Color("count:Q", scale=alt.Scale(scheme="oranges"), legend=None),
        tooltip=["actual:N", "predicted:N", "count:Q"],
    )
    ink = alt.condition("datum.count > 0.6 * datum.most", alt.value("#fff"), alt.value("#222"))
    counts = base.mark_text().encode(alt.Text("count:Q"), color=ink)
    return finished(alt.layer(cells, counts), "How often each class was taken for each other one.")


def code_plane(frame: pd.DataFrame) -> Spec:
    """Test images by the two numbers of their code, each by its rank, as the picture has them."""
    ranks = frame.groupby("dataset")[["z1", "z2"]].rank(pct=True).mul(100).round(1)
    frame = frame.assign(rank1=ranks["z1"], rank2=ranks["z2"])
    x, y = (
        alt.X("rank1:Q", title="rank of z1, %"),
        alt.Y("rank2:Q", title="rank of z2, %"),
    )
    marks = (
        of_one_dataset(frame, "usps")
        .properties(data=comma_separated(frame))
        .mark_circle(size=36, opacity=0.9)
        .encode(
            x,
            y,
            alt.Color(
                "class:N",
                scale=alt.Scale(scheme="tableau10"),
                legend=alt.Legend(title=None, orient="top", columns=5),  # a phone's width
            ),
            tooltip=["class:N", alt.Tooltip("z1:Q"), alt.Tooltip("z2:Q")],
        )
    )
    return finished(
        marks, "Test images in the plane of a code of two numbers, coloured by their class."
    )


def misses(frame: pd.DataFrame) -> Spec:
    """Miss rate against false positives per window, on log scales as in Dalal and Triggs."""
    frame = frame[(frame["miss_rate"] > 0) & (frame["false_positives_per_window"] > 0)]
    lines = (
        alt.Chart(frame)
        .mark_line(interpolate="step-after")
        .encode(
            alt.X(
                "false_positives_per_window:Q",
                scale=alt.Scale(type="log"),
                axis=alt.Axis(title="false positives per window", format="~e", grid=False),
            ),
            alt.Y(
                "miss_rate:Q",
                scale=alt.Scale(type="log"),
                axis=alt.Axis(
                    title="miss rate", format="~g", values=[0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]
                ),
            ),
            alt.Color(
                "trained_on:N",
                sort=None,
                legend=alt.Legend(title="trained on", orient="top", columns=1),
            ),
            tooltip=[
                alt.Tooltip("trained_on:N", title="trained on"),
                alt.Tooltip("false_positives_per_window:Q", format=".1e"),
                alt.Tooltip("miss_rate:Q", format=".2f"),
            ],
        )
    )
    return finished(
        lines, "Share of the faces that are missed against the false positives per window."
    )
