"""What a language must have, for every file in the folder; and Portuguese, the seventh, from sentences to prompts.

Covers synth.language.international, synth.language.table, synth.language.tables.*.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from synth.language import detect, international
from synth.language.segmentation import sentences
from synth.language.table import LanguageTable
from synth.language.tables import languages, nearest, tables_read_with
from synth.llm.extractive.model import read_sources
from synth.llm.extractive.sentence_filter import begins_dependent, has_relative_day, is_fit
from synth.prompts import load_prompt
from synth.prompts.attribution import date_label
from synth.scorers.faithful.evidence import facts, unsupported
from synth.scorers.faithful.lexicon import lexicon
from synth.scorers.faithful.numbers import mentions

SIX = ("it", "vi", "en", "fr", "es", "de")
#: Fields that may be empty: what not every language has.
OPTIONAL = {
    "letters", "before_numbers", "may_end", "ordinals", "fractions", "fraction_marker", "halves",
    "half_articles", "approximate", "short_magnitudes", "digit_hundred", "currency_pairs", "percent", "percent_pairs",
    "square", "cubic", "links", "ordinal_suffixes", "hedge_pairs", "hedge_links", "no_context", "numbered", "months",
    "weekdays", "unsure_months", "first", "day_markers", "month_links", "year_links", "month_marker", "month_names",
    "weekday_marker", "weekday_cues", "sunday", "hour_units", "particles", "abbreviations", "pointer", "pronouns",
    "pronoun_nouns", "heading", "boilerplate",
    "sequence", "verb", "relative_clause", "drops_subjects", "report", "within_names",
    "mentioned", "address", "definite", "linking", "predicate", "elsewhere", "credits", "line_openers", "genres",
}  # fmt: skip


def leaves(table: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    for field in dataclasses.fields(table):
        value = getattr(table, field.name)
        if dataclasses.is_dataclass(value) and field.name != "numerals":
            yield from leaves(value, field.name)
        else:
            yield field.name, value


def words_of(value: Any) -> Iterator[str]:
    """The words of a field, whatever holds them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (word for each in value.items() for word in words_of(each))
    elif isinstance(value, tuple | frozenset):
        yield from (word for each in value for word in words_of(each))


@pytest.fixture(params=list(languages()))
def table(request: pytest.FixtureRequest) -> LanguageTable:
    return languages()[request.param]


def test_every_file_of_the_folder_is_a_language(root: Path) -> None:
    files = {path.stem for path in (root / "synth/language/tables").glob("*.py")} - {"__init__"}
    assert files == set(languages())
    assert list(languages())[:6] == list(SIX)


def test_a_language_fills_in_what_every_language_has(table: LanguageTable) -> None:
    empty = {name for name, value in leaves(table) if isinstance(value, str | tuple | frozenset | dict) and not value}
    assert empty <= OPTIONAL
    assert re.fullmatch(r"[a-z]{2}", table.code)
    assert table.name[0].isupper()


def test_words_are_composed_and_in_lower_case(table: LanguageTable) -> None:
    for name, value in leaves(table):
        for word in words_of(value):
            assert unicodedata.is_normalized("NFC", word), (name, word)
            if isinstance(value, frozenset):
                assert word == word.lower(), (name, word)


def test_a_language_knows_its_months_and_days(table: LanguageTable) -> None:
    dates = table.dates
    assert len(dates.months) == 12 or (dates.month_marker and not dates.months)
    assert len(dates.weekdays) == 7 or (dates.weekday_marker and not dates.weekdays)
    assert dates.day_markers <= dates.day_words
    assert date_label(date(2026, 5, 4), table.code) != ""
    assert re.search(r"\b5\b|mai|may|maggio", date_label(date(2026, 5, 4), table.code), re.IGNORECASE)


def test_a_language_counts_to_its_millions(table: LanguageTable) -> None:
    own = lexicon(table.code)
    assert {1, 2, 3, 10} <= {own.numeral([word], 0)[0] for word in atoms(table) if own.numeral([word], 0)}  # type: ignore[index]
    assert {10**3, 10**6, 10**9} <= set(table.numbers.magnitudes) | {10**9 * (table.code == "es")}
    assert set(table.numbers.units) <= set(international.UNITS)
    assert not (table.numbers.over & table.numbers.under)


def atoms(table: LanguageTable) -> list[str]:
    numerals: Any = table.numbers.numerals
    return [*getattr(numerals, "atoms", {}), *getattr(numerals, "units", {}), getattr(numerals, "ten", "")]


def test_a_language_has_patterns_that_compile(table: LanguageTable) -> None:
    rules = table.sentence_filter
    for pattern in (rules.pointer, rules.first_person, rules.relative_days, rules.heading, rules.boilerplate):
        re.compile(pattern)
    assert {"day", "year"} <= set(re.findall(r"\{(\w+)\}", table.prompts.date_form))
    first = rules.dependent.split()[0].split("^")
    assert begins_dependent(" ".join(first).capitalize() + " x y z.", table.code)


def test_a_language_has_prompts_that_are_read_back(table: LanguageTable) -> None:
    prompt = load_prompt("news_summary")
    assert table.code in prompt.wordings, "a template for each language: synth/prompts/news_summary.CODE.jinja"
    source = {"title": "Xyz", "content": "Abc.", "source_site": "Open", "date": "2026-05-04T12:00:00+02:00"}
    messages = prompt.render(language=table.code, max_sentences=None, sources=[source])
    assert [(row.title, row.content) for row in read_sources([messages[-1]["content"]])] == [("Xyz", "Abc.")]
    texts = [{"content": "Uno."}, {"content": "Due."}]
    fields = {"language": table.code, "max_sentences": None, "max_words": None, "texts": texts}
    messages = prompt.render("combine", "summaries", **fields)
    assert [row.content for row in read_sources([messages[-1]["content"]])] == ["Uno.", "Due."]


