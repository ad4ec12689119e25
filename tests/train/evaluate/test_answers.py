"""What is kept of the answers, wherever a kill tore the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from train.errors import TrainError
from train.evaluate.answers import Ledger, lines_of_texts
from train.evaluate.holdout import Row

LINES = [
    {"model": "m", "made_by": "1", "id": str(number), "row": f"row{number}", "text": text, "nll": 1.5, "tokens": 3}
    for number, text in enumerate(["Tiếng Việt\u2028 “đẹp”", "", 'riga\ncon "virgolette"', "x" * 300])
]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1))
def test_a_file_torn_anywhere_keeps_its_whole_lines(share: float, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.unlink(missing_ok=True)
    Ledger(path).add(LINES)
    whole = path.read_bytes()
    cut = round(share * len(whole))
    path.write_bytes(whole[:cut])
    ledger = Ledger(path)
    assert list(ledger.lines.values()) == LINES[: whole[:cut].count(b"\n")]
    ledger.add(LINES[::-1])
    assert sorted(Ledger(path).lines) == sorted((line["made_by"], line["row"]) for line in LINES)
    for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
        json.loads(line)


@pytest.mark.parametrize("content", ['{"a": 1}\n', "[]\n", "not JSON\n", "\xff\n"])
def test_a_file_of_something_else_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(TrainError, match=r"rows\.jsonl:1 is no line"):
        Ledger(path)


def test_a_row_that_changed_is_another_row() -> None:
    asked = [{"role": "user", "content": "Riassumi."}]
    rows = [Row("a", asked, "x"), Row("a", asked, "y"), Row("a", [*asked, *asked], "x"), Row("a", asked, "x", "it")]
    assert len({row.digest for row in rows}) == 4
    assert Row("b", asked, "x", where="elsewhere").digest == rows[0].digest


def test_texts_that_differ_are_kept_apart() -> None:
    row = Row("a", [{"role": "user", "content": "Riassumi."}], "x")
    one, other = (lines_of_texts("m", {"a": text}, [row])["a"] for text in ("uno", "due"))
    assert one["made_by"] != other["made_by"]
    assert lines_of_texts("m", {}, [row]) == {}
