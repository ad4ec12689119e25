"""Word differences: what is marked in Italian and Vietnamese, and that nothing of a text is lost or unbounded."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.metrics.word_differences import MOST, Compared, compare_words, tidy


def own(first: str, second: str) -> tuple[list[str], list[str]]:
    compared = compare_words(first, second)
    return [run.text for run in compared.first if run.own], [run.text for run in compared.second if run.own]


@pytest.mark.parametrize(
    ("first", "second", "marked"),
    [
        ("Il ponte costa 1.200 euro.", "Il ponte costa 1.300 euro.", (["1.200"], ["1.300"])),
        ("alle 10:30 in Emilia-Romagna", "alle 10:45 in Emilia", (["10:30", "Emilia-Romagna"], ["10:45", "Emilia"])),
        ("porta dell'acqua", "porta l'acqua", (["dell'"], ["l'"])),
        ("Hà Nội mưa to", "Hà Nội mưa nhỏ", (["to"], ["nhỏ"])),
        ("Hà Nội", unicodedata.normalize("NFD", "Hà Nội"), ([], [])),
        ("Có, đã xong", "Có đã xong!", ([","], ["!"])),
        ("uno\n\ndue", "uno due", ([], [])),
        ("", "nuovo", ([], ["nuovo"])),
        ("今天下雨", "今天下雪", (["雨"], ["雪"])),
        ("bene 🙂", "bene 🙂🙂", ([], ["🙂"])),
    ],
)
def test_what_the_other_text_lacks_is_marked(first: str, second: str, marked: tuple[list[str], list[str]]) -> None:
    assert own(first, second) == marked


def test_texts_without_anything_in_common_are_not_alike() -> None:
    assert not compare_words("uno due tre", "một hai ba").alike
    assert not compare_words("", "").alike
    assert compare_words("uno due", "uno tre").share == 0.5


def test_a_long_text_is_compared_to_its_first_words_and_the_rest_counted() -> None:
    compared = compare_words("qua qua " * 3000, "qua " * 10)
    assert compared.more == (6000 - MOST, 0)
    assert sum(len(run.text.split()) for run in compared.first) == MOST


def test_empty_lines_are_one() -> None:
    assert tidy("a\r\n\r\n\r\n \n b \n\n\n") == "a\n\nb"
    assert tidy("a\nb") == "a\nb"


texts = st.text(st.sampled_from("aàbđ ệ\u0301\u0e01\n\t1.,'’_-<&🙂"), max_size=60)


@given(texts, texts)
def test_the_runs_together_are_the_text(first: str, second: str) -> None:
    compared: Compared = compare_words(first, second)
    for runs, text in ((compared.first, first), (compared.second, second)):
        assert "".join(run.text for run in runs) == tidy(text)
        assert all(run.text and not (run.own and run.text[0].isspace()) for run in runs)
        assert not any(one.own and other.own for one, other in pairwise(runs))
    assert 0 <= compared.share <= 1
