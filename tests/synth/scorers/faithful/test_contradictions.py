"""What an answer turns round: opposites, negations, numbers, roles.

Covers synth.scorers.faithful.units, synth.scorers.faithful.answer.
"""

from __future__ import annotations

import pytest

from synth.faithful import faithfulness, unsupported
from synth.language.tables import languages
from synth.scorers.faithful.answer import Answer
from synth.scorers.faithful.evidence import facts
from synth.scorers.faithful.units import is_polar, opposite_sides

ITALIAN = (
    "Il prezzo del gas è salito del 10% a gennaio. L'incidente sull'autostrada ha causato 12 feriti e 3 morti. Il "
    "giudice ha condannato il sindaco Mario Rossi a due anni. La Juventus ha battuto il Milan. Il governo non ha "
    "firmato l'accordo sul bilancio."
)
VIETNAMESE = (
    "Vụ tai nạn làm 12 người bị thương, 3 người chết. Giá xăng tăng 500 đồng từ chiều nay. Việt Nam thắng Thái Lan ở "
    "Mỹ Đình. Bộ Y tế không cấm bán thuốc. Hàng không Việt Nam mở đường bay."
)
ENGLISH = (
    "Oil prices rose sharply on Monday. The court convicted John Smith of murder. Twelve people were injured and three "
    "died in the crash. Apple sued Samsung over patents. The minister did not resign after the vote."
)


def kinds(answer: str, source: str, language: str) -> set[str]:
    return {fact.kind for fact in facts(answer, [source], language) if not fact.supported}


@pytest.mark.parametrize(("answer", "source", "language", "kind"), [
    ("Il prezzo del gas è sceso del 10% a gennaio.", ITALIAN, "it", "opposite"),
    ("Il giudice ha assolto il sindaco Mario Rossi.", ITALIAN, "it", "opposite"),
    ("Il giudice non ha condannato il sindaco Mario Rossi.", ITALIAN, "it", "opposite"),
    ("Il governo ha firmato l'accordo sul bilancio.", ITALIAN, "it", "negation"),
    ("L'incidente ha causato 3 feriti e 12 morti.", ITALIAN, "it", "number"),
    ("Il Milan ha battuto la Juventus.", ITALIAN, "it", "roles"),
    ("Giá xăng giảm 500 đồng từ chiều nay.", VIETNAMESE, "vi", "opposite"),
    ("Vụ tai nạn làm 3 người bị thương, 12 người chết.", VIETNAMESE, "vi", "attachment"),
    ("Thái Lan thắng Việt Nam ở Mỹ Đình.", VIETNAMESE, "vi", "roles"),
    ("Oil prices fell sharply on Monday.", ENGLISH, "en", "opposite"),
    ("The minister resigned after the vote.", ENGLISH, "en", "negation"),
    ("Samsung sued Apple over patents.", ENGLISH, "en", "roles"),
    ("Three people were injured and twelve died in the crash.", ENGLISH, "en", "number"),
])  # fmt: skip
def test_what_is_turned_round_is_named_in_either_case(answer: str, source: str, language: str, kind: str) -> None:
    assert kind in kinds(answer, source, language)
    if kind != "number":
        assert kind in kinds(answer.lower(), source.lower(), language)


@pytest.mark.parametrize(("answer", "source", "language"), [
    ("A gennaio il gas è aumentato del 10%.", ITALIAN, "it"),
    ("Nell'incidente 3 morti e 12 feriti.", ITALIAN, "it"),
    ("Il sindaco Mario Rossi è stato condannato dal giudice.", ITALIAN, "it"),
    ("Giá xăng chiều nay tăng 500 đồng.", VIETNAMESE, "vi"),
    ("Việt Nam mở đường bay hàng không.", VIETNAMESE, "vi"),
    ("Samsung was sued by Apple.", ENGLISH, "en"),
    ("The minister didn't resign.", ENGLISH, "en"),
])  # fmt: skip
def test_other_words_for_the_same_are_no_contradiction(answer: str, source: str, language: str) -> None:
    assert not kinds(answer, source, language) & {"opposite", "negation", "attachment", "roles"}


@pytest.mark.parametrize("source", [ITALIAN, VIETNAMESE, ENGLISH])
def test_a_text_contradicts_itself_in_nothing(source: str) -> None:
    assert unsupported(source, [source]) == []
    assert faithfulness(source, [source], None) == 1.0


def test_the_score_is_lower_for_what_is_wrong() -> None:
    right = faithfulness("Il prezzo del gas è salito del 10%.", [ITALIAN], "it")
    wrong = faithfulness("Il prezzo del gas è sceso del 10%.", [{"title": "Gas", "content": ITALIAN}], "it")
    other = faithfulness("Un cane ha vinto la lotteria di Capodanno a Torino.", [ITALIAN], "it")
    assert 1 >= right > 0.8 > wrong > other >= 0
    assert faithfulness("Il gas.", [], "it") == faithfulness("", [ITALIAN], None) == 0


@pytest.mark.parametrize("code", languages())
def test_every_language_has_opposites_and_negations(code: str) -> None:
    polarity = languages()[code].polarity
    assert polarity.negations
    assert polarity.agents
    for number, (one, other) in enumerate(polarity.opposites):
        assert one
        assert other
        assert not set(one) & set(other), (code, number)


def test_sides_of_words() -> None:
    (up,), (down,) = opposite_sides("it", "aumentato"), opposite_sides("it", "sceso")
    assert up[0] == down[0]
    assert up[1] != down[1]
    assert is_polar("vi", "trang") is False
    assert opposite_sides("it", "tavolo") == ()


def test_an_answer_is_cut_into_units() -> None:
    units = Answer("Il governo non ha approvato 3 leggi. Il Milan è stato battuto dalla Juventus.", "it").units
    assert [units.words[at] for at in range(len(units)) if units.negated[at]] == ["approvato"]
    assert [units.words[at] for at in range(len(units)) if units.agent[at]] == ["juventus"]
    assert sum(mention is not None for mention in units.mentions) == 1
    assert set(units.sentence) == {0, 1}


def test_a_sum_with_its_magnitude_apart() -> None:
    assert unsupported("It costs £50 m.", ["It costs 50 million pounds."], "en") == []
    assert unsupported("It costs £60 m.", ["It costs 50 million pounds."], "en") == ["£60 m"]
