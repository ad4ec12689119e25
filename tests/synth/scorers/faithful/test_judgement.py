"""One score of an answer.

Covers synth.scorers.faithful.support, synth.scorers.faithful.reading.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from synth.scorers.faithful.judgement import judge
from synth.scorers.faithful.reading import SourceReading, plain_text, read_source
from synth.scorers.faithful.support import sentence_supports

SOURCE = "Il sindaco ha aperto la scuola. I bambini sono entrati in classe alle nove. La pioggia ha fermato i lavori."


def test_a_source_is_read_once_and_not_changed(monkeypatch: Any) -> None:
    source = {"title": "Scuola", "content": SOURCE, "date": datetime(2024, 5, 8, tzinfo=UTC)}
    reading = read_source(source)
    names = set(reading.names.any)
    judge("Il sindaco Marinangeli ha chiuso la scuola.", [source, "Un altro testo."], "it")
    assert read_source(dict(source)) is reading
    assert reading.names.any == names
    assert plain_text({"title": None, "tags": ["a", None], "content": "b"}) == "b\n\na"


def test_words_put_together_from_here_and_there_are_supported_less() -> None:
    reading = SourceReading(SOURCE)
    whole = SourceReading("La pioggia ha fermato i lavori.").units.stems
    mixed = SourceReading("La pioggia ha aperto i bambini.").units.stems
    (copied,), (joined,) = sentence_supports(whole, [reading]), sentence_supports(mixed, [reading])
    assert copied.value == 1.0
    assert copied.source == 0
    assert joined.value < 0.9


def test_the_best_source_of_each_sentence() -> None:
    judgement = judge(
        "La pioggia ha fermato i lavori. Il gatto dorme sul tetto.", ["Il gatto dorme sul tetto.", SOURCE]
    )
    assert judgement.sources == [1, 0]
    assert judgement.support == [1.0, 1.0]
    assert judge("Zzz qqq.", [SOURCE]).sources == [None]
    assert not judge("Il gatto.", [{"title": ""}]).has_text


@settings(max_examples=60, deadline=None)
@given(answer=st.text(max_size=200), source=st.text(max_size=200))
def test_any_texts_have_a_score(answer: str, source: str) -> None:
    judgement = judge(answer, [source, {"content": answer}])
    assert 0 <= judgement.faithfulness <= 1
    assert all(0 <= value <= 1 for value in judgement.support)
    assert len(judgement.support) == len(judgement.sources)
