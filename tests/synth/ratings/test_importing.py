"""Ratings by people: stored once for each rater and sample, or refused with every wrong line named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.items import NewsmillError
from synth.ratings.importing import _rating, import_ratings


@pytest.fixture
def store(database: Any) -> Any:
    database.samples.insert_many([{"key": f"k{number}", "language": "it"} for number in range(5)])
    return database


def test_stored_updated_unchanged(store: Any, tmp_path: Path) -> None:
    path = tmp_path / "ratings.jsonl"
    lines = [
        {"item": "k0", "rater": "anna", "accuracy": 4, "helpfulness": 3.5, "comment": " bene "},
        {"key": "k1", "rater": "anna", "accuracy": "4,5", "language": "vi"},
    ]
    path.write_text("\ufeff" + "\n\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    assert import_ratings(store, path) == {"stored": 2, "updated": 0, "unchanged": 0}
    first = store.ratings.find_one({"item": "k0"}, {"_id": 0})
    created = first.pop("created_at")
    assert first == {
        "item": "k0",
        "rater": "anna",
        "accuracy": 4,
        "helpfulness": 3.5,
        "language": "it",
        "comment": "bene",
    }
    assert store.ratings.find_one({"item": "k1"})["accuracy"] == 4.5
    assert store.ratings.find_one({"item": "k1"})["language"] == "vi"
    lines[0] = {"item": "k0", "rater": "anna", "accuracy": 2}
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    assert import_ratings(store, path) == {"stored": 0, "updated": 1, "unchanged": 1}
    again = store.ratings.find_one({"item": "k0"})
    assert (again["accuracy"], again.get("helpfulness"), again["created_at"]) == (2, None, created)


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_csv(store: Any, tmp_path: Path, sign: str) -> None:
    path = tmp_path / "ratings.csv"
    rows = [["item", "rater", "accuracy", "helpfulness", "comment"], ["k0", "anna", "4", "", '"due\nrighe"'],
            ["k1", "bao", "4.5", "5", ""]]  # fmt: skip
    path.write_text("\ufeff" + "\r\n".join(sign.join(row) for row in rows), encoding="utf-8")
    assert import_ratings(store, path)["stored"] == 2
    assert store.ratings.find_one({"item": "k0"})["comment"] == "due\nrighe"
    assert store.ratings.find_one({"item": "k1"})["helpfulness"] == 5


def test_all_that_is_wrong_is_named_and_nothing_stored(store: Any, tmp_path: Path) -> None:
    path = tmp_path / "ratings.jsonl"
    good = {"item": "k0", "rater": "anna", "accuracy": 4}
    lines: list[Any] = [
        good, "{", "[1]", {"rater": "anna", "accuracy": 4}, {"item": "k1", "accuracy": 4}, {"item": "k1", "rater": "a"},
        good | {"rater": "b", "accuracy": 6}, good | {"rater": "c", "helpfulness": "high"}, good,
        good | {"item": "lost"},
        good | {"rater": "d", "acuracy": 1}, good | {"rater": "e", "accuracy": True}, good | {"key": "k1"},
        good | {"rater": "f", "accuracy": float("nan")}, good | {"rater": "g", "comment": 7},
    ]  # fmt: skip
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    with pytest.raises(NewsmillError) as told:
        import_ratings(store, path)
    assert store.ratings.count_documents({}) == 0
    line = str(told.value)
    assert "\n" not in line
    assert "14 wrong, nothing was stored: line 2: no JSON" in line
    for said in ("line 3: no JSON ", "line 4: no item", "line 5: no rater", "line 6: no accuracy",
                 "line 7: accuracy 6 is no number from 0 to 5", "line 8: helpfulness 'high'",
                 "line 9: anna rated this sample in line 1, too", "line 10: there is no sample 'lost'",
                 "line 11: unknown field 'acuracy'", "line 12: accuracy True", "line 13: item and key differ",
                 "line 14: accuracy nan", "line 15: comment 7 is no text"):  # fmt: skip
        assert said.replace("line 3: no JSON ", "line 3: a list, not an object") in line


def test_csv_errors(store: Any, tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("item,rater,accuracy\nk0,anna\nk0,anna,4,5\nk9,anna,4\nk1,anna,9\n", encoding="utf-8")
    with pytest.raises(
        NewsmillError, match=r"4 wrong.*line 2: not as many.*line 3: not.*line 4: there is no.*line 5: acc"
    ):
        import_ratings(store, path)


def test_what_cannot_be_read(store: Any, tmp_path: Path) -> None:
    with pytest.raises(NewsmillError, match="cannot read"):
        import_ratings(store, tmp_path / "missing.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b'{"item": "caff\xe8"}')
    with pytest.raises(NewsmillError, match="cannot read"):
        import_ratings(store, tmp_path / "latin.jsonl")
    (tmp_path / "empty.jsonl").write_text("", encoding="utf-8")
    assert import_ratings(store, tmp_path / "empty.jsonl") == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["item", "key", "rater", "accuracy", "helpfulness", "language", "comment", "x"]), JSON
    )
)
def test_any_row_is_a_rating_or_wrong(row: dict[str, Any]) -> None:
    wrong, rating = _rating(row)
    if not wrong:
        assert rating["item"]
        assert rating["rater"]
        assert 0 <= rating["accuracy"] <= 5
