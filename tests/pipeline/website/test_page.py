"""The page: made from any tables, complete, safe, and drawn by a real browser."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from pipeline import page
from pipeline.website import charts, vega

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = "</script><script>alert(1)</script>\"'><b>"
WORDS = {
    "accuracy.csv": ["title"],
    "confusion.csv": ["actual", "predicted"],  # names of classes
    "throughput.csv": ["machine", "device"],
    "studies/ablation.csv": ["rung"],
    "studies/learning_curve.csv": ["method"],
}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    """Write the page of the committed tables, the words of which are scripts."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("pipeline", "features", "models", "params.yaml"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "results/tables", folder / "results/tables")
    for file, columns in WORDS.items():
        path = folder / "results/tables/digits" / file
        table = pd.read_csv(path, dtype=str)
        table[columns] += SCRIPT
        table.to_csv(path, index=False)
    captions = folder / "results/tables/digits/pictures/captions.json"
    shown = {
        file: {key: text + SCRIPT for key, text in words.items()}
        for file, words in json.loads(captions.read_text("utf-8")).items()
    }
    captions.write_text(json.dumps(shown), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        page.main()
    return folder / page.PAGE


def test_it_asks_nobody_else(made: Path):
    text = made.read_text("utf-8")
    own = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)  # Vega names its own home
    assert not re.findall(r"(?:src|href)=[\"'](?!data:|#)", own)


def test_it_is_small_but_for_what_there_is_to_show(made: Path):
    text = made.read_text("utf-8")
    pictures = re.findall(r"data:image/\w+;base64,[^\"]*", text)
    assert max(map(len, pictures)) < 192 * 2**10
    assert sum(map(len, pictures)) < 24 * 2**10 * len(pictures)
    charts = re.search(r'<script type="application/json".*?</script>', text, re.DOTALL)
    assert charts is not None
    methods = sum(len(pd.read_csv(table)) for table in made.parent.glob("tables/*/accuracy.csv"))
    assert len(charts.group()) < 16 * 2**10 * methods
    assert len(text) - sum(map(len, pictures)) - len(charts.group()) < 1.25 * 2**20


def test_what_the_tables_say_is_text(made: Path):
    text = made.read_text("utf-8")
    assert SCRIPT not in text
    assert "<script" not in made.with_name("history.svg").read_text("utf-8")
    tags: Counter[str] = Counter()
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, _: tags.update([tag])  # type: ignore[method-assign]
    parser.feed(text)
    assert tags["script"] == 3  # the charts, the library, the page's own
    assert tags["b"] < 100  # the best methods
    for escaped in (
        "&lt;/script&gt;&lt;script&gt;alert(1)",
        "\\u003c/script>\\u003cscript>alert(1)",
    ):
        assert text.count(escaped) > 10


def test_every_method_has_its_row(made: Path):
    text = made.read_text("utf-8")
    for file in (ROOT / "results/tables").glob("*/accuracy.csv"):
        for method in pd.read_csv(file)["method"]:
            assert f">{method}</td>" in text


def test_the_same_tables_make_the_same_page(made: Path, monkeypatch: pytest.MonkeyPatch):
    before = made.read_bytes()
    monkeypatch.chdir(made.parents[1])
    page.main()
    assert made.read_bytes() == before


# Once everything is drawn, the page says its smallest letters and by how much it is too wide.
MEASURE = """<script>addEventListener("load", () => setTimeout(() => {
  const texts = [...document.querySelectorAll("body *")].filter((node) =>
    [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim())
    && !node.closest("script, style"));
  const sizes = texts.map((node) => parseFloat(getComputedStyle(node).fontSize));
  const root = document.documentElement;
  root.dataset.letters = Math.min(...sizes);
  root.dataset.outside = root.scrollWidth - root.clientWidth;
}, 20000))</script>"""


