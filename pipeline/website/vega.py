"""Pack Vega, which draws every chart, into one file: `python -m pipeline.website.vega`.

The file is in git: to pack it takes two seconds, and `dvc plots` opens it too. A test says when it
is no longer that of the installed vl-convert.
"""

from __future__ import annotations

from pathlib import Path

LIBRARY = Path(__file__).with_name("vega.js")


def packed() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script that needs no other host."""
    import vl_convert

    library: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return library


if __name__ == "__main__":
    LIBRARY.write_text(packed(), encoding="utf-8", newline="")
