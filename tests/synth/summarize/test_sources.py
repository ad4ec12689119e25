"""The sources of an event: in order of time, in one language, each text once; what is left out has a reason."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from synth.language import detect
from synth.summarize.sources import REASONS, beginning, select_sources, union

NOW = datetime(2026, 5, 4, tzinfo=UTC)
ITALIAN = "Il consiglio comunale ha approvato ieri sera il bilancio di previsione per il prossimo anno."
ENGLISH = "The city council approved the budget for the coming year late on Monday evening after a long debate."


def article(name: str, content: str, hours: int | None = 0, title: str = "") -> dict[str, Any]:
    date = None if hours is None else NOW + timedelta(hours=hours)
    return {"_id": name, "title": title, "link": f"https://x/{name}", "date": date, "content": content,
            "language": "it"}  # fmt: skip


def left(rows: list[dict[str, Any]], language: str = "it") -> dict[str, str]:
    found = select_sources(rows, language)
    assert len(found.sources) + len(found.left_out) == len(rows)
    assert set(found.reasons) <= set(REASONS)
    return {row["link"].rpartition("/")[2]: row["reason"] for row in found.left_out}


def test_sources_are_in_one_language_and_each_text_once() -> None:
    rows = [
        article("undated", "Il sindaco ha detto che la scuola riaprirà presto, dopo i lavori.", None),
        article("late", ITALIAN, 5),
        article("english", ENGLISH, 1),
        article("copy", ITALIAN.upper().replace(" ", "  "), 6),
        article("early", "La giunta presenta oggi in aula il bilancio, con nuove spese per le scuole della città.", 2),
        article("empty", "", 0),
    ]
    found = select_sources(rows, "it")
    assert (found.language, [source["id"] for source in found.sources]) == ("it", ["early", "late", "undated"])
    assert left(rows) == {"english": "other_language", "copy": "same_text", "empty": "no_text"}
    assert found.reasons == Counter(other_language=1, same_text=1, no_text=1)
    # An English desk of an Italian newspaper: the articles decide.
    found = select_sources([rows[2], article("two", ENGLISH + " Nobody voted against it.")], "it")
    assert (found.language, len(found.sources)) == ("en", 2)
    # Even: the newspaper decides.
    assert select_sources([rows[1], rows[2]], "it").language == "it"
    found = select_sources([], "vi")
    assert (found.language, found.sources, found.left_out) == ("vi", [], [])


def prose(seed: int, length: int = 200) -> list[str]:
    generator = random.Random(seed)
    return [f"parola{generator.randrange(10_000)}" for _ in range(length)]


@pytest.mark.parametrize("others", [0, 20])
def test_of_near_copies_the_longest_is_kept(others: int) -> None:
    """An agency's text, printed short at first, then with a paragraph more; in events of any size."""
    words = prose(1)
    rows = [article("first", " ".join(words[:150]), 0), article("longer", " ".join([*words, "e", "altro"]), 3)]
    rows += [article("upper", "AGGIORNAMENTO: " + " ".join(words[:190]).upper(), 5)]
    rows += [article(f"other{seed}", " ".join(prose(seed + 10)), seed) for seed in range(others)]
    assert left(rows) == {"first": "near_copy", "upper": "near_copy"}
    assert left(list(reversed(rows))) == left(rows)


def test_texts_that_share_a_quotation_are_no_copies() -> None:
    quotation = prose(0, 60)
    assert not left([article(str(seed), " ".join(prose(seed) + quotation)) for seed in range(1, 6)])


def test_short_texts_are_compared_as_they_are() -> None:
    assert left([article("a", "Chiusa la A1."), article("b", "Chiusa la A1!"), article("c", "Aperta la A1.")]) == {
        "b": "same_text"
    }


def test_languages_are_told_as_by_the_detector(sample_records: list[dict[str, Any]]) -> None:
    """Frequent words of its own say what a text is in; what they do not say the detector does."""
    for row in sample_records:
        record = {**row, "_id": row["link"], "date": None}
        told = detect(f"{row['title']}. {row['content'][:300]}")[0]
        assert select_sources([record], row["language"]).language == told
        assert select_sources([record], "it" if row["language"] == "vi" else "vi").language == told


def test_tags_of_all_sources_once() -> None:
    assert union([["Meteo", "Roma "], ["meteo", "", "Tevere"]]) == ["Meteo", "Roma", "Tevere"]


def test_the_beginning_of_a_text_is_its_first_sentences() -> None:
    text = "Il dott. Rossi parla. È tardi.\n\nUna terza frase? Sì.\n\nLa fine."
    assert [beginning(text, count, "it") for count in (1, 2, 3, 4, 5, 9)] == [
        "Il dott. Rossi parla.",
        "Il dott. Rossi parla. È tardi.",
        "Il dott. Rossi parla. È tardi.\n\nUna terza frase?",
        "Il dott. Rossi parla. È tardi.\n\nUna terza frase? Sì.",
        text,
        text,
    ]


def test_only_what_is_read_is_a_source() -> None:
    """What the answer is not made of is no source: it is neither asked about nor compared with."""
    rows = [article("one", f"{ITALIAN} Domani si vota.", 1), article("two", "La giunta tace. Il voto è domani.", 2)]
    selection = select_sources(rows, "it")
    shorter = selection.beginnings(1)
    assert [source["content"] for source in shorter.sources] == [ITALIAN, "La giunta tace."]
    assert [source["id"] for source in shorter.sources] == ["one", "two"]
    assert selection.beginnings(None) is selection
