"""The history in one still picture, for the README: every data set beside the others."""

from __future__ import annotations

import altair as alt
import pandas as pd

from pipeline.website.charts import COLOURS, KINDS, LEAST, SAME_IMAGES, points, unbeaten

PANEL_WIDTH, PANEL_HEIGHT, PANELS_A_LINE = 200, 200, 4
NAMES_ABOVE = (-24, -10)  # pixels from a panel's top to the names of the best
FIRST, LAST = 1957, 2018  # year; later where a method is
TITLE = f"Test error by the year of the feature or network, % (log scale; 0 is drawn at {LEAST})"
SUBTITLE = [
    "Disc: a method, with its 95 % interval; those of one year stand side by side. The year is "
    "that of the idea: classifier, tuning and data may be younger.",
    "Line: the best so far. Diamond: the published figure, protocol exact or near.",
]
TICKS = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100]


def _records(frame: pd.DataFrame, last: int) -> pd.DataFrame:
    """Return the corners of the record lines up to the year `last`; the last holders are named."""
    holders = unbeaten(frame, "year", ["dataset", "kind"])
    latest = ~holders.duplicated(["dataset", "kind"], keep="last")
    names = holders["title"] + holders["error"].map("  {:.1f}".format)
    ends = holders[latest].assign(year=last)
    return pd.concat([holders.assign(name=names.where(latest, "")), ends.assign(name="")])


def chart(accuracy: pd.DataFrame) -> alt.FacetChart:
    """Draw one panel a data set, those with the most test images first.

    Parameters
    ----------
    accuracy : pandas.DataFrame
        The accuracy tables of all data sets.
    """
    frame = points(accuracy)
    last = int(max([LAST, *(frame["year"] + 1)]))
    frame = pd.concat([frame.assign(part="method"), _records(frame, last).assign(part="record")])
    years = alt.Axis(format="d", title=None, values=list(range(1960, last, 10)), grid=False)
    scale = alt.Scale(domain=[FIRST, last], nice=False)
    when, year = (alt.X(field, scale=scale, axis=years) for field in ("when:Q", "year:Q"))
    error = alt.Y(
        "drawn:Q",
        scale=alt.Scale(type="log", nice=False, padding=14),
        axis=alt.Axis(title=None, format="~g", values=TICKS, gridOpacity=0.5, domain=False),
    )
    colour = alt.Color("kind:N", scale=COLOURS, legend=alt.Legend(title=None, orient="bottom"))
    base = alt.Chart().encode(color=colour)
    methods = base.transform_filter("datum.part == 'method'")
    records = base.transform_filter("datum.part == 'record'")
    published = methods.transform_filter(SAME_IMAGES)
    named = [
        records.transform_filter(alt.datum.name != "")
        .transform_filter(alt.datum.kind == kind)
        .mark_text(align="left", fontWeight="bold", fontSize=11)
        .encode(alt.XDatum(FIRST), alt.YValue(line), alt.Text("name:N"))
        for kind, line in zip(KINDS.values(), NAMES_ABOVE, strict=True)
    ]
    panel = alt.layer(
        records.mark_line(interpolate="step-after", strokeWidth=2.5, opacity=0.5).encode(
            year, error
        ),
        methods.mark_rule(opacity=0.35).encode(when, alt.Y("drawn_low:Q"), alt.Y2("error_high:Q")),
        methods.mark_circle(size=30, opacity=1).encode(when, error),
        published.mark_point(shape="diamond", size=70).encode(when, alt.Y("published:Q")),
        *named,
        data=frame,
    ).properties(width=PANEL_WIDTH, height=PANEL_HEIGHT)
    surest_first = accuracy.sort_values(["n_test", "dataset"], ascending=[False, True])["dataset"]
    header = alt.Header(
        labelFontSize=14, labelFontWeight="bold", labelAnchor="start", labelPadding=10
    )
    panels = alt.Facet("dataset:N", title=None, sort=list(surest_first.unique()), header=header)
    return panel.facet(panels, columns=PANELS_A_LINE).resolve_scale(y="independent")


def svg(accuracy: pd.DataFrame) -> str:
    """Return the picture, on white: a page behind it may be dark.

    Parameters
    ----------
    accuracy : pandas.DataFrame
        The accuracy tables of all data sets.
    """
    import vl_convert

    title = alt.Title(TITLE, subtitle=SUBTITLE, anchor="start", offset=16, fontSize=16)
    drawn = chart(accuracy).properties(title=title, background="white", padding=16)
    # Labels for screen readers, of every disc, are half as much again as the picture.
    plain = drawn.configure(aria=False, view=alt.ViewConfig(stroke=None))
    text: str = vl_convert.vegalite_to_svg(plain.to_dict())
    return text
