"""Italian's own rules, which no list of words could hold.

Covers synth.language.italian_numerals, synth.language.italian_verbs.
"""

from __future__ import annotations

import re

import pytest

from synth.language.italian_numerals import GROUPS, numerals
from synth.language.italian_verbs import FINITE_VERB


@pytest.mark.parametrize(
    ("word", "value"),
    [("un", 1), ("ventuno", 21), ("ventun", 21), ("ventitré", 23), ("trentotto", 38), ("cento", 100), ("centotto", 108),
     ("centoquaranta", 140), ("novecentonovantanove", 999), ("quarantina", 40), ("migliaio", 1000)],
)  # fmt: skip
def test_numerals_of_one_word(word: str, value: int) -> None:
    assert numerals()[word] == value


def test_groups_are_numerals() -> None:
    assert GROUPS.items() <= numerals().items()


@pytest.mark.parametrize(
    ("sentence", "has_verb"),
    [
        ("Il sindaco ha firmato l'ordinanza", True),
        ("Gli operai scioperarono per tre giorni", True),
        ("Il ponte riapre lunedì", True),
        ("Una lunga fila davanti al museo", False),
        ("Il nuovo stadio di Cagliari, un progetto da cento milioni", False),
    ],
)
def test_finite_verbs(sentence: str, has_verb: bool) -> None:
    assert bool(re.search(FINITE_VERB, sentence)) is has_verb
