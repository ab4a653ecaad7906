"""What the papers report is believed only where it can be true."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.evaluation.published import PUBLISHED, published
from pipeline.stage.errors import UserError

HEADINGS = "dataset,method,published,protocol,published_source"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("d,m,0.8,near,them", "m on d is there twice, expected one row"),
        ("d,n,98.9,near,them", "n on d has no accuracy between 0 and 1"),
        ("d,n,,near,them", "n on d has no accuracy between 0 and 1"),
        ("d,n,98.9 %,near,them", "n on d has no accuracy between 0 and 1"),
        ("d,n,0.9,neer,them", "n on d has no protocol of exact, near, different-data"),
    ],
)
def test_what_cannot_be_is_refused(
    line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    PUBLISHED.parent.mkdir()
    first = f"{HEADINGS}\nd,m,0.9,exact,us\n"
    PUBLISHED.write_text(f"{first}other,m,0.7,near,us\n")
    assert published("d")["published"].tolist() == [0.9]
    PUBLISHED.write_text(f"{first}{line}\n")
    with pytest.raises(UserError, match=f"^results/published.csv: {said}"):
        published("d")


def test_a_missing_column_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    PUBLISHED.parent.mkdir()
    PUBLISHED.write_text(HEADINGS.replace("protocol", "Protocol") + "\nd,m,0.9,exact,us\n")
    with pytest.raises(UserError, match=r"csv: found .*Protocol.*; expected protocol too$"):
        published("d")
