"""What an answer tells that its sources do not: found where it was put in, and nothing else."""

from __future__ import annotations

import random
import time
import unicodedata
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.scores.bench_faithful import Case, corrupted_cases, naive, ours, overlaps, support_alarms
from synth.language.segmentation import sentences
from synth.language.tables import languages
from synth.scorers.faithful.evidence import facts, unsupported
from synth.scorers.faithful.judgement import WEAK, sentence_support

QUAKE = (
    "Una scossa di magnitudo 4,4 ha colpito le Marche il 4 maggio 2024 alle 18.30: tre feriti e 3.000.000 di euro di "
    "danni, il 25% delle case. «Non abbiamo mai visto nulla di simile in questa valle», ha detto il sindaco Ettore "
    "Marinangeli all'Ansa. Sono arrivati 1.200 volontari da 2 km di distanza, quasi due terzi dalla Protezione Civile."
)
FIRE = (
    "Ngày 4/5/2024, một vụ cháy ở quận Bình Thạnh, TP HCM làm hai mươi lăm người bị thương, thiệt hại 3 triệu đồng. "
    "Ông Nguyễn Văn Bình cho biết lửa bùng lên lúc 18h30 và được dập tắt sau 2 giờ. Khoảng 70% hàng hóa bị thiêu rụi."
)


@pytest.mark.parametrize("answer", [
    "Il 4 maggio ci sono stati 3 feriti e danni per tre milioni di euro.",
    "Il quattro maggio 2024, alle 18:30, il terremoto: un quarto no, ma il venticinque per cento delle case.",
    "Danni per 3 milioni; 1200 volontari, oltre mille, da 2.000 metri.",
    "Marinangeli: «Non abbiamo mai visto nulla di simile, in questa valle».",
    "Secondo il sindaco di ieri, i due uomini nelle Marche.",
])  # fmt: skip
def test_another_form_is_the_same_fact(answer: str) -> None:
    assert [text for text in unsupported(answer, [QUAKE], "it") if text != "un quarto"] == []


@pytest.mark.parametrize(("answer", "kind", "text"), [
    ("Ci sono stati 5 feriti.", "number", "5"),
    ("Ci sono stati quattro feriti.", "number", "quattro"),
    ("Danni per tre miliardi di euro.", "money", "tre miliardi di euro"),
    ("Danni per tre milioni di dollari.", "money", "tre milioni di dollari"),
    ("Il 35% delle case.", "percent", "35%"),
    ("Il terremoto del 5 maggio 2024.", "date", "5 maggio 2024"),
    ("Il terremoto del 4 maggio 2023.", "date", "4 maggio 2023"),
    ("Il terremoto alle 19.30.", "date", "19.30"),
    ("Volontari da 2 metri di distanza.", "quantity", "2 metri"),
    ("Lo ha detto il sindaco Mario Rossi.", "name", "Mario Rossi"),
    ("Una scossa ha colpito la Calabria.", "name", "Calabria"),
    ("Il sindaco: «Torneremo presto a vivere nelle nostre case di sempre».", "quote",
     "Torneremo presto a vivere nelle nostre case di sempre"),
])  # fmt: skip
def test_what_the_source_does_not_tell(answer: str, kind: str, text: str) -> None:
    (fact,) = [fact for fact in facts(answer, [QUAKE], "it") if not fact.supported]
    assert (fact.kind, fact.text) == (kind, text)
    assert answer[fact.start : fact.end] == text


@pytest.mark.parametrize(("answer", "missing"), [
    ("Vụ cháy ngày 4 tháng 5 khiến 25 người bị thương, thiệt hại ba triệu đồng.", []),
    ("Lửa bùng lên lúc 18:30, dập tắt sau hai giờ; 70 phần trăm hàng hóa bị cháy.", []),
    ("Ông Bình ở Bình Thạnh cho biết.", []),
    ("Vụ cháy ngày 5/5 khiến 35 người bị thương.", ["5/5", "35"]),
    ("Ông Trần Văn Hùng ở quận Tân Bình cho biết.", ["Trần Văn Hùng", "Tân Bình"]),
    ("Thiệt hại 3 tỷ đồng.", ["3 tỷ đồng"]),
])  # fmt: skip
def test_vietnamese(answer: str, missing: list[str]) -> None:
    assert unsupported(answer, [FIRE], "vi") == missing


