"""`news`: what stands first weighs most, endings do not matter, and what all texts have weighs next to nothing.

Covers synth.embed.news.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.cluster import agglomerate
from synth.embed import NewsEmbedder, counts_words, load_embedder

FILLER = [f"Notizia numero {i} di altro{i} e cose{i} varie{i}." for i in range(40)]


def cosines(texts: Sequence[str]) -> np.ndarray:
    rows = NewsEmbedder().encode([*texts, *FILLER])
    return (rows @ rows.T).toarray()[: len(texts), : len(texts)]


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text(max_size=60), max_size=12), bits=st.sampled_from([None, 12]))
def test_rows_have_unit_length_or_none(texts: list[str], bits: int | None) -> None:
    rows = NewsEmbedder(bits).encode(texts)
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    assert rows.shape[0] == len(texts)
    assert all(abs(length - 1) < 1e-9 or length == 0 for length in lengths)


@settings(max_examples=30, deadline=None)
@given(texts=st.lists(st.text(alphabet="abcè. \n", max_size=40), min_size=1, max_size=12))
def test_an_archive_s_statistics_give_its_own_texts_the_same_distances(texts: list[str]) -> None:
    alone = NewsEmbedder().encode(texts)
    known = NewsEmbedder(statistics=NewsEmbedder().statistics_of(texts)).encode(texts)
    assert np.allclose((alone @ alone.T).toarray(), (known @ known.T).toarray())


def test_what_two_titles_share_weighs_more_than_what_two_endings_share() -> None:
    late = "\n".join(f"Frase{i} del{i} tutto{i} diversa{i}." for i in range(12))
    title = cosines([f"Scossa Visso\n{late}", "Scossa Visso\nparole del sindaco."])[0, 1]
    ending = cosines([f"{late}\nScossa Visso", "parole del sindaco.\nScossa Visso"])[0, 1]
    assert title > 1.5 * ending


def test_endings_of_words_do_not_part_texts() -> None:
    found = cosines(["Arrestati due manifestanti", "Arrestato un manifestante", "Sciopero dei treni"])
    assert found[0, 1] > 0.2
    assert found[0, 2] == 0


def test_words_of_every_text_hardly_count_in_an_archive_of_any_size() -> None:
    """Else the threshold would have to go with the number of articles."""
    for size in (3, 30, 300):
        rows = NewsEmbedder().encode([f"il governo di oggi tema{i} luogo{i} nome{i}" for i in range(size)])
        found = (rows @ rows.T).toarray()
        assert found[0, 1] < 0.2, size
        assert len(set(agglomerate(rows, distance_threshold=0.75).tolist())) == size


@pytest.mark.parametrize(("name", "bits"), [("news", None), ("news:20", 20)])
def test_the_embedder_by_its_name(name: str, bits: int | None) -> None:
    embedder = load_embedder(name)
    assert isinstance(embedder, NewsEmbedder)
    assert (embedder.name, embedder.bits) == (name, bits)
    assert counts_words(name)
    assert not counts_words("st:news")
