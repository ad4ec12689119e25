"""docs/doubts.md names every doubt, with the words that reports have for it."""

from pathlib import Path

from synth.translation.checks import meanings

PAGE = Path(__file__).parents[2] / "docs/doubts.md"


def test_the_page_has_every_doubt_and_no_other() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert {name.strip("`"): meaning for name, meaning in rows} == dict(meanings())
