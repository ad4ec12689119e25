"""Rows about their language are made anew with words of the store's articles. Covers synth.translate.bound_rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from synth.translation.language_bound.requests import is_kept
from tests.synth.llm.conftest import ChatStand
from tests.synth.translate.conftest import sample, translations

TEXT = "La rosa e la rana sono nella rete; il ragazzo riposa, la ragazza ritorna e il vento rallenta."


def test_a_list_of_words_is_asked_anew_and_nothing_is_paid(
    store: Any, stand: ChatStand, run: Callable[..., dict[str, int]]
) -> None:
    store.articles.insert_many([{"link": f"https://a.it/{n}", "language": "it", "content": TEXT} for n in range(4)])
    store.samples.insert_one(sample(7, "Give two words that start with the letter R.", "1. Road\n2. River"))
    assert run("--where", '{"key": "k7"}') == {"rewritten": 1}
    assert stand.asked == []
    (row,) = translations(store)
    assert is_kept(row["question"], "", row["answer"], "it")
    assert row["answer"].startswith("1. R")
    assert (row["provenance"]["rewritten"], row["doubts"]) == ("starts_with", [])
