"""Samples that repeat rows of evaluation sets: told with how much of the row, and not for what everybody writes."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.items import NewsmillError
from synth.__main__ import main
from synth.dedupe import contamination
from synth.dedupe.contamination import Checker, Table
from synth.dedupe.evaluation_sets import SetRow
from synth.language.segmentation import words
from synth.samples.sample import Sample

WORDS = [f"từ{n}" for n in range(4000)]


def text(seed: int, length: int) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))


def sample(key: str, question: str, answer: str = "", **more: Any) -> dict[str, Any]:
    return Sample(key=key, task="import", question=question, answer=answer, language="vi", **more).document()


def jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def table(rows: list[SetRow], length: int = 13) -> Table:
    made = Table()
    made.add("set", rows, length)
    made.close()
    return made


def hits(made: Table, question: str, answer: str = "") -> list[tuple[int, float]]:
    found = made.hits([{"question": question, "answer": answer}])
    return [(hit.row, hit.overlap) for hit in found[0]]


def test_overlap_is_the_share_of_the_rows_runs() -> None:
    row = text(1, 32)
    made = table([SetRow(7, row, "")])
    assert hits(made, f"Leggi: {row} Rispondi.") == [(7, 1.0)]
    # 20 runs of 13 words; the first 22 words have 10 of them.
    assert hits(made, "", " ".join(row.split()[:22])) == [(7, 0.5)]
    assert hits(made, " ".join(row.split()[:12])) == []
    assert hits(made, row.upper().replace(" ", ", ")) == [(7, 1.0)]


def test_no_run_goes_from_one_text_into_the_next() -> None:
    row = text(1, 26)
    head, tail = " ".join(row.split()[:13]), " ".join(row.split()[13:])
    made = table([SetRow(1, head, tail)])
    assert hits(made, head) == [(1, 0.5)]
    assert hits(made, tail, head) == [(1, 1.0)]
    assert hits(table([SetRow(1, row, "")]), head, tail) == [(1, round(2 / 14, 4))]


def test_short_rows() -> None:
    ten, five = text(1, 10), "Chi ha vinto il Giro?"
    made = table([SetRow(1, ten, ""), SetRow(2, five, "Bartali"), SetRow(3, "", "Bartali")])
    assert hits(made, f"Dimmi: {ten} Grazie") == [(1, 1.0)]
    assert hits(made, "chi ha vinto il giro") == [(2, 1.0)]
    # Five words within others, and a word as an answer, say nothing.
    assert hits(made, f"Sai {five}", "Bartali") == []
    assert hits(made, "", "") == []


def test_short_questions_of_long_answers() -> None:
    nine, five, answer = text(1, 9), "Chi ha vinto il Giro?", text(2, 30)
    made = table([SetRow(1, nine, answer), SetRow(2, five, answer), SetRow(3, text(4, 30), text(5, 9))])
    # Of the 2 runs of the question and the 18 of the answer.
    assert hits(made, f"Dimmi: {nine}") == [(1, 0.1)]
    assert hits(made, five) == [(2, 1.0)]
    assert hits(made, "", text(5, 9)) == []


def test_templates_tell_nothing() -> None:
    template = text(0, 20)
    made = table([SetRow(n, f"{template} {text(n, 20)}", "") for n in range(1, 15)])
    assert hits(made, template) == []
    own = hits(made, f"{template} {text(3, 20)}")
    assert own == [(3, 1.0)]
    # Ten rows on one passage are questions about it, not a template.
    made = table([SetRow(n, f"{template} {text(n, 20)}", "") for n in range(1, 11)])
    assert len(hits(made, template)) == 10


@settings(deadline=None, max_examples=80)
@given(seed=st.integers(0, 10**6), length=st.sampled_from([8, 10, 13]))
def test_as_counted_word_by_word(seed: int, length: int) -> None:
    draw = random.Random(seed)
    few = WORDS[:3]
    rows = [SetRow(n, " ".join(draw.choices(few, k=draw.randrange(40))), "") for n in range(5)]
    question = " ".join(draw.choices(few, k=draw.randrange(200)))

    def cut(told: str, size: int) -> set[tuple[str, ...]]:
        found = words(told)
        return {tuple(found[i : i + size]) for i in range(len(found) - size + 1)}

    expected = {}
    for row in rows:
        size = length if len(words(row.question)) >= length else 8
        wanted = cut(row.question, size)
        if wanted & cut(question, size):
            expected[row.number] = round(len(wanted & cut(question, size)) / len(wanted), 4)
        if len(words(row.question)) < 8 and row.question and words(row.question) == words(question):
            expected[row.number] = 1.0
    assert dict(hits(table(rows, length), question)) == expected


def test_marks(database: Any, database_uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = jsonl(tmp_path / "one.jsonl", [{"question": text(n, 20), "answer": "x"} for n in range(5)])
    two = tmp_path / "two.csv"
    two.write_text("question\n" + text(3, 20) + "\n", encoding="utf-8")
    database.samples.insert_many(
        [
            sample("a", text(3, 20), text(100, 30)),
            sample("b", text(101, 20), text(102, 30)),
            sample("c", text(1, 20), text(103, 30), status="rejected"),
        ]
    )
    assert main(["dedupe", "--uri", database_uri, "--dry-run", "--against", str(one), str(two)]) == 0
    assert "contaminated: a has 100% of row 4 of one.jsonl" in capsys.readouterr().out
    assert database.samples.count_documents({"contaminated": {"$exists": True}}) == 0
    assert main(["dedupe", "--uri", database_uri, "--json", "--against", str(one), str(two)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sets"] == {
        "one.jsonl": {"rows": 5, "ngram": 13, "samples": 1, "repeated": 1},
        "two.csv": {"rows": 1, "ngram": 13, "samples": 1, "repeated": 1},
    }
    assert (told["contaminated"], told["clean"]) == (1, 1)
    stored = {row["key"]: row.get("contaminated") for row in database.samples.find()}
    assert stored == {
        "a": [{"set": "one.jsonl", "row": 4, "overlap": 1.0}, {"set": "two.csv", "row": 1, "overlap": 1.0}],
        "b": [],
        "c": None,
    }
    assert database.runs.find_one()["sets"] == told["sets"]
    # Without sets the marks stay; with others they are those of the others.
    main(["dedupe", "--uri", database_uri])
    assert len(database.samples.find_one({"key": "a"})["contaminated"]) == 2
    main(["dedupe", "--uri", database_uri, "--against", str(two)])
    assert [hit["set"] for hit in database.samples.find_one({"key": "a"})["contaminated"]] == ["two.csv"]


def test_what_a_killed_run_left_is_made_right(database: Any, database_uri: str, tmp_path: Path) -> None:
    path = jsonl(tmp_path / "set.jsonl", [{"question": text(n, 20)} for n in range(0, 30, 3)])
    database.samples.insert_many([sample(f"{n:02}", text(n, 20)) for n in range(30)])
    command = ["dedupe", "--uri", database_uri, "--against", str(path)]
    main(command)
    expected = list(database.samples.find().sort("key", 1))
    assert sum(bool(row["contaminated"]) for row in expected) == 10
    database.samples.update_many({"key": {"$gt": "15"}}, {"$unset": {"contaminated": ""}})
    database.samples.update_many({"key": {"$lt": "05"}}, {"$set": {"contaminated": [{"set": "old", "row": 1}]}})
    main(command)
    assert list(database.samples.find().sort("key", 1)) == expected


def test_sets_that_do_not_fit_are_taken_in_parts(
    database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [jsonl(tmp_path / f"{name}.jsonl", [{"question": text(n, 30)} for n in range(40)]) for name in "ab"]
    database.samples.insert_many([sample(f"{n:02}", text(n, 30)) for n in range(0, 60, 7)])
    whole = Checker(paths).find(database, {})
    assert len(whole) == 6
    monkeypatch.setattr(contamination, "_RUNS", 100)
    checker = Checker(paths)
    assert len(list(checker.tables())) > 5
    assert checker.find(database, {}) == whole
    assert checker.set_counts["a.jsonl"] == {"rows": 40, "ngram": 13, "samples": 6, "repeated": 6}


@pytest.mark.parametrize(("length", "expected"), [(4, 8), (10, 10), (60, 13)])
def test_the_length_of_runs_follows_the_set(tmp_path: Path, length: int, expected: int) -> None:
    path = jsonl(tmp_path / "set.jsonl", [{"question": text(n, length)} for n in range(30)])
    assert Checker([path]).lengths == {"set.jsonl": expected}
    assert Checker([path], length=5).lengths == {"set.jsonl": 5}


def test_sets_without_rows_and_of_one_name(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    paths = [jsonl(tmp_path / "x.jsonl", []), jsonl(tmp_path / "b/x.jsonl", [{"question": "Chi?"}])]
    with pytest.raises(NewsmillError, match="has no rows"):
        Checker(paths[:1])
    with pytest.raises(NewsmillError, match="two evaluation sets are named"):
        Checker(paths)
