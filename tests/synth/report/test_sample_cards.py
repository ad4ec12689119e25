"""Cards: drawn by the seed, cut at a stated length, and told where each sentence comes from."""

from __future__ import annotations

from typing import Any

from synth.display.sample_card import ANSWER_MOST, SOURCE_CUT
from synth.report.sample_cards import DRAWN, collect_cards

SOURCE = "La giunta ha approvato il piano. " + "Altro testo che riempie. " * 200 + "Il sindaco ha detto no."


def sample(number: int, **fields: Any) -> dict[str, Any]:
    return {"key": f"{number:064x}", "language": "it", "answer": "La giunta ha approvato il piano.",
            "sources": [{"title": "T", "link": "https://a.it/1", "content": SOURCE}], **fields}  # fmt: skip


def test_the_seed_draws_and_the_worst_are_not_drawn_again(database: Any) -> None:
    database.samples.insert_many([sample(number) for number in range(40)])
    worst = [{"key": f"{number:064x}", "points": {"facts": 0.5}, "sum": 0.5} for number in range(5)]
    first, again, other = (collect_cards(database, seed, worst) for seed in (1, 1, 2))
    keys = [card["key"] for card in first["random"]]
    assert keys == [card["key"] for card in again["random"]] != [card["key"] for card in other["random"]]
    assert len(set(keys)) == DRAWN
    assert not {row["key"] for row in worst} & set(keys)
    assert [card["key"] for card in first["worst"]] == [row["key"] for row in worst]


def test_a_source_is_cut_but_for_the_sentence_that_the_answer_has(database: Any) -> None:
    database.samples.insert_one(sample(1, answer="Il sindaco ha detto no."))
    source = collect_cards(database, 0, [])["random"][0]["sources"][0]
    shown = "".join(part["text"] for row in source["paragraphs"] for part in row)
    assert len(shown) < SOURCE_CUT + 60
    assert shown.endswith(("…Il sindaco ha detto no.", "… Il sindaco ha detto no."))
    assert source["characters"] == len(SOURCE)
    assert source["cut"] == len(SOURCE) - len(shown.replace("…", "")) + shown.count(" …")


def test_a_long_answer_is_folded_and_a_huge_one_cut(database: Any) -> None:
    text = "\n\n".join(["Frase di prova, lunga quanto basta. " * 5] * 200)
    database.samples.insert_one(sample(1, answer=text))
    card = collect_cards(database, 0, [])["random"][0]
    assert 0 < card["split"] < len(card["paragraphs"])
    assert card["cut"] == len(text) - ANSWER_MOST
    shown = sum(len(sentence["text"]) for row in card["paragraphs"] for sentence in row)
    assert shown <= ANSWER_MOST


def test_one_endless_paragraph_is_folded_after_a_sentence(database: Any) -> None:
    database.samples.insert_one(sample(1, answer="Una frase di prova, lunga quanto basta. " * 100))
    card = collect_cards(database, 0, [])["random"][0]
    assert [len(row) for row in card["paragraphs"]] == [41, 59]
    assert card["split"] == 1


def test_the_stored_best_source_is_named_where_no_words_are_the_same(database: Any) -> None:
    answer = "La giunta ha approvato il piano. Nessuno lo aveva previsto davvero."
    database.samples.insert_one(sample(1, answer=answer, sentence_sources=[0, 0], sentence_support=[1.0, 0.2]))
    one, two = collect_cards(database, 0, [])["random"][0]["paragraphs"][0]
    assert (one["how"], one["source"], one["support"]) == ("verbatim", 1, 1.0)
    assert (two["how"], two["source"], two["support"]) == ("none", 1, 0.2)


def test_scores_of_another_text_are_not_told(database: Any) -> None:
    database.samples.insert_one(sample(1, sentence_sources=[0, 0], sentence_support=[1.0, 0.2]))
    assert collect_cards(database, 0, [])["random"][0]["paragraphs"][0][0]["support"] is None


def test_many_sources_are_counted(database: Any) -> None:
    database.samples.insert_one(sample(1, sources=[{"content": "Uno."}] * 90))
    card = collect_cards(database, 0, [])["random"][0]
    assert (len(card["sources"]), card["more_sources"]) == (6, 84)
