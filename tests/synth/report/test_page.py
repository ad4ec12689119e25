"""The page of `synth report` of stores that are empty, poor or hostile, and its colours.

Covers synth.report.page.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main
from synth.report.page import TEMPLATES
from tests.synth.report.filled_store import EVIL
from tests.synth.report.html_page import Page, assert_sound


@pytest.mark.parametrize("training_too", [False, True])
def test_an_empty_store_says_what_to_run(
    database: Any, database_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], training_too: bool,
) -> None:  # fmt: skip
    monkeypatch.setenv("MONGODB_URI", database_uri)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert main(["report", *(["--training", "empty"] if training_too else [])]) == 0
    assert capsys.readouterr().out.endswith("; next: scrapy crawl ansa -a limit=200\n")
    text = Path("report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert_sound(page)
    assert "The store is empty" in text
    assert "<code>synth cluster</code>" in text


def test_every_stage_of_filling_has_a_page(database: Any, database_uri: str) -> None:
    """Rows as poor as they may come: fields missing, of another type, unscored, without sources."""
    from synth.report.collect import collect
    from synth.report.page import render

    day = datetime(2026, 5, 1, tzinfo=UTC)
    database.articles.insert_one({"link": "https://a.it/1"})
    assert_sound(Page(render(collect(database))))
    database.articles.insert_many(
        [{"link": f"https://a.it/{n}", "date": day + timedelta(days=400 * n)} for n in (2, 3)]
    )
    database.clusters.insert_one({"current": True, "size": 2, "articles": [1, 2], "event": "e"})
    assert_sound(Page(render(collect(database))))
    database.samples.insert_one({"key": "1", "answer": None})
    database.samples.insert_one({"key": "2", "answer": "Sì.", "mean_similarity": None, "similarity": [], "sources": []})
    numbers = collect(database)
    assert (numbers["samples"]["count"], numbers["samples"]["unscored"]) == (2, 2)
    assert_sound(Page(render(numbers)))
    database.samples.insert_one({"key": "3", "answer": "Sì.", "mean_similarity": 0.5, "min_similarity": 0.5,
                                 "similarity": [0.5], "sources": [{"content": "Sì."}]})  # fmt: skip
    # One field of a stage without the others that it writes.
    for number, name in enumerate(("accuracy", "toxicity", "unsupported", "min_support", "judge", "personal_data")):
        value = {"unsupported": ["7"], "judge": {}, "personal_data": [{}]}.get(name, 0.5)
        database.samples.insert_one({"key": f"4{number}", name: value, "sources": "none"})
        assert_sound(Page(render(collect(database))))
    database.llm_calls.insert_one({"hash": "none", "model": "m"})
    database.runs.insert_one({"stage": "other", "started_at": day, "outcome": "running"})
    assert_sound(Page(render(collect(database))))


def test_coverage_is_beside_similarity_and_says_what_it_is(database: Any) -> None:
    from synth.report.collect import collect
    from synth.report.page import render

    assert collect(database)["coverage"] is None
    rows = [(0.5, 0.1, 0.4), (0.7, 0.6, None), (None, None, None)]
    for number, (mean, least, quality) in enumerate(rows):
        database.samples.insert_one(
            {"key": str(number), "answer": "Sì.", "mean_coverage": mean, "min_coverage": least, "quality": quality}
        )
    numbers = collect(database)
    assert numbers["coverage"] == {"samples": 2, "mean": 0.6, "least": 0.35, "untold": 1, "quality": 0.4}
    page = render(numbers)
    assert_sound(Page(page))
    assert "Coverage of the sources" in page
    assert numbers["headline"]["mean_coverage"] == 0.6


def test_each_score_says_what_it_measures(database: Any) -> None:
    """One line in its section; none where nothing was measured."""
    from synth.report.collect import collect
    from synth.report.page import render

    assert 'class="measures' not in render(collect(database)).partition("<body")[2]
    database.samples.insert_one(
        {"key": "1", "answer": "Sì.", "language": "it", "detected_language": "it", "mean_coverage": 0.5, "quality": 0.4,
         "unsupported": [], "faithfulness": 0.9, "toxicity": 0.1, "toxicity_model": "m", "accuracy": 3}
    )  # fmt: skip
    page = render(collect(database))
    assert_sound(Page(page))
    for section, name in (("languages", "Detected language"), ("coverage", "Quality"), ("faithfulness", "Truth"),
                          ("toxicity", "Harm"), ("accuracy", "Opinion")):  # fmt: skip
        text = page.partition(f'<section id="{section}">')[2].partition("</section>")[0]
        assert f'<p class="measures small sans"><b>{name}:</b>' in text, section


def _checks_section(database: Any) -> str:
    from synth.report.collect import collect
    from synth.report.page import render

    return render(collect(database)).partition('<section id="checks">')[2].partition("</section>")[0]


def test_checks_that_looked_at_no_sample_are_one_line(database: Any) -> None:
    """No table of dashes or zeros: neither before there are samples, nor before one was looked at."""
    assert "No samples yet." in _checks_section(database)
    database.runs.insert_one({"stage": "dedupe", "outcome": "done"})
    assert "No samples yet." in _checks_section(database)
    assert "<table" not in _checks_section(database)
    database.runs.delete_many({})
    database.samples.insert_one({"key": "1", "answer": "Sì.", "sources": []})
    assert "Nothing was checked yet. Run <code>synth dedupe</code>" in _checks_section(database)
    assert "<table" not in _checks_section(database)
    database.runs.insert_one({"stage": "dedupe", "outcome": "done"})
    assert "<table" in _checks_section(database)


def test_nothing_from_a_newspaper_runs(database: Any) -> None:
    from crawler.mongo import run_of
    from synth.report.collect import collect
    from synth.report.page import render

    source = {"title": EVIL, "link": "javascript:alert(1)", "content": f"{EVIL}. Altro.", "source_site": EVIL}
    database.articles.insert_one(
        {"link": "https://a.it/1", "source_site": EVIL, "language": EVIL, "date": datetime(2026, 5, 1, tzinfo=UTC)}
    )
    database.samples.insert_one(
        {"key": f"k{EVIL}", "task": EVIL, "question": EVIL, "instruction": EVIL, "answer": f"{EVIL}.\n\nAltro.",
         "language": f'it" onload="x{EVIL}', "detected_language": EVIL, "status": EVIL, "sources": [source],
         "similarity": [0.5], "mean_similarity": 0.5, "min_similarity": 0.5, "similarity_embedder": EVIL,
         "provenance": {"model": EVIL, "prompt": EVIL, "calls": ["f" * 64]}, "unsupported": [EVIL, "Altro"],
         "unsupported_kinds": [EVIL, EVIL], "min_support": 0.5, "toxicity": 0.5, "toxicity_model": EVIL,
         "accuracy": 1, "acc_explanation": EVIL, "judge": {"model": EVIL, "prompt": EVIL, "accuracy": [1, 2]},
         "contaminated": [{"set": EVIL}], "personal_data": [{"kind": EVIL}], "duplicate_of": EVIL,
         "duplicate_kind": EVIL, "sentence_sources": [0], "sentence_support": [0.5],
         "date": datetime(2026, 5, 1, tzinfo=UTC)}
    )  # fmt: skip
    database.llm_calls.insert_one({"hash": "f" * 64, "llm": EVIL, "cost": None})
    database.ratings.insert_one({"item": f"k{EVIL}", "rater": EVIL, "accuracy": 3, "comment": EVIL})
    with run_of(database, f"crawl:{EVIL}", {EVIL: EVIL}) as run:
        run.counts.update({EVIL: 3})
    text = render(collect(database))
    page = Page(text)
    assert_sound(page)
    assert "<script" not in text
    assert "<img" not in text
    assert 'document.title="ran"' in "".join(page.texts)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_colours_can_be_read_in_light_dark_and_print() -> None:
    """WCAG 2.2: 4.5 for text, 3 for what charts are made of."""
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    themes = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6}|#[0-9a-f]{3});", block))
              for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)]  # fmt: skip
    assert len(themes) == 3
    for theme in themes:
        full = {
            name: code if len(code) == 7 else "#" + "".join(2 * c for c in code[1:]) for name, code in theme.items()
        }
        for text in ("ink", "muted", "accent"):
            for ground in ("paper", "panel"):
                assert _contrast(full[text], full[ground]) >= 4.5, (text, ground)
        assert _contrast(full["ink"], full["mark"]) >= 4.5
        assert _contrast(full["ink"], full["flaw"]) >= 4.5
        for number in range(1, 5):
            assert _contrast(full[f"series-{number}"], full["paper"]) >= 3, number
