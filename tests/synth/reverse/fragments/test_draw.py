"""A draw: the same for the same seed, spread over what there is, none twice, none that may not be used.

Covers synth.reverse.fragments.genres.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from synth.reverse.fragments.draw import Draw
from synth.reverse.fragments.genres import genre_of
from tests.synth.reverse.conftest import LEADS_IT, article


def drawn(store: Any, number: int | None, seed: int = 0, where: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return Draw(store, where or {}, "it", seed, 1).rows(number)


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["fragment"] for row in rows]


def test_a_seed_draws_the_same_and_a_smaller_draw_is_its_beginning(store: Any) -> None:
    whole = drawn(store, None)
    assert len(whole) == 10
    assert names(drawn(store, None)) == names(whole)
    assert names(drawn(store, 4)) == names(whole)[:4]
    assert names(drawn(store, None, seed=1)) != names(whole)


def test_it_goes_on_behind_what_is_drawn(store: Any) -> None:
    first = drawn(store, 4)
    more = Draw(store, {}, "it", 0, 1)
    more.count_drawn(first)
    assert set(names(more.rows(None))) | set(names(first)) == set(names(drawn(store, None)))
    assert not set(names(first)) & set(names(Draw(store, {}, "it", 0, 1).rows(0)))


def test_newspapers_take_turns(store: Any) -> None:
    assert len({row["source_site"] for row in drawn(store, 3)}) == 3
    assert max(Counter(row["source_site"] for row in drawn(store, 6)).values()) == 2


def test_of_an_event_the_second_article_comes_last(store: Any) -> None:
    same = list(store.articles.find({"source_site": "Ansa", "section": "Cronaca"}).sort("link", 1))
    members = {"articles": [row["_id"] for row in same], "links": [row["link"] for row in same]}
    store.clusters.insert_one({"run": "r", "number": 0, "event": "e" * 64, "current": True, **members})
    own = [row for row in drawn(store, None) if row["source_site"] == "Ansa"]
    assert {row["event"] for row in own} == {"e" * 64}
    assert len(own) == len(same) == 4


def test_near_copies_are_drawn_once(store: Any) -> None:
    title, text = LEADS_IT[0]
    store.articles.insert_one(article(50, title, text.replace("sabato", "domenica"), source_site="Open"))
    assert sum("Sarnico" in row["text"] for row in drawn(store, None)) == 1


def test_kinds_and_lengths_are_balanced(store: Any) -> None:
    kinds = Counter(row["kind"] for row in drawn(store, None))
    assert set(kinds) == {"article", "lead"}
    assert abs(2 * kinds["article"] - kinds["lead"]) <= 2


def test_a_filter_is_the_servers_business(store: Any) -> None:
    assert {row["kind"] for row in drawn(store, None, where={"kind": "lead"})} == {"lead"}
    assert drawn(store, None, where={"section": "Nessuna"}) == []


def test_what_reserves_its_rights_or_was_taken_down_is_not_there(store: Any) -> None:
    store.articles.update_many({"section": "Sport"}, {"$set": {"permission": {"opt_out": True}}})
    link = store.articles.find_one({"section": "Cronaca"})["link"]
    store.takedowns.insert_one({"link": link, "links": [link], "hashes": []})
    rows = drawn(store, None)
    assert not any(row["section"] == "Sport" or row["link"] == link for row in rows)
    assert len(rows) == 6


def test_a_genre_is_what_the_newspaper_says() -> None:
    assert genre_of({"language": "it", "section": "Calcio", "title": "x", "link": ""}) == "sport"
    assert genre_of({"language": "vi", "section": "", "link": "https://e.vn/Home/BongDa/a-b.epi"}) == "sport"
    assert (
        genre_of({"language": "it", "section": "Cronaca", "title": "Intervista a Lidia Serra", "link": ""})
        == "interview"
    )
    assert genre_of({"language": "it", "tags": ["Economia"], "link": ""}) == "business"
    assert genre_of({"language": "xx", "section": "Sport", "link": ""}) == "news"