def test_a_word_means_one_thing_in_a_text() -> None:
    """Words of all the tables that a text is read with: one unit, one currency, one size each."""
    for code in languages():
        for name in ("units", "currencies", "magnitudes"):
            meanings: dict[str, Any] = {}
            for row in tables_read_with(code):
                for key, text in getattr(row.numbers, name).items():
                    for word in text.split():
                        assert meanings.setdefault(word, key) == key, (code, name, word)


# ---- a language that is not shared leaves the others as they are


def test_a_language_of_its_own_is_read_in_its_own_texts_only() -> None:
    assert [table.code for table in tables_read_with("it")] == list(SIX)
    assert [table.code for table in tables_read_with("pt")] == [*SIX, "pt"]
    assert "milhões" not in lexicon("es").magnitudes
    assert lexicon("pt").magnitudes["milhões"] == 10**6


# ---- Portuguese from end to end

FIRE = (
    "Um incêndio feriu trinta e cinco pessoas em São Paulo no dia 4 de maio de 2024, às 18:30, e custou R$ 3 milhões, "
    "25% do orçamento. «Nunca vimos nada igual neste vale», disse o prefeito João da Silva. Dois terços dos 1.200 "
    "voluntários vieram de 2 quilômetros de distância."
)


def test_portuguese_sentences() -> None:
    expected = ["O Sr. Silva falou com a Dra. Souza no séc. 20.", "Depois saiu da Av. Paulista.", "Já é tarde."]
    assert sentences(" ".join(expected), "pt") == expected
    assert sentences("A empresa Sol Ltda. Os sócios saíram.", "pt") == ["A empresa Sol Ltda.", "Os sócios saíram."]


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("trinta e cinco", ("number", Fraction(35), "")),
        ("duzentos e quarenta e um", ("number", Fraction(241), "")),
        ("dois mil e quinhentos", ("number", Fraction(2500), "")),
        ("3,5 milhões", ("number", Fraction(3_500_000), "")),
        ("dois milhões e meio", ("number", Fraction(2_500_000), "")),
        ("1,2 bilhão de reais", ("number", Fraction(1_200_000_000), "money:BRL")),
        ("R$ 20", ("number", Fraction(20), "money:BRL")),
        ("vinte por cento", ("number", Fraction(20), "%")),
        ("dois terços", ("number", Fraction(200, 3), "%")),
        ("12 metros quadrados", ("number", Fraction(12), "unit:area")),
        ("três quilômetros", ("number", Fraction(3000), "unit:length")),
        ("4 de maio de 2024", ("date", 2024, 5, 4)),
        ("1º de janeiro", ("date", None, 1, 1)),
        ("primeiro de março", ("date", None, 3, 1)),
        ("em setembro", ("date", None, 9, None)),
        ("sábado", ("weekday", 5)),
    ],
)
def test_portuguese_numbers_and_dates(text: str, reading: tuple[object, ...]) -> None:
    (mention,) = mentions(text, "pt")
    assert reading in mention.readings


def test_portuguese_facts() -> None:
    answer = "No dia 4 de maio, 35 pessoas ficaram feridas em São Paulo, com danos de três milhões de reais."
    assert unsupported(answer, [FIRE], "pt") == []
    wrong = "No dia 5 de maio, 36 pessoas ficaram feridas em Porto Alegre, segundo João da Costa: 4 milhões de reais."
    missing = {(fact.kind, fact.text) for fact in facts(wrong, [FIRE], "pt") if not fact.supported}
    assert missing == {
        ("date", "5 de maio"), ("number", "36"), ("name", "Porto Alegre"), ("name", "João da Costa"),
        ("money", "4 milhões de reais"),
    }  # fmt: skip
    dated = {
        "title": "x",
        "content": "Não foi só um incêndio, mais um foi visto ontem, e já há uma vítima.",
        "date": datetime(2024, 5, 8, 15, tzinfo=UTC),
    }
    assert unsupported("O incêndio aconteceu em 7 de maio de 2024 e não foi apagado.", [dated], "pt") == []


def test_portuguese_is_told_from_its_neighbours() -> None:
    assert detect(FIRE)[0] == "pt"
    assert nearest(FIRE) == "pt"
    assert nearest("El presidente dijo que no va con la comitiva y que los ministros no fueron avisados.") == "es"


def test_portuguese_sentences_that_can_stand_alone() -> None:
    assert is_fit("O prefeito de São Paulo anunciou ontem novas medidas contra os incêndios.", "pt")
    assert not is_fit("Nós estamos aqui para contar ao senhor tudo o que vimos.", "pt")
    assert not is_fit("Leia também as notícias sobre o incêndio de São Paulo.", "pt")
    assert begins_dependent("Além disso, o prefeito falou.", "pt")
    assert has_relative_day("O prefeito falou ontem.", "pt")


def test_portuguese_prompts_ask_in_portuguese() -> None:
    prompt = load_prompt("news_summary").in_language("pt")
    source = {"title": "Incêndio", "content": FIRE, "source_site": "ANSA", "date": "2026-05-04T12:00:00+02:00"}
    (message,) = prompt.render(language="pt", max_sentences=2, sources=[source])
    assert "Use no máximo 2 frases." in message["content"]
    assert "Fonte: ANSA, 4 de maio de 2026" in message["content"]
