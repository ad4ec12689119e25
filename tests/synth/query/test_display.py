"""Tables and cards for a terminal of any width."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from synth.query.display import card, print_card, print_table, table

DAY = datetime(2026, 5, 1, 8, 30, tzinfo=UTC)
SAMPLE: dict[str, Any] = {
    "key": "0123456789abcdef", "task": "news_summary", "language": "vi", "status": "new", "date": DAY,
    "sources": [{"source_site": "VnExpress"}, {"source_site": "VnExpress"}], "min_similarity": 0.456,
    "answer": "Trận động đất mạnh 6,8 độ xảy ra lúc 17h22 ngày 9/5, làm rung chuyển nhiều tòa nhà.",
}  # fmt: skip

VALUES = st.none() | st.booleans() | st.floats() | st.text(max_size=60) | st.lists(st.text(max_size=5), max_size=3)


@given(
    st.lists(st.dictionaries(st.sampled_from(sorted(SAMPLE)), VALUES, max_size=9), min_size=1, max_size=4),
    st.integers(40, 200),
)
def test_any_rows_fit_any_terminal(rows: list[dict[str, Any]], width: int) -> None:
    for row in rows:
        row.pop("sources", None)
    lines = table([SAMPLE, *rows], "samples", width=width)
    assert len(lines) == len(rows) + 2
    assert all(cell_len(line) <= width and "\n" not in line for line in lines)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_answer_is_readable_at_any_width(width: int) -> None:
    head, line = table([SAMPLE], "samples", width=width)
    assert "VnExpress" in line or width < 120
    assert len(line) - head.index("answer") >= min(30, width - 24)


def test_what_says_nothing_has_no_column() -> None:
    other = SAMPLE | {"status": "edited", "duplicate_of": "k", "personal_data": [{"kind": "email"}], "language": "it",
                      "detected_language": "en", "unsupported": ["Rossi"], "toxicity": 0.5}  # fmt: skip
    assert "status" not in table([SAMPLE, SAMPLE], "samples", width=200)[0]
    head, first, second = table([SAMPLE, other], "samples", width=200)
    assert head.split()[-6:] == ["src", "min", "unsup", "tox", "marks", "answer"]
    assert "task" not in head
    assert "duplicate personal language" in second
    assert "duplicate" not in first


def test_chosen_fields() -> None:
    row = {"key": "k", "tags": ["a", "b", "a"], "sources": [{"link": "x", "tags": ["t"]}, {"link": "y"}], "date": DAY,
           "provenance": {"model": "m"}, "similarity": [0.123456, 1], "flag": False}  # fmt: skip
    fields = ["key", "tags", "sources.link", "sources.1.link", "sources.tags", "provenance.model", "similarity", "date"]
    head, line = table([row], "samples", [*fields, "none", "flag"], width=200)
    assert head.split() == [*fields, "none", "flag"]
    assert line.split("  ")[0] == "k"
    for told in ("a, b", "x, y", "0.1235, 1", "2026-05-01 08:30", "False"):
        assert told in line


def test_a_table_keeps_a_terminal_safe() -> None:
    lines = table([SAMPLE | {"answer": "uno\x1b[31m\x07due\r\u202etre\nquattro"}], "samples", width=120)
    assert len(lines) == 2
    assert not set("".join(lines)) & set("\x1b\x07\r\u202e\n")


def test_a_card_tells_what_is_not_in_the_sources() -> None:
    text = card({"_id": 1, **SAMPLE, "unsupported": ["12 %", "Rossi"], "unsupported_kinds": ["percent"]}, "samples")
    assert "unsupported 12 % (percent), Rossi" in text
    assert "unsupported_kinds" not in text


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch, show: Callable[[], None], columns: int) -> list[str]:
    """Lines that a terminal of so many columns shows, without their styles."""
    stream = Terminal()
    monkeypatch.setattr("sys.stdout", stream)
    for name, value in {"COLUMNS": str(columns), "TERM": "xterm-256color"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    show()
    assert "\x1b[1m" in stream.getvalue()
    lines = re.sub(r"\x1b\[[\d;]*m", "", stream.getvalue()).split("\n")
    return [line.rstrip() for line in lines[:-1]]


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("fields", [[], ["key", "sources.source_site", "answer"], sorted(SAMPLE) * 2])
def test_a_terminal_shows_the_plain_lines_in_styles(
    monkeypatch: pytest.MonkeyPatch, columns: int, fields: list[str]
) -> None:
    rows = [SAMPLE, SAMPLE | {"answer": "[red]uno[/] :smile: \x1b[31m\x9b5m", "personal_data": [{"kind": "email"}]}]
    lines = on_terminal(monkeypatch, lambda: print_table(rows, "samples", fields), columns)
    assert lines == table(rows, "samples", fields)
    assert on_terminal(monkeypatch, lambda: print_card(rows[1], "samples"), columns) == card(rows[1], "samples").split(
        "\n"
    )


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_combining_characters_take_no_column(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """Vietnamese breaks and is cut at the same words, however its accents are stored."""
    sample = SAMPLE | {"answer": unicodedata.normalize(form, SAMPLE["answer"] * 3)}
    monkeypatch.setenv("COLUMNS", "60")
    for lines in (card(sample, "samples").split("\n"), table([sample], "samples")):
        assert max(map(cell_len, lines)) <= 60
        assert max(map(cell_len, lines[1:])) > 50
    composed = sample | {"answer": unicodedata.normalize("NFC", sample["answer"])}
    assert unicodedata.normalize("NFC", card(sample, "samples")) == card(composed, "samples")


def test_a_link_is_never_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    link = "https://vnexpress.example/" + "x" * 120
    monkeypatch.setenv("COLUMNS", "80")
    assert link in card(SAMPLE | {"sources": [{"link": link}]}, "samples")
    shown = on_terminal(monkeypatch, lambda: print_card(SAMPLE | {"sources": [{"link": link}]}, "samples"), 80)
    assert any(link in line for line in shown)
