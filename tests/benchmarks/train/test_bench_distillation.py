"""The table of the benchmark of distillation: levels and differences over events, facts that whole articles lack."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.helpers.distillation_rows import Source, Split, Summary
from benchmarks.train.bench_distillation import (
    COLUMNS,
    add_whole,
    counts,
    difference_rows,
    extract,
    level,
    level_rows,
    markdown,
    shown,
    side_by_side,
    spread,
    timed,
)
from train.evaluate.holdout import Row
from train.evaluate.measure import Measured

ROWS = [
    Row(f"row-{number}", [{"role": "user", "content": "Riassumi."}], "Ha aperto.", "it", group=f"event-{number // 2}")
    for number in range(24)
]


def arm(name: str, losses: list[float]) -> Measured:
    lines: dict[str, Any] = {row.id: {"text": "Il ponte apre nel 2031.", "nll": None, "tokens": 0} for row in ROWS}
    model = Measured(name, "weights", lines)
    model.values["loss"] = {row.id: (loss, 2.0) for row, loss in zip(ROWS, losses, strict=True)}
    return model


def summary(number: int, event: str = "") -> Summary:
    day = f"2026-05-{number:02}"
    return Summary(f"row-{number}", "it", [Source("a", "T", "Il ponte apre.")], "Sì.", ["a"], day, day, event=event)


def test_a_level_is_a_ratio_of_sums_with_an_interval_over_events() -> None:
    interval = level([(3.0, 1.0), (1.0, 3.0)] * 12, [row.group for row in ROWS])
    assert interval.difference == 1.0
    assert interval.groups == 12


def test_few_events_have_a_level_and_no_interval() -> None:
    assert shown(level([(1.0, 2.0)] * 3, ["a", "b", "c"]), 2) == "0.50"


def test_the_lines_of_the_table() -> None:
    before = arm("before", [4.0 + number % 3 for number in range(24)])
    after = arm("after", [3.0 + number % 5 for number in range(24)])
    (cells,) = level_rows([before], ROWS, {"before": "the base"})
    assert cells[0] == "the base"
    assert cells[1].startswith("2.500 (")
    assert cells[2:] == ["-"] * (len(COLUMNS) - 1)
    (cells,) = difference_rows([(before, after)], ROWS)
    assert cells[0] == "after less before"
    assert cells[1].startswith("-0.042 (-")


def test_a_table_has_a_rule_under_its_header() -> None:
    table = markdown(["text", "loss"], iter([["before", "1.5"]]))
    assert table == "| text | loss |\n| --- | ---: |\n| before | 1.5 |\n"


def test_facts_are_looked_for_in_the_whole_articles() -> None:
    model = arm("before", [1.0] * 24)
    model.lines["row-1"]["text"] = "  "
    articles = {row.id: ["Il ponte apre nel 2031."] for row in ROWS} | {"row-0": ["Il ponte apre."]}
    add_whole(model, ROWS, articles)
    values = model.values["whole_unsupported"]
    assert (values["row-0"], values["row-2"]) == ((1.0, 1.0), (0.0, 1.0))
    assert "row-1" not in values


def test_rows_are_drawn_at_even_distances() -> None:
    rows = [summary(number) for number in range(1, 13)]
    assert [row.id for row in spread(rows, 3)] == ["row-1", "row-5", "row-9"]
    assert spread(rows, 20) == rows


def test_what_is_counted() -> None:
    parts = Split([summary(1, "e"), summary(2, "e")], [summary(3, "f")], [summary(5, "g")], Counter(why=2))
    sizes = counts(parts)
    assert sizes["train"] == {"rows": 2, "events": 1}
    assert (sizes["trained_to"], sizes["tested_from"], sizes["left_out"]) == ("2026-05-02", "2026-05-05", {"why": 2})


def test_the_extract_is_of_what_the_model_reads() -> None:
    lead = (
        "Il nuovo ponte sul fiume Adda apre al traffico lunedì mattina dopo tre anni di lavori. "
        "Il sindaco di Lodi ha detto che costa dodici milioni di euro e che il vecchio resterà per chi va a piedi."
    )
    row = summary(1)
    row.sources[0] = Source("a", "Il ponte", lead)
    assert extract(row) == lead


def test_texts_stand_side_by_side() -> None:
    text = "\n".join(side_by_side([arm("before", [1.0] * 24)], ROWS[:1]))
    assert "## row-0" in text
    assert "**before**: Il ponte apre nel 2031." in text


def test_a_part_that_fails_leaves_no_line_of_its_cost(tmp_path: Path) -> None:
    timed("train", Namespace(out=tmp_path), lambda: None)
    with pytest.raises(ZeroDivisionError):
        timed("train", Namespace(out=tmp_path), lambda: 1 / 0)
    assert len((tmp_path / "times.jsonl").read_text(encoding="utf-8").splitlines()) == 1
