"""How near an answer is to its sources."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.embed import load_embedder
from synth.similarity import similarities


class Fixed:
    """An embedder with dense rows that are not quite of unit length, as half precision gives them."""

    name = "fixed"

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([[1.0005, 0.0] if "a" in text else [0.0, -1.0] for text in texts])


def test_a_copy_is_at_one_and_a_stranger_at_zero() -> None:
    found = similarities(
        "Scossa nelle Marche", ["Scossa nelle Marche", "Sciopero dei treni", ""], load_embedder("tfidf")
    )
    assert found == [1.0, 0.0, 0.0]


def test_the_nearer_source_has_the_larger_number() -> None:
    sources = ["Una scossa nelle Marche, gente in strada", "Una scossa di mercato", "Bologna vince"]
    found = similarities("Scossa nelle Marche: molta gente in strada", sources, load_embedder("tfidf"))
    assert found[0] > found[1] > found[2] == 0


def test_no_sources_and_an_empty_answer() -> None:
    assert similarities("testo", [], load_embedder("tfidf")) == []
    assert similarities("", ["testo", ""], load_embedder("tfidf")) == [0.0, 0.0]


def test_dense_rows_stay_within_one() -> None:
    assert similarities("a", ["a", "b"], Fixed()) == [1.0, 0.0]


@settings(max_examples=50, deadline=None)
@given(answer=st.text(max_size=40), sources=st.lists(st.text(max_size=40), max_size=5))
def test_one_float_a_source_in_bounds(answer: str, sources: list[str]) -> None:
    found = similarities(answer, sources, load_embedder("tfidf"))
    assert len(found) == len(sources)
    assert all(isinstance(value, float) and 0 <= value <= 1 for value in found)


def test_a_fitted_embedder_gives_the_same_alone_and_among_others() -> None:
    embedder = load_embedder("tfidf")
    embedder.fit(["una scossa nelle Marche", "lo sciopero dei treni", "il voto in Senato"])  # type: ignore[attr-defined]
    alone = similarities("scossa nelle Marche", ["una scossa"], embedder)
    among = similarities("scossa nelle Marche", ["una scossa", "il voto", "altro"], embedder)
    assert alone[0] == pytest.approx(among[0])