@pytest.fixture(scope="module", params=[390, 1440])
def drawn(request: pytest.FixtureRequest, made: Path, tmp_path_factory: pytest.TempPathFactory):
    """What a browser makes of the page on a telephone and on a desk, and what it complains of."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    folder = tmp_path_factory.mktemp("browser")
    (folder / "page.html").write_text(made.read_text("utf-8") + MEASURE, "utf-8")
    return subprocess.run(
        [
            CHROMIUM,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            f"--user-data-dir={folder}",
            f"--window-size={request.param},900",
            "--virtual-time-budget=30000",
            "--dump-dom",
            (folder / "page.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


def test_a_browser_draws_every_chart(drawn: subprocess.CompletedProcess[str]):
    assert not [line for line in drawn.stderr.splitlines() if "CONSOLE" in line]
    specs = json.loads(re.search(r'id="charts">(.*?)</script>', drawn.stdout, re.DOTALL)[1])
    places = re.findall(r'data-chart="(\w+)".*?</figure>', drawn.stdout, re.DOTALL)
    assert sorted(places) == sorted(specs)
    for figure in re.findall(r'<div class="chart.*?</figure>', drawn.stdout, re.DOTALL):
        assert "<svg" in figure
        assert "<path" in figure
    assert re.search(r"(\d+) of \1 rows", drawn.stdout)


def test_every_letter_can_be_read(drawn: subprocess.CompletedProcess[str]):
    said = dict(re.findall(r'data-(letters|outside)="([-\d.]+)"', drawn.stdout[:1000]))
    assert float(said["letters"]) >= 12
    assert float(said["outside"]) <= 0


def test_the_packed_library_is_that_of_the_installed_version():
    assert vega.LIBRARY.read_text("utf-8") == vega.packed(), "run python -m pipeline.website.vega"


def test_every_picture_says_what_it_is(made: Path):
    own = re.sub(r"<script>.*?</script>", "", made.read_text("utf-8"), flags=re.DOTALL)
    images = re.findall(r"<img [^>]*>", own)
    assert len(images) > 50
    assert all(re.search(r'alt="[^"]{5,}"', image) for image in images)


def test_nothing_cheaper_beats_the_front():
    frame = pd.DataFrame(
        {
            "dataset": list("aaaab"),
            "parameters": [10, 20, 30, 40, 5],
            "error": [5.0, 6.0, 3.0, 3.0, 9.0],
        }
    )
    assert sorted(charts.unbeaten(frame, "parameters", ["dataset"]).index) == [0, 2, 4]


def test_no_error_at_all_is_drawn_on_a_log_scale():
    row = {"method": "m", "title": "M", "year": 2005, "kind": "classical", "dataset": "d"}
    row |= {"accuracy": 1.0, "accuracy_low": 0.99, "accuracy_high": 1.0, "published": None}
    row |= {"protocol": None, "parameters": 5, "macs": 4}
    frame = charts.points(pd.DataFrame([row]).astype({"published": float}))
    assert frame.loc[0, ["error", "error_low", "drawn", "drawn_low"]].tolist() == [0, 0, 0.1, 0.1]


def test_points_are_errors_in_percent():
    row = {"method": "m", "title": "M", "kind": "network", "protocol": None, "dataset": "d"}
    row |= {"accuracy": 0.98, "accuracy_low": 0.97, "accuracy_high": 0.99, "published": 0.95}
    row |= {"parameters": 5, "macs": 4}
    frame = charts.points(pd.DataFrame([{**row, "year": 1998}, {**row, "year": 1998}]))
    assert frame.loc[0, ["error", "error_low", "error_high", "published"]].tolist() == [2, 1, 3, 5]
    assert frame["when"].tolist() == pytest.approx([1998 - 1 / 3, 1998 + 1 / 3])  # side by side


def mistakes_in(spec: charts.Spec) -> pd.DataFrame:
    assert spec["data"]["format"] == {"type": "csv", "parse": {"count": "number"}}
    (rows,) = spec["datasets"].values()
    return pd.read_csv(io.StringIO(rows))


def test_classes_that_are_numbers_of_wordnet_are_shown_in_words():
    row = {"dataset": "d", "method": "m", "actual": "n01440764", "predicted": "cat", "count": 1}
    rows = mistakes_in(charts.confusion(pd.DataFrame([row])))
    assert rows[["actual", "predicted"]].to_numpy().tolist() == [["tench", "cat"]]


def test_a_chart_may_have_more_rows_than_a_notebook():
    row = {"dataset": "digits", "method": "mlp", "actual": "a", "predicted": "b"}
    mistakes = pd.DataFrame([{**row, "count": count} for count in range(6000)])
    assert mistakes_in(charts.confusion(mistakes))["count"].tolist() == [*range(6000)]