@pytest.mark.parametrize(("answer", "source", "missing"), [
    ("Oltre 3 milioni di persone.", "In tutto 3.012.000 persone.", []),
    ("Circa 3 milioni di persone.", "In tutto 2.960.000 persone.", []),
    ("Quasi 3 milioni di persone.", "In tutto 2.960.000 persone.", []),
    ("3 milioni di persone.", "In tutto 3.012.000 persone.", ["3 milioni"]),
    ("1,2 milioni di persone.", "In tutto 1.234.567 persone.", []),
    ("Oltre 3 milioni di persone.", "In tutto 5.012.000 persone.", ["3 milioni"]),
    ("Hơn 3.000 người.", "Có 3.120 người.", []),
])  # fmt: skip
def test_rounding(answer: str, source: str, missing: list[str]) -> None:
    assert unsupported(answer, [source]) == missing


def test_the_number_must_be_of_what_is_counted() -> None:
    source = "Tre feriti e cinque auto distrutte, sette case."
    assert unsupported("Ci sono cinque feriti.", [source], "it") == ["cinque"]
    assert unsupported("Ci sono cinque alberi.", [source], "it") == []


def test_both_sides_of_a_score_are_numbers_of_the_source() -> None:
    assert unsupported("Ha vinto con 8 gol.", ["È finita 8-6."], "it") == []
    assert unsupported("Ha perso con 6 gol.", ["È finita 8-6."], "it") == []
    assert unsupported("Ha vinto con 7 gol.", ["È finita 8-6."], "it") == ["7"]


def test_a_number_with_a_unit_is_that_of_a_bare_one() -> None:
    """A table's 12 is the answer's 12 km; its 13 is not."""
    assert unsupported("Sono 12 km.", ["Lunghezza in chilometri: 12."], "it") == []
    assert unsupported("Sono 12 km.", ["Lunghezza in chilometri: 13."], "it") == ["12 km"]


def test_a_name_of_the_same_language_is_itself_or_unknown() -> None:
    assert unsupported("Lo dice Marinoni.", ["Lo dice Marinangeli nella sua nota."], "it") == ["Marinoni"]
    assert unsupported("He met the Palestinians, said Rossi.", ["Rossi ha incontrato la Palestina oggi."], "en") == []


def test_days_that_a_source_tells_by_its_date() -> None:
    source = {"title": "Scossa", "content": "La scossa di ieri e quella di lunedì.",
              "date": datetime(2024, 5, 8, 9, tzinfo=UTC)}  # fmt: skip
    assert unsupported("La scossa dell'8 maggio, del 7 maggio 2024 e di lunedì 6 maggio.", [source], "it") == []
    assert unsupported("La scossa del 4 maggio.", [source], "it") == ["4 maggio"]


def test_quotes_bear_a_small_edit_and_a_cut() -> None:
    assert unsupported("«Non abbiamo mai visto niente di simile in questa valle»", [QUAKE], "it") == []
    assert unsupported("«Non abbiamo mai visto … in questa valle»", [QUAKE], "it") == []
    assert len(unsupported("«Non abbiamo mai sentito niente di uguale in questa città»", [QUAKE], "it")) == 1


def test_a_quote_in_another_language_is_not_looked_for() -> None:
    answer = 'The mayor of the town said: "We have never seen anything like this in the valley".'
    assert [fact.kind for fact in facts(answer, [QUAKE], "en") if not fact.supported] == []


def test_sources_as_mappings_and_without_text() -> None:
    empty = {"title": None, "content": None, "tags": None, "date": None}
    source = {"title": "Scossa", "content": QUAKE, "tags": ["Visso"], "source_site": "Ansa"}
    assert unsupported("A Visso, riporta Ansa.", [empty, source], "it") == []
    assert unsupported("Tre feriti a Norcia.", [], "it") == ["Tre", "Norcia"]
    assert unsupported("", [source]) == []


def test_facts_know_their_sentence_and_place() -> None:
    answer = "Prima frase.\n\nNella  seconda 99 feriti. Terza con Mario Rossi."
    found = [fact for fact in facts(answer, [QUAKE], "it") if not fact.supported]
    assert [(fact.text, fact.sentence) for fact in found] == [("99", 1), ("Mario Rossi", 2)]
    decomposed = unicodedata.normalize("NFD", "Perché è così: 99 feriti a Forlì.")
    found = [fact for fact in facts(decomposed, [QUAKE], "it") if not fact.supported]
    assert [decomposed[fact.start : fact.end] for fact in found] == ["99", unicodedata.normalize("NFD", "Forlì")]


