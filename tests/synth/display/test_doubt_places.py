"""Where a doubt's evidence lies in a text and its translation."""

from __future__ import annotations

import itertools

import pytest

from synth.display.doubt_places import pieces, places
from synth.translation.pair import Text


def marked(source: str, translation: str, doubt: str, languages: tuple[str, str] = ("en", "it")) -> tuple[str, str]:
    texts = Text(source, languages[0]), Text(translation, languages[1])
    rows = places(*texts, [doubt])
    return tuple(
        "".join(f"[{part}]" if name else part for part, name in pieces(text.text, row))
        for text, row in zip(texts, rows, strict=True)
    )  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("doubt", "source", "translation", "wanted"),
    [
        ("number_changed", "In 2024, 1,200 came.", "Nel 2023 vennero in 1.200.",
         ("In [2024], 1,200 came.", "Nel [2023] vennero in 1.200.")),
        ("number_changed", "3 of 3", "3 di molti", ("3 of [3]", "3 di molti")),
        ("address_changed", "See https://a.example/x now", "Vedi https://b.example/x ora",
         ("See [https://a.example/x] now", "Vedi [https://b.example/x] ora")),
        ("placeholder_changed", "Dear {name}", "Caro {nome}", ("Dear [{name}]", "Caro [{nome}]")),
        ("other_script", "The bridge", "Il ponte 桥 riapre", ("The bridge", "Il ponte [桥] riapre")),
        ("length", "A text", "Un testo", ("A text", "Un testo")),
        ("no_such_doubt", "A text", "Un testo", ("A text", "Un testo")),
    ],
)  # fmt: skip
def test_the_evidence_is_marked(doubt: str, source: str, translation: str, wanted: tuple[str, str]) -> None:
    assert marked(source, translation, doubt) == wanted


def test_words_left_in_the_language_of_the_source_are_marked_in_the_translation() -> None:
    source = "The mayor said on Monday that the bridge would open again. All were glad."
    translation = "Il sindaco ha detto: the bridge would open again. Tutti erano contenti."
    before, after = marked(source, translation, "untranslated")
    assert before == source
    assert "the bridge would open again" in after.replace("[", "").replace("]", "")
    assert "[" in after
    assert not after.startswith("[")


def test_a_place_is_marked_once() -> None:
    texts = Text("Pay 5 at https://a.example/5", "en"), Text("Paga a https://b.example/6", "it")
    rows = places(*texts, ["number_changed", "address_changed"])
    for text, row in zip(texts, rows, strict=True):
        assert "".join(part for part, _ in pieces(text.text, row)) == text.text
        assert all(one.end <= other.start for one, other in itertools.pairwise(row))
