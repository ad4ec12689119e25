"""The dataset card: what the hub reads of it, what people read, and that no text of a sample breaks its tables.

Covers synth.export.translations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from synth.__main__ import main
from synth.export.dataset_card import Tally, cell, days, distribution, front_matter
from tests.synth.export.test_command import store as store_fixture

store = store_fixture


def card(*words: str) -> str:
    assert main(["export", "--format", "huggingface", *words]) == 0
    return Path("export/huggingface/README.md").read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    found = re.search(rf"^(#+) {title}\n(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[2]


def tables(text: str) -> Iterator[list[list[str]]]:
    """Rows of cells of every table."""
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        yield [[part.strip() for part in re.split(r"(?<!\\)\|", line)[1:-1]] for line in block.splitlines()]


def test_what_the_hub_reads(store: Any) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    store.samples.update_one({"event": "event1"}, {"$set": {"language": "no", "task": "translation"}})
    text = card("--title", "Notizie: «prova» #1")
    data = hub.DatasetCard(text).data
    assert data.pretty_name == "Notizie: «prova» #1"
    assert data.language == ["it", "no"]
    assert data.license == "other"
    assert data.license_name
    assert data.size_categories == ["n<1K"]
    assert data.task_categories == ["summarization", "text-generation", "translation"]
    files = data.configs[0]["data_files"]
    assert [(one["split"], one["path"]) for one in files] == [
        ("train", "data/train-*-of-00001.parquet"), ("validation", "data/validation-*-of-00001.parquet")
    ]  # fmt: skip
    assert hub.DatasetCard(card("--license", "cc-by-4.0")).data.license == "cc-by-4.0"


def test_sections_and_their_numbers(store: Any) -> None:
    links = [f"https://www.ansa.it/{number}/0.html" for number in range(6)]
    store.articles.insert_many([
        {"link": links[0], "permission": {"robots": True, "opt_out": False}},
        {"link": links[1], "permission": {"robots": True, "opt_out": None}},
        {"link": links[2], "permission": {"robots": True, "opt_out": True}},
    ])  # fmt: skip
    for number, change in {
        3: {"duplicate_of": "x" * 64}, 4: {"status": "edited"}, 5: {"status": "rejected"},
        6: {"detected_language": "en"}, 7: {"unsupported": ["12", "Roma"], "unsupported_kinds": ["number", "name"]},
        8: {"unsupported": []}, 9: {"toxicity": 0.25, "toxicity_calibrated": False, "toxicity_model": "detoxify:x"},
        10: {"accuracy": 4.5, "judge": {"model": "openai:j"}}, 11: {"personal_data": [{"kind": "email"}] * 2},
        12: {"contaminated": [{"set": "vmlu"}]}, 13: {"personal_data": []}, 14: {"contaminated": []},
    }.items():  # fmt: skip
        store.samples.update_one({"event": f"event{number}"}, {"$set": change})
    text = card("--filter", '{"min_similarity": {"$lt": 0.9}}')
    assert "16 samples for instruction tuning, made from 32 newspaper articles" in text
    assert "| rejected | 1 |" in section(text, "Left out")
    assert "| opted out | 1 |" in section(text, "Left out")
    assert "Answers that a person edited: 1." in section(text, "Counts")
    assert "to be in another language: 1." in section(text, "Languages")
    assert "| it | 16 | – | 50.0 % | 4.500 | – |" in section(text, "Languages")
    facts = section(text, "Facts that no source has")
    assert "| 0 | 1 |" in facts
    assert "| 2 | 1 |" in facts
    assert "| not yet looked at | 87.5 % |" in facts
    assert "name 1, number 1" in facts
    toxicity = section(text, "Toxicity")
    assert "not calibrated for the language" in toxicity
    assert "| `toxicity` | 1 | 0.250 |" in toxicity
    assert "93.8 % of the samples" in toxicity
    assert "| `accuracy` | 1 | 93.8 % | 4.500 |" in section(text, "Scores")
    assert "| judge | openai:j | 1 |" in section(text, "What measured")
    assert "| Ansa | 16 | 32 | 2026-05-01 | 2026-05-18 |" in section(text, "Sources")
    assert '"$lt": 0.9' in section(text, "Filter")
    assert "| news\\_summary | news\\_summary/1 | extractive | 16 |" in section(text, "Prompts and models")
    assert "| robots.txt allowed the article | 2 | 0 | 30 |" in section(text, "Permission")
    assert "| 0 | 1 | 31 |" in section(text, "Permission")
    assert "belong to their publishers" in section(text, "Licence")
    found = section(text, "Personal data and evaluation sets")
    assert "| email | 1 |" in found
    assert "| repeats rows of vmlu | 1 |" in found
    assert "| personal data not yet looked for | 87.5 % |" in found


def test_names_from_outside_break_no_table(store: Any) -> None:
    evil = 'a|b\n# c `d` <script>[x](y) *z* \u2028 "q"'
    change = {"sources.0.source_site": evil, "provenance.model": evil, "task": evil, "toxicity_model": evil}
    store.samples.update_many({}, {"$set": change})
    text = card("--title", evil, "--filter", '{"key": {"$ne": "```\\n# e"}}')
    for table in tables(text):
        assert {len(row) for row in table} == {len(table[0])}, table
    assert "<script>" not in text.partition("\n---\n")[2]
    assert yaml.safe_load(text.split("---\n")[1])["pretty_name"] == evil
    assert [line for line in text.splitlines() if re.match(r"#+ *[ce]\b", line)] == []


@given(st.text())
def test_a_cell_is_one_line_without_open_markup(text: str) -> None:
    assert len(cell(text).splitlines()) == 1
    assert not re.search(r"(?<!\\)(?:\\\\)*[|<`]", re.sub(r"\\[|<`]", "", cell(text)))


@given(st.lists(st.floats(0, 1), max_size=50))
def test_quantiles_are_values_in_order(values: list[float]) -> None:
    told = distribution(values, len(values) + 1)
    assert told["scored"] == len(values)
    line = [told["low"], *told["quantiles"], told["high"]]
    if values:
        assert line == sorted(line)
        assert set(line) <= set(values)
        assert min(values) - 1e-9 <= told["mean"] <= max(values) + 1e-9
        assert told["quantiles"][2] == sorted(values)[(len(values) - 1) // 2]
    else:
        assert set(line) == {None}


def test_many_days_are_told_by_month() -> None:
    counted = {f"2026-{month:02}-{day:02}": 1 for month in (4, 5) for day in range(1, 21)}
    assert days(counted) == [("2026-04", 20), ("2026-05", 20)]
    assert days({"2026-05-02": 3, "2026-05-01": 1}) == [("2026-05-01", 1), ("2026-05-02", 3)]


@pytest.mark.parametrize(("rows", "size"), [(1, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (10**7, "10M<n<100M")])
def test_size_categories(rows: int, size: str) -> None:
    tally = Tally()
    tally.add({"language": "vi", "date": datetime(2026, 5, 1, tzinfo=UTC)})
    tally.rows = rows
    assert yaml.safe_load(front_matter(tally, "t", "mit", {"train": 1}))["size_categories"] == [size]


def test_translations_are_counted_by_language_and_engine_with_the_licence_of_weights(store: Any) -> None:
    assert "## Translations" not in card()
    changes: dict[int, dict[str, Any]] = {
        1: {"task": "translation", "language": "vi", "source_language": "en", "provenance.model": "openai:m"},
        2: {"task": "translation", "language": "vi", "source_language": "en", "provenance.model": "openai:m",
            "doubts": ["numbers", "length"]},
        3: {"task": "translation", "language": "it", "source_language": "en", "provenance.model": "other|engine",
            "provenance.rewritten": "rhyme"},
        4: {"task": "reverse_instruction", "language": "vi", "provenance.translator": "openai:t"},
        5: {"task": "reverse_instruction", "language": "vi"},
    }  # fmt: skip
    for number, change in changes.items():
        store.samples.update_one({"event": f"event{number}"}, {"$set": change})
    text = section(card(), "Translations")
    assert "| en | vi | rows | openai:m | 2 | see its terms |" in text
    assert "| en | it | rows | other\\|engine | 1 | see its terms |" in text
    assert "| en | vi | instructions | openai:t | 1 | see its terms |" in text
    assert "3 of 20 samples; 1 of them, about words and letters, were made anew" in text
    assert "With a doubt (column `doubts`): 1 (length 1, numbers 1)." in text


@pytest.mark.parametrize(("engine", "terms"), [("nllb", "not for commercial use"), ("madlad", "Apache-2.0")])
def test_the_licence_of_an_engine_s_weights_is_named(store: Any, engine: str, terms: str) -> None:
    from synth.export import translations

    assert engine in translations.engine_names()
    store.samples.update_many({}, {"$set": {"task": "translation", "provenance.model": f"{engine}:m"}})
    assert terms in translations.licence_of(f"{engine}:m")
    assert translations.licence_of(f"{engine}:m") in section(card(), "Translations")


def test_the_licence_of_what_nobody_knows_is_empty() -> None:
    from synth.export.translations import licence_of

    assert [licence_of(name) for name in ("", "extractive", "os.path:m", "..llm:m")] == [""] * 4


def test_samples_without_articles_are_not_said_to_hold_any(store: Any) -> None:
    store.samples.update_many({}, {"$set": {"task": "translation", "sources": [], "provenance": {}}})
    text = card()
    assert "made from 0 newspaper articles." in text
    assert "A sample is a question and an answer, with the scores that it got." in text
    assert "which holds the articles" not in text
