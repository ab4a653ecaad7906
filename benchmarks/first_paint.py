"""How soon the page shows something: `python -m benchmarks.first_paint`.

Chromium opens results/report.html from disk, each time with a fresh profile, and says itself when
it first painted content; so from the start of the navigation, that of the browser apart. Writes
benchmarks/results/first_paint.csv.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.parts import turns
from pipeline.page import PAGE
from pipeline.stage import machine

COLUMNS = ("window", "page_mib", "ms", "ms_low", "ms_high", "machine")
TURNS = 11
OBSERVE = """<script>new PerformanceObserver((list) => {
  for (const entry of list.getEntriesByName("first-contentful-paint"))
    console.log(`painted after ${entry.startTime} ms`);
}).observe({ type: "paint", buffered: true });</script>"""


def milliseconds(chromium: str, width: int) -> float:
    """Open the page once, in a window so wide; return when it was first painted."""
    with tempfile.TemporaryDirectory() as folder:
        observed = Path(folder) / "page.html"
        text = PAGE.read_text("utf-8").replace("<head>", f"<head>{OBSERVE}", 1)
        observed.write_text(text, "utf-8")
        command = [
            *(
                chromium,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--enable-logging=stderr",
            ),
            *(f"--user-data-dir={folder}/profile", f"--window-size={width},900"),
            *(f"--screenshot={folder}/page.png", "--timeout=10000", observed.as_uri()),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r"painted after ([\d.]+) ms", done.stderr)
    if found is None:
        raise SystemExit(f"{chromium}: said nothing of a paint")
    return float(found[1])


def main() -> None:
    """Open the page again and again, and write the table."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("chromium: not found on the PATH, nothing measured")
        return
    rows = []
    for window, width in (("telephone", 390), ("desk", 1440)):
        found = [milliseconds(chromium, width) for _ in range(TURNS)]
        low, median, high = np.percentile(found, [10, 50, 90])
        size = PAGE.stat().st_size / 2**20
        rows.append(
            [
                *(window, f"{size:.1f}", f"{median:.0f}", f"{low:.0f}", f"{high:.0f}"),
                str(machine.description()["machine"]),
            ]
        )
    turns.write("first_paint", rows, COLUMNS)


if __name__ == "__main__":
    main()
