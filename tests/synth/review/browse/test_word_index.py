"""Words and phrases of samples, as they are typed in Italian and Vietnamese."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.review.browse import word_index as module
from synth.review.browse.word_index import WordIndex, fts_query, normal, plain, text_of
from tests.waiting import wait_until


def ids(index: WordIndex, search: str) -> set[Any]:
    matches = index.matches(search)
    assert matches is not None
    assert all(own in matches for own in matches.ids)
    return set(matches.ids)


TEXTS = {
    "duong": "Con đường từ Hà Nội đến Hải Phòng dài 120 km.",
    "duc": "Nước Đức thắng trận; hạ nồi cơm xuống.",
    "citta": "La città è più bella: dell’acqua alta non c'è traccia, perché il 25% cala.",
    "bare": "La citta senza accento.",
}


@pytest.fixture
def index(database: Any) -> WordIndex:
    database.samples.insert_many([{"_id": name, "key": name, "answer": text} for name, text in TEXTS.items()])
    return WordIndex(database)


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("đường", "duong"), ("duong", "duong"), ("ĐƯỜNG", "duong"), ("đuong", ""), ("ha noi", "duc duong"),
        ('"hà nội"', "duong"), ('"ha noi"', "duc duong"), ("hà nội", "duong"), ('"nội hà"', ""), ("“Hà Nội”", "duong"),
        ("duc", "duc"), ("nuoc duc", "duc"), ("citta", "bare citta"), ("città", "citta"), ("perche", "citta"),
        ("dell'acqua", "citta"), ("25%", "citta"), ("120", "duong"), ("12", ""), ("citt*", ""), ("la -senza", "bare"),
        ("la NOT senza", ""), ("exact:la", ""), ('la "', "bare citta"), ("la la la", "bare citta"),
    ],
)  # fmt: skip
def test_what_a_search_finds(index: WordIndex, search: str, names: str) -> None:
    for text in (search, unicodedata.normalize("NFD", search)):
        assert sorted(ids(index, text)) == names.split()


@pytest.mark.parametrize("search", ["", "  ", '"', "-*-", "___", "\0", "…"])
def test_a_text_without_a_word_is_no_search(index: WordIndex, search: str) -> None:
    assert index.matches(search) is None


@given(st.text(max_size=60))
def test_whatever_is_typed_is_words(text: str) -> None:
    query = fts_query(text)
    assert query is None or re.fullmatch(r'(\{(plain|exact)\} : "[^"]+"( AND )?)+', query)


@given(st.text(max_size=40))
def test_no_text_breaks_the_index(text: str) -> None:
    import sqlite3

    rows = sqlite3.connect(":memory:")
    rows.execute("CREATE VIRTUAL TABLE t USING fts5(exact, plain, tokenize='unicode61 remove_diacritics 0')")
    rows.execute("INSERT INTO t VALUES (?, ?)", (normal(text), plain(normal(text))))
    if query := fts_query(text):
        rows.execute("SELECT rowid FROM t WHERE t MATCH ?", (query,)).fetchall()


def test_new_changed_and_removed_samples_are_found_as_they_are_now(index: WordIndex, database: Any) -> None:
    assert ids(index, "duong") == {"duong"}
    database.samples.insert_one({"_id": "new", "key": "new", "question": "Đường nào?"})
    database.samples.update_one({"_id": "duong"}, {"$set": {"answer": "Chữ khác"}})
    database.samples.delete_one({"_id": "bare"})
    database.samples.update_one({"_id": "citta"}, {"$set": {"toxicity": 0.5}})
    wait_until(lambda: ids(index, "duong") == {"new"})
    assert (ids(index, "khac"), ids(index, "citta"), index.read_count) == ({"duong"}, {"citta"}, 4)


def test_a_server_without_a_stream_of_changes_is_read_again(
    index: WordIndex, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WordIndex, "_watch", lambda _: None)
    assert ids(index, "moi") == set()
    database.samples.insert_one({"_id": "new", "key": "new", "answer": "mới"})
    assert ids(index, "moi") == {"new"}


def test_many_samples_are_read_in_the_background(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 0)
    database.samples.insert_many([{"_id": i, "key": str(i), "answer": f"parola{i}"} for i in range(30)])
    index = WordIndex(database)
    wait_until(lambda: ids(index, "parola7") == {7} and index.complete)


def test_a_store_that_goes_away_meanwhile_is_read_anew(index: WordIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    from pymongo.errors import AutoReconnect

    def fail(_documents: Any) -> None:
        raise AutoReconnect("no primary")

    with monkeypatch.context() as away:
        away.setattr(index, "_add", fail)
        assert (ids(index, "duong"), index.complete) == (set(), False)
    assert (ids(index, "duong"), index.complete) == ({"duong"}, True)


def test_titles_count_and_the_articles_in_a_question_do_not() -> None:
    sample = {"answer": "a", "instruction": "chiedi", "question": "chiedi corpo", "sources": [{"title": "titolo"}, 7]}
    assert text_of(sample) == "a\nchiedi\ntitolo"
    assert text_of({"question": "q", "answer": None, "instruction": "i", "sources": None}) == "q"


def test_real_vietnamese_rows_are_found_as_a_search_of_their_texts_finds_them(database: Any, shared: Path) -> None:
    lines = (shared / "data/alpaca_vi_1000.jsonl").read_text(encoding="utf-8").splitlines()
    rows = {i: row["prompt"] + "\n" + row["response"] for i, row in enumerate(map(json.loads, lines))}
    database.samples.insert_many([{"_id": i, "key": str(i), "answer": text} for i, text in rows.items()])
    index = WordIndex(database)
    for phrase in ("nước", "đường", "thông tin", "sử dụng", "người đàn ông", "khí hậu"):
        pattern = re.compile(rf"(?<!\w){phrase}(?!\w)", re.IGNORECASE)
        expected = {i for i, text in rows.items() if pattern.search(unicodedata.normalize("NFC", text))}
        assert expected
        assert ids(index, f'"{phrase}"') == expected
        assert expected <= ids(index, f'"{plain(phrase)}"')
