"""The labelled pairs of benchmarks/reverse: enough of each name, and every fourth judged as the results say."""

from __future__ import annotations

from collections import Counter

from benchmarks.reverse.bench_refusals import judge, pairs


def test_there_are_enough_pairs_of_each_name() -> None:
    counts = Counter((pair.language, pair.name) for pair in pairs("all"))
    for language in ("it", "vi"):
        assert counts[(language, "clean")] >= 40
        names = (
            "leaked",
            "dangling",
            "unanswerable",
            "wrong_genre",
            "repeated",
            "not_an_instruction",
            "wrong_language",
        )
        assert all(counts[(language, name)] >= 15 for name in names)
    assert counts.total() >= 400


def test_every_fourth_pair_is_judged_as_it_is_labelled() -> None:
    wrong = []
    for pair in list(pairs("all"))[::4]:
        names = judge(pair)
        if (names != []) if pair.name == "clean" else (pair.name not in names):
            wrong.append((pair.name, names, pair.instruction))
    assert len(wrong) <= 2, wrong
