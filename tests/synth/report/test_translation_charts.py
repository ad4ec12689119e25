"""Translations on the report's page. Covers synth.report.translation_charts."""

from __future__ import annotations

from typing import Any

from synth.report.collect import collect
from synth.report.page import render
from synth.report.translation_charts import draw_translations
from tests.synth.report.html_page import Page, assert_sound
from tests.synth.translated_rows import fill, imported


def test_the_page_tells_rate_reasons_languages_and_accuracy(database: Any) -> None:
    fill(database)
    numbers = collect(database)
    text = render(numbers)
    assert_sound(Page(text))
    for part in ("instruction preservation rate", "number changed", "left as it was", "Accuracy by language", "50.0 %"):
        assert part in text
    assert set(draw_translations(numbers["translations"])) == {"language_rows", "language_accuracy"}


def test_without_a_judge_there_is_no_chart_of_accuracy(database: Any) -> None:
    database.samples.insert_one(imported("x", "fr"))
    numbers = collect(database)
    assert set(draw_translations(numbers["translations"])) == {"language_rows"}
    assert_sound(Page(render(numbers)))
    assert draw_translations(None) == {}


def test_a_store_without_such_rows_says_what_to_run(database: Any) -> None:
    text = render(collect(database))
    assert "No rows were imported or translated" in text


def test_texts_of_rows_are_escaped(database: Any) -> None:
    fill(database)
    database.samples.update_one({"key": "a-vi"}, {"$set": {"answer": "<script>x</script>"}})
    assert "<script>x" not in render(collect(database))
