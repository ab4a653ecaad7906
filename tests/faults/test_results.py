from __future__ import annotations

from pathlib import Path

from tests.faults.results import record


def test_a_section_is_replaced_and_the_others_stay(tmp_path: Path):
    file = tmp_path / "RESULTS.md"
    record("Network", "| a |\n|---|\n| 1 |", file)
    record("Bad input", "ten\n", file)
    before = file.read_text(encoding="utf-8")
    record("Bad input", "ten\n", file)
    assert file.read_text(encoding="utf-8") == before
    record("Network", "\n### Mirrors\n\nnew \\1", file)
    parts = file.read_text(encoding="utf-8").split("## ", 1)[1]
    assert parts == "Network\n\n### Mirrors\n\nnew \\1\n\n## Bad input\n\nten\n"
