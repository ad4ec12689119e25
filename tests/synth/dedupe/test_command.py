"""`synth dedupe`: who is marked and for whom, in every order, again after changes, and after kill -9.

Covers synth.dedupe.store and synth.dedupe.comparison.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crawler.items import NewsmillError
from synth.__main__ import main
from synth.samples.sample import Sample
from tests.fork_server import start_forked
from tests.waiting import wait_until

LONG = "Il consiglio comunale ha approvato ieri sera il bilancio con diciotto voti a favore e dodici contrari"
OTHER = "Một trận động đất mạnh 6,1 độ xảy ra ở ngoài khơi miền trung vào sáng sớm thứ ba tuần này"
DAY = datetime(2026, 5, 1, tzinfo=UTC)


def sample(key: str, answer: str, **more: Any) -> dict[str, Any]:
    fields = {"question": f"Riassumi. {key}", "language": "it", "created_at": DAY, "task": "news_summary"} | more
    extra = {name: fields.pop(name) for name in ("accuracy", "mean_similarity", "superseded_by") if name in fields}
    row = Sample(key=key, answer=answer, **fields).document() | extra
    return row


def dedupe(uri: str, *words: str) -> int:
    return main(["dedupe", "--uri", uri, *words])


def marks(database: Any) -> dict[str, tuple[str, str, float]]:
    rows = database.samples.find({"duplicate_of": {"$ne": None}})
    return {row["key"]: (row["duplicate_of"], row["duplicate_kind"], row["duplicate_score"]) for row in rows}


def test_exact_near_and_none(database: Any, database_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    database.samples.insert_many(
        [
            sample("a", LONG),
            sample("b", f"  {LONG.upper()}\n"),
            sample("c", LONG.replace("contrari", "contro")),
            sample("d", OTHER, language="vi"),
            sample("e", "Questa risposta parla di tutt'altro: la squadra ha vinto la coppa dopo i rigori a Torino"),
        ]
    )
    assert dedupe(database_uri, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"samples": 5, "kept": 3, "exact": 1, "near": 1, "marked": 2}
    # 15 runs of three words in each, of which the last one differs.
    assert marks(database) == {"b": ("a", "exact", 1.0), "c": ("a", "near", 14 / 16)}
    run = database.runs.find_one({"stage": "dedupe"})
    assert run["outcome"] == "done"
    assert run["configuration"]["threshold"] == 0.7
    assert dedupe(database_uri, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"samples": 5, "kept": 3, "exact": 1, "near": 1, "unchanged": 2}


def test_short_answers_are_compared_with_their_questions(database: Any, database_uri: str) -> None:
    database.samples.insert_many(
        [
            sample("a", "Sì.", question="La legge è stata approvata dal Senato?"),
            sample("b", "Sì.", question="Il ministro si è dimesso dopo lo scandalo?"),
            sample("c", "sì.", question="la legge è stata approvata  dal Senato?"),
        ]
    )
    dedupe(database_uri)
    assert marks(database) == {"c": ("a", "exact", 1.0)}


def test_a_long_answer_without_spaces_stands_alone(database: Any, database_uri: str) -> None:
    database.samples.insert_many([sample(key, "市长昨天为新桥揭幕" * 40, question=f"Domanda {key}") for key in "ab"])
    dedupe(database_uri)
    assert marks(database) == {"b": ("a", "exact", 1.0)}


def test_by_both_wants_the_question_too(database: Any, database_uri: str) -> None:
    questions = ("Riassumi in una frase la seduta di ieri", "Scrivi un comunicato stampa del sindaco per i giornali")
    database.samples.insert_many([sample(str(n), LONG, question=text) for n, text in enumerate(questions)])
    dedupe(database_uri, "--by", "both")
    assert marks(database) == {}
    dedupe(database_uri)
    assert marks(database) == {"1": ("0", "exact", 1.0)}


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"status": "edited"}, {"accuracy": 5.0}),
        ({"status": "accepted", "accuracy": 1.0}, {"accuracy": 5.0}),
        ({"accuracy": 3.0}, {"accuracy": 2.0, "mean_similarity": 0.9}),
        ({"accuracy": 0.0}, {"mean_similarity": 0.9}),
        ({"mean_similarity": 0.5}, {"mean_similarity": 0.4, "created_at": DAY - timedelta(days=9)}),
        ({"created_at": DAY - timedelta(seconds=1)}, {}),
    ],
)
def test_who_is_kept(database: Any, database_uri: str, better: dict[str, Any], worse: dict[str, Any]) -> None:
    database.samples.insert_many([sample("z", LONG, **better), sample("a", LONG, **worse)])
    dedupe(database_uri)
    assert marks(database) == {"a": ("z", "exact", 1.0)}


def test_of_equals_the_first_key_is_kept(database: Any, database_uri: str) -> None:
    database.samples.insert_many([sample("b", LONG), sample("a", LONG)])
    dedupe(database_uri)
    assert marks(database) == {"b": ("a", "exact", 1.0)}


def test_a_chain_of_small_steps_joins_nothing_far_apart(database: Any, database_uri: str) -> None:
    words = [f"parola{n}" for n in range(40)]
    # Each differs from the one before in four words at the end; the first and the last in most.
    texts = [" ".join(words[4 * n :] + [f"nuova{m}" for m in range(4 * n)]) for n in range(6)]
    database.samples.insert_many([sample(str(n), text) for n, text in enumerate(texts)])
    dedupe(database_uri)
    found = marks(database)
    assert found == {"1": ("0", "near", found["1"][2]), "3": ("2", "near", found["3"][2])} | (
        {"5": ("4", "near", found["5"][2])} if "5" in found else {}
    )
    assert all(score >= 0.7 for _, _, score in found.values())
    assert not {kept for kept, _, _ in found.values()} & set(found)


@pytest.mark.parametrize(
    "gone",
    [
        lambda samples: samples.delete_one({"key": "a"}),
        lambda samples: samples.update_one({"key": "a"}, {"$set": {"status": "rejected"}}),
        lambda samples: samples.update_one({"key": "a"}, {"$set": {"superseded": True}}),
        lambda samples: samples.update_one({"key": "a"}, {"$set": {"answer": OTHER}}),
    ],
)
def test_copies_are_free_when_their_original_goes(database: Any, database_uri: str, gone: Any) -> None:
    database.samples.insert_many([sample(key, LONG) for key in "abc"])
    dedupe(database_uri)
    assert marks(database) == {"b": ("a", "exact", 1.0), "c": ("a", "exact", 1.0)}
    gone(database.samples)
    dedupe(database_uri)
    assert marks(database) == {"c": ("b", "exact", 1.0)}
    assert "duplicate_kind" not in database.samples.find_one({"key": "b"})


def test_a_mark_goes_from_what_does_not_count(database: Any, database_uri: str) -> None:
    database.samples.insert_many([sample(key, LONG) for key in "ab"])
    dedupe(database_uri)
    database.samples.update_one({"key": "b"}, {"$set": {"superseded": True}})
    dedupe(database_uri)
    assert marks(database) == {}


def test_where_leaves_the_others_their_marks(database: Any, database_uri: str) -> None:
    database.samples.insert_many([sample("a", LONG), sample("b", LONG), sample("c", OTHER), sample("d", OTHER)])
    dedupe(database_uri)
    both = {"b": ("a", "exact", 1.0), "d": ("c", "exact", 1.0)}
    assert marks(database) == both
    dedupe(database_uri, "--where", '{"key": {"$in": ["a", "b"]}}')
    assert marks(database) == both
    # What a sample outside was marked for is kept no longer: it is free, though nobody compared it.
    database.samples.update_one({"key": "c"}, {"$set": {"status": "rejected"}})
    dedupe(database_uri, "--where", '{"key": {"$in": ["a", "b"]}}')
    assert marks(database) == {"b": ("a", "exact", 1.0)}


def test_the_order_of_insertion_says_nothing(database: Any, database_uri: str) -> None:
    from tests.synth.near_duplicates.test_minhash import planted

    texts = planted(3, 30)
    rows = [sample(f"{n:03}", text, question="Di che cosa parla?") for n, text in enumerate(texts)]
    found = []
    for seed in (0, 1):
        random.Random(seed).shuffle(rows)
        database.samples.delete_many({})
        database.samples.insert_many([dict(row) for row in rows])
        dedupe(database_uri)
        found.append(marks(database))
    assert found[0] == found[1]
    assert len(found[0]) > 10


def test_a_dry_run_changes_nothing(database: Any, database_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    database.samples.insert_many([sample("a", LONG), sample("b", LONG)])
    before = list(database.samples.find())
    assert dedupe(database_uri, "--dry-run") == 0
    said = capsys.readouterr().out
    assert "1 exact, 1 kept, 2 samples" in said
    assert "exact 1.00: b Il consiglio" in said
    assert dedupe(database_uri, "--dry-run", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["examples"][0]["duplicate_of"] == "a"
    assert list(database.samples.find()) == before
    assert database.runs.count_documents({}) == 0


def test_nothing_to_compare(database: Any, database_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dedupe(database_uri, "--semantic", "tfidf", "--semantic-threshold", "0.9") == 1
    assert "dedupe: the store is empty" in capsys.readouterr().err
    database.samples.insert_many([sample(key, "", question="") for key in "ab"])
    assert dedupe(database_uri, "--semantic", "tfidf", "--semantic-threshold", "0.9") == 0
    assert marks(database) == {"b": ("a", "exact", 1.0)}


def test_by_meaning(database: Any, database_uri: str) -> None:
    turned = " ".join(reversed(LONG.split()))
    database.samples.insert_many([sample("a", LONG), sample("b", turned), sample("c", OTHER)])
    dedupe(database_uri)
    assert marks(database) == {}
    # The same words, hence most of the same terms, in another order.
    dedupe(database_uri, "--semantic", "tfidf", "--semantic-threshold", "0.3")
    (of, kind, score) = marks(database)["b"]
    assert (of, kind) == ("a", "semantic")
    assert 0.3 <= score < 1
    assert len(marks(database)) == 1
    dedupe(database_uri)
    assert marks(database) == {}


def test_a_translation_is_found_by_a_model_that_reads_both(database: Any, database_uri: str) -> None:
    """The vectors are those that a run with the model left in the store: this one has no model to load."""
    italian = "Un forte terremoto di magnitudo 6,1 ha colpito la costa del Vietnam centrale nella mattina di martedì"
    rows = [sample("a", LONG), sample("b", OTHER, language="vi", accuracy=4.0), sample("c", italian)]
    database.samples.insert_many(rows)
    vectors = {LONG: [1.0, 0.0, 0.0], OTHER: [0.0, 0.8, 0.6], italian: [0.0, 0.6, 0.8]}
    database.embeddings.insert_many(
        {
            "embedder": "st:reads-both",
            "text": hashlib.sha256(text.encode()).digest(),
            "vector": np.array(vector, dtype="<f4").tobytes(),
        }
        for text, vector in vectors.items()
    )
    dedupe(database_uri, "--semantic", "st:reads-both", "--semantic-threshold", "0.97")
    assert marks(database) == {}
    dedupe(database_uri, "--semantic", "st:reads-both", "--semantic-threshold", "0.95")
    assert marks(database) == {"c": ("b", "semantic", 0.96)}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--threshold", "1.5"), "no Jaccard similarity"),
        (("--semantic-threshold", "0"), "no cosine"),
        (("--against", "nothing.jsonl"), "no such file"),
        (("--against-fields", "a"), "give some"),
        (("--where", '{"$nix": 1}'), "bad filter"),
        (("--semantic", "nothing", "--semantic-threshold", "0.9"), "no embedder"),
        (("--semantic", "tfidf"), "no threshold was measured for embedder tfidf"),
    ],
)
def test_mistakes_are_one_line(
    database: Any, database_uri: str, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    database.samples.insert_many([sample("a", LONG), sample("b", OTHER)])
    assert dedupe(database_uri, *words) == 2
    said = capsys.readouterr().err
    assert told in said
    assert len(said.splitlines()) == 1


def test_killed_and_started_again(database: Any, database_uri: str, root: Path) -> None:
    draw = random.Random(0)
    texts = [" ".join(draw.choices([f"p{n}" for n in range(500)], k=30)) for _ in range(1000)]
    database.samples.insert_many([sample(f"{n:05}", texts[n % 1000], accuracy=draw.random()) for n in range(5000)])
    assert dedupe(database_uri) == 0
    expected = marks(database)
    assert len(expected) == 4000
    for written in (0, 1, 1000, 2500):
        # What an earlier run left: marks for other originals, on samples that are to be kept as well.
        database.samples.update_many({}, {"$unset": dict.fromkeys(("duplicate_of", "duplicate_kind"), "")})
        wrong = {"duplicate_of": "00001", "duplicate_kind": "near", "duplicate_score": 0.7}
        database.samples.update_many({"key": {"$regex": "[05]$"}}, {"$set": wrong})
        killed_after(database, database_uri, root, written)
        new = {key: mark for key, mark in marks(database).items() if mark == expected.get(key)}
        assert written <= len(new) < len(expected)
        # Where a new mark is, its original can be seen.
        assert not {kept for kept, _, _ in new.values()} & set(marks(database))
        assert dedupe(database_uri) == 0
        assert marks(database) == expected
    assert database.runs.count_documents({"outcome": "killed"}) == 4


def killed_after(database: Any, uri: str, root: Path, written: int) -> None:
    """Start the command, and kill it when it has written so many new marks; with 0 when it has begun."""
    # In small batches, each a little late, so that there is time to kill it between two.
    code = (
        "import sys, threading\nfrom pymongo.collection import Collection\n"
        "from synth import __main__\nfrom synth.dedupe import store as marks\n"
        "marks._WRITE, write = 50, Collection.bulk_write\n"
        "Collection.bulk_write = lambda *a, **k: (threading.Event().wait(0.02), write(*a, **k))[1]\n"
        "__main__.main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", code, "dedupe", "--uri", uri]
    process = start_forked("synth", command, root)
    wait_until(
        lambda: (
            database.runs.count_documents({"outcome": "running"})
            and database.samples.count_documents({"duplicate_kind": "exact"}) >= written
        ),
        every=0.002,
        process=process,
    )
    assert process.poll() is None, "it was done before it could be killed"
    process.kill()
    process.wait()


def test_values_are_checked_before_the_store_is_asked() -> None:
    import argparse

    from synth.dedupe.command import check, configure

    parser = argparse.ArgumentParser()
    configure(parser)
    with pytest.raises(NewsmillError, match="no such file"):
        check(parser.parse_args(["--against", "nowhere.json"]))
