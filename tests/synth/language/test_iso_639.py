"""Codes of three letters to those of two, as imported sets need them."""

from __future__ import annotations

import pytest

from synth.importing.samples import language_of
from synth.importing.values import language
from synth.language.iso_639 import two_letters


def test_every_language_that_the_detector_knows_is_in_the_table() -> None:
    from lingua import Language

    for known in Language.all():
        assert two_letters(known.iso_code_639_3.name) == known.iso_code_639_1.name.lower()


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("vie", "vi"), ("ita", "it"), ("oci", "oc"), ("khm", "km"), ("cmn", "zh"), ("fre", "fr"), ("ace", "ace"),
        ("code", ""), ("mixed", ""), ("Vietnamese", "vi"), ("pt-BR", "pt"), ("python", None), ("sql", None),
        (None, None),
    ],
)  # fmt: skip
def test_what_sets_call_a_language(cell: str | None, code: str | None) -> None:
    assert language_of(cell) == code


def test_an_articles_language_may_have_three_letters() -> None:
    assert language("language", "khm") == "km"
