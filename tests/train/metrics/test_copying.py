"""What is copied: hand-worked runs, and the index beside the plain search on anything at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from train.metrics import copying
from train.metrics.copying import RUN, Copied, Corpus, from_sources
from train.metrics.words import words

WORDS = st.sampled_from("a b c d".split())
LONG = [f"w{number}" for number in range(40)]


@st.composite
def texts_and_answers(draw: Any) -> tuple[list[list[str]], list[list[str]]]:
    """Answers of passages out of the texts, RUN words and longer, with other words between them."""
    texts = draw(st.lists(st.lists(WORDS, min_size=RUN, max_size=40), min_size=1, max_size=5))
    answers: list[list[str]] = []
    for _ in range(draw(st.integers(1, 4))):
        answer = draw(st.lists(WORDS, max_size=5))
        for _ in range(draw(st.integers(0, 3))):
            text = draw(st.sampled_from(texts))
            start = draw(st.integers(0, len(text) - RUN))
            answer += text[start : draw(st.integers(start + RUN, len(text)))] + draw(st.lists(WORDS, max_size=5))
        answers.append(answer)
    return texts, answers


def plainly(answer: list[str], texts: list[list[str]]) -> Copied:
    """By comparing every run of the answer with every run of every text."""
    runs = {
        tuple(text[start:end]) for text in texts for start in range(len(text)) for end in range(start, len(text) + 1)
    }
    shared = [
        (start, end)
        for start in range(len(answer))
        for end in range(start + 1, len(answer) + 1)
        if tuple(answer[start:end]) in runs
    ]
    covered = {place for start, end in shared if end - start >= RUN for place in range(start, end)}
    return Copied(max((end - start for start, end in shared), default=0), len(covered))


def test_a_run_worked_by_hand() -> None:
    source = "il consiglio ha approvato il piano per il lungofiume con dodici voti a favore e sei contrari".split()
    answer = [*source[2:16], "però", *source[:4], "ieri"]
    # 14 words in a row are a copy; the four after `però` are not long enough to count as one.
    assert from_sources(answer, [source]) == Copied(14, 14)
    assert Corpus([" ".join(source)]).copied([answer]) == [Copied(14, 14)]


def test_a_run_does_not_reach_over_the_end_of_a_text() -> None:
    halves = [" ".join(LONG[:10]), " ".join(LONG[10:20])]
    assert Corpus(halves).copied([LONG[:20]]) == [Copied(10, 0)]
    assert from_sources(LONG[:20], [half.split() for half in halves]) == Copied(10, 0)
    # Nor over the end of an answer.
    assert Corpus([" ".join(LONG)]).copied([LONG[:6], LONG[6:12]]) == [Copied(6, 0), Copied(6, 0)]


def test_overlapping_runs_cover_a_word_once() -> None:
    corpus = Corpus([" ".join(LONG[:16]), " ".join(LONG[3:30])])
    assert corpus.copied([LONG[:30]]) == [Copied(27, 30)]
    assert corpus.copied([[*LONG[:15], "x", *LONG[15:28]]]) == [Copied(15, 28)]


@settings(deadline=None, max_examples=150)
@given(texts_and_answers(), st.sampled_from([7, 50, 4_000_000]))
def test_the_index_finds_what_the_plain_search_finds(case: tuple[list[list[str]], list[list[str]]], piece: int) -> None:
    texts, answers = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copying, "_PIECE", piece)
        result = Corpus(" ".join(text) for text in texts).copied(answers)
    expected = [plainly(answer, texts) for answer in answers]
    assert result == expected
    assert [from_sources(answer, texts) for answer in answers] == expected


def test_runs_on_two_diagonals_are_not_added() -> None:
    """Two passages that stand in the answer in the other order: neither goes on where the other ends."""
    corpus = Corpus([" ".join(LONG)])
    assert corpus.copied([LONG[20:36] + LONG[2:17]]) == [Copied(16, 31)]
    assert corpus.copied([LONG[:15] + LONG[16:36]]) == [Copied(20, 35)]
    assert corpus.copied([[*LONG[:14], "x", *LONG[15:31]], LONG[3:20]]) == [Copied(16, 30), Copied(17, 17)]


def test_words_that_share_a_mark_are_not_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run gets the same number: only the comparison word by word is left."""
    import numpy as np

    monkeypatch.setattr(copying, "_mixed", lambda ids: np.zeros(ids.shape, dtype=np.uint64))
    corpus = Corpus(["a b c d", "d c b a"])
    assert corpus.copied(["a b x c d".split(), "x y".split(), "c b a".split()]) == [(2, 0), (0, 0), (3, 0)]


def test_how_many_texts_hold_a_run() -> None:
    corpus = Corpus(["a b c", "a b d", "a b a b"])
    assert sorted(corpus.holders(["a b c x".split()], size=2)[0]) == [0, 1, 3]
    assert corpus.holders([[]], size=2) == [[]]
    assert corpus.texts == 3
    assert corpus.words == 10


def test_nothing_shares_nothing() -> None:
    assert Corpus([]).copied([["a"], []]) == [Copied(0, 0), Copied(0, 0)]
    assert from_sources([], [["a"]]) == Copied(0, 0)
    assert from_sources(["a"], []) == Copied(0, 0)


def test_both_unicode_forms_are_one_text() -> None:
    import unicodedata

    text = "Thành phố Đà Nẵng khởi công tuyến đường ven biển dài mười hai kilômét"
    corpus = Corpus([unicodedata.normalize("NFD", text)])
    assert corpus.copied([words(text)]) == [Copied(14, 14)]