def test_a_sentence_copied_in_another_breath_is_supported(sample_records: list[dict[str, Any]]) -> None:
    """Without what stands there word for word: the same facts with other words between them."""
    for record in sample_records[::4]:
        for sentence in sentences(record["content"], record["language"]):
            found = unsupported("xyz " + sentence, [record], record["language"])
            assert found == [], (sentence, found)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_copied_sentence_has_nothing_unsupported(sample_records: list[dict[str, Any]], data: st.DataObject) -> None:
    record = data.draw(st.sampled_from(sample_records))
    sentence = data.draw(st.sampled_from(sentences(record["content"])))
    assert unsupported(sentence, [record["content"]], data.draw(st.sampled_from(["", *languages()]))) == []


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=300), more=st.text(max_size=100), language=st.sampled_from(["", *languages()]))
def test_any_text_is_supported_by_itself(text: str, more: str, language: str) -> None:
    for fact in facts(text, [more], language):
        assert text[fact.start : fact.end] == fact.text
        assert fact.sentence < max(1, len(sentences(text, language)))
    best, support = sentence_support(text, [more, text], language)
    assert len(best) == len(support) == len(sentences(text, language))
    assert all(0 <= value <= 1 for value in support)


# ---- errors made on purpose


@pytest.fixture(scope="module")
def cases(sample_records: list[dict[str, Any]]) -> list[Case]:
    """The first five sentences of each sample article."""
    made = []
    for record in sample_records:
        answer = " ".join(sentences(record["content"], record["language"])[:5])
        source = {"title": record["title"], "content": f"{record['description']}\n\n{record['content']}", "date": None}
        made.append(Case(record["link"], answer, [source], record["language"]))
    return made


@pytest.mark.parametrize("language", ["it", "vi"])
def test_errors_put_in_are_found_and_nothing_else(cases: list[Case], language: str) -> None:
    found: Counter[str] = Counter()
    total: Counter[str] = Counter()
    beside = 0
    for case, made in corrupted_cases([case for case in cases if case.language == language]):
        alarms = ours(case)
        total[made.kind] += 1
        weak = support_alarms(case) if made.kind == "sentence" else []
        found[made.kind] += overlaps([*alarms, *weak], made)
        if made.kind != "sentence":
            beside += sum(not (start < made.end and made.start < end) for start, end in alarms)
    assert total["number"] > 20
    assert found["number"] / total["number"] > 0.9
    assert found["name"] / total["name"] > 0.85
    assert found["sentence"] / total["sentence"] > 0.95
    assert beside / (total["number"] + total["name"]) < 0.05


def test_better_than_comparing_as_it_stands(cases: list[Case]) -> None:
    """Numbers told in words: the baseline cries at each, and finds no error in them."""
    answer = "Ci sono stati 3 feriti e danni per tre milioni di euro, il venticinque per cento."
    case = Case("", answer, [{"title": "", "content": QUAKE}], "it")
    assert ours(case) == []
    assert naive(case) != []
    wrong = case._replace(answer=answer.replace("tre milioni", "due milioni"))
    assert len(ours(wrong)) == 1
    assert len(naive(wrong)) == len(naive(case))


def test_a_sentence_of_another_event_has_little_support(cases: list[Case]) -> None:
    rng = random.Random(3)
    mine, theirs = [], []
    for case in rng.sample(cases, 30):
        other = rng.choice([each for each in cases if each.language == case.language and each.key != case.key])
        best, support = sentence_support(case.answer, [{"content": "x"}, *case.sources], case.language)
        assert set(best) == {1}
        mine += support
        theirs += sentence_support(other.answer, case.sources, case.language)[1]
    assert min(mine) > 0.9
    assert sum(value < WEAK for value in theirs) > 0.85 * len(theirs)


@pytest.mark.parametrize("text", [
    "1" * 100_000, "1 234 " * 16_000, "\"a “«" * 20_000, "tre mila " * 11_000, "l'A" * 33_000, "Anna De " * 12_500,
    "A. " * 33_000, "1-2/3." * 16_000, "«" * 100_000, "x" * 100_000, "ba triệu " * 11_000,
], ids=lambda text: repr(text[:12]))  # fmt: skip
def test_time_is_linear(text: str) -> None:
    """A quarter of it takes about a quarter of the time; the bound leaves room for a busy machine."""
    seconds = []
    for size in (len(text) // 4, len(text)):
        started = time.process_time()
        facts(text[:size], [text[1:size]], "it")
        sentence_support(text[:size], [text[1:size]], "it")
        seconds.append(time.process_time() - started)
    assert seconds[1] < 12 * max(seconds[0], 0.2)


@pytest.mark.parametrize("language", ["ar", "zh", "unknown", "pt", ""])
def test_a_language_without_tables_is_read_as_the_nearest(language: str) -> None:
    sources = ["Nel 2026 hanno speso tre milioni di euro."]
    assert unsupported("Nel 2026 hanno speso 3 milioni di euro.", sources, language) == []
    assert unsupported("Nel 2026 hanno speso 4 milioni di euro.", sources, language) == ["4 milioni di euro"]
