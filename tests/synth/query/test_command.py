"""`synth query`: cards for people, JSON lines for programs, and what a filter that finds nothing is about.

Covers synth.query.results.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import json_util

from crawler.items import article_from_record
from synth.__main__ import main
from synth.filters.check import conjuncts, implied_filter, named_fields
from synth.query.display import card
from synth.query.results import order
from synth.samples.sample import Sample
from synth.samples.schema import known_fields


@pytest.fixture
def store(database: Any) -> Any:
    """Twelve samples, three of them superseded; half Italian, half Vietnamese."""
    for number in range(12):
        language = "it" if number % 2 else "vi"
        sample = Sample(
            f"k{number:02}", "news_summary", f"Riassumi {number}", f"Risposta {number}", language,
            date=datetime(2026, 5, 1 + number, 8, tzinfo=UTC), superseded=number >= 9,
            sources=[{"title": f"Fonte {number}", "link": f"https://example.org/{number}", "source_site": "Ansa"}],
        )  # fmt: skip
        scored = {"min_similarity": number / 10, "mean_similarity": number / 10 + 0.05, "similarity": [number / 10]}
        database.samples.insert_one(sample.document() | scored | {"detected_language": language})
    return database


class Asked:
    """The command in this process."""

    def __init__(self, uri: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.uri, self.capsys = uri, capsys

    def __call__(self, *words: str, status: int = 0) -> tuple[str, str]:
        assert main(["query", "--uri", self.uri, *words]) == status
        said = self.capsys.readouterr()
        return said.out, said.err

    def keys(self, *words: str) -> list[str]:
        return [json.loads(line)["key"] for line in self("--json", *words)[0].splitlines()]


@pytest.fixture
def ask(store: Any, database_uri: str, capsys: pytest.CaptureFixture[str]) -> Asked:
    return Asked(database_uri, capsys)


def test_json_lines_are_whole_documents_newest_first(store: Any, ask: Asked) -> None:
    lines = ask("--json")[0].splitlines()
    found = [json_util.loads(line, json_options=json_util.JSONOptions(tz_aware=True, tzinfo=UTC)) for line in lines]
    assert found == list(store.samples.find({"superseded": False}).sort("date", -1))


def test_superseded_samples_are_asked_for(ask: Asked) -> None:
    assert len(ask.keys()) == 9
    assert len(ask.keys("--all")) == 12
    assert ask.keys('{"superseded": true}', "--sort", "key") == ["k09", "k10", "k11"]
    assert len(ask.keys('{"$or": [{"superseded": true}, {"language": "it"}]}')) == 7


def test_dates_numbers_and_nested_fields(ask: Asked) -> None:
    since = '{"date": {"$gte": {"$date": "2026-05-05"}}}'
    assert sorted(ask.keys(since)) == ["k04", "k05", "k06", "k07", "k08"]
    assert ask.keys('{"language": "it", "min_similarity": {"$gt": 0.5}}') == ["k07"]
    assert ask.keys('{"sources.0.title": "Fonte 3"}') == ["k03"]
    assert ask.keys('{"sources": {"$elemMatch": {"title": "Fonte 3", "source_site": "Ansa"}}}') == ["k03"]
    assert ask.keys('{"answer": {"$regex": "TA 3$", "$options": "i"}}') == ["k03"]


def test_count(ask: Asked) -> None:
    assert ask("--count") == ("9\n", "")
    assert ask("--count", "--all", '{"language": "it"}') == ("6\n", "")
    assert json.loads(ask("--count", "--json")[0]) == {"count": 9}


def test_sort_and_limit(ask: Asked) -> None:
    assert ask.keys("--sort", "min_similarity", "--limit", "2") == ["k00", "k01"]
    assert ask.keys("--sort", "-min_similarity", "--limit", "2") == ["k08", "k07"]
    assert len(ask.keys("--limit", "0")) == 9
    assert order("samples", None) == [("date", -1), ("_id", 1)]
    assert order("clusters", None) == [("last_date", -1), ("_id", 1)]


def test_pages_of_equal_keys_do_not_overlap(ask: Asked) -> None:
    assert ask.keys("--sort", "task", "--limit", "5") == ask.keys("--sort", "task")[:5]


def test_fields(ask: Asked) -> None:
    rows = [
        json.loads(line) for line in ask("--json", "--fields", "key, sources.title", "--limit", "1")[0].splitlines()
    ]
    assert rows == [{"key": "k08", "sources": [{"title": "Fonte 8"}]}]
    text = ask("--fields", "key,cluster_size,event,provenance", "--limit", "1")[0]
    assert "cluster_size" in text
    assert "Risposta" not in text


def test_a_filter_from_a_file(ask: Asked, tmp_path: Path) -> None:
    path = tmp_path / "filter.json"
    path.write_text('{"key": "k05"}')
    assert ask.keys(f"@{path}") == ["k05"]


def test_cards(ask: Asked) -> None:
    text = ask('{"key": "k05"}')[0]
    for told in ("news_summary it new", "k05", "2026-05-06 08:00", "Riassumi 5", "Risposta 5", "min 0.500 mean 0.550",
                 "Fonte 5", "https://example.org/5", "Ansa"):  # fmt: skip
        assert told in text
    assert "shows all" not in text


def test_cards_say_how_many_are_not_shown(store: Any, ask: Asked) -> None:
    assert ask("--limit", "4")[0].endswith("4 of 9 samples; --limit 0 shows all\n")
    for number in range(20, 40):
        store.samples.insert_one(Sample(f"k{number}", "import", "q", "a", "it").document())
    assert "10 of 29 samples" in ask("--cards")[0]
    assert "20 of 29 samples" in ask()[0]


def test_a_card_shortens_texts_and_wraps_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    row = {"_id": 1, "key": "k", "task": "import", "answer": "parola " * 500, "question": "https://e.org/" + "x" * 90}
    text = card(row, "samples")
    assert "(3,500 characters)" in text
    assert len(text) < 1500
    assert "https://e.org/" + "x" * 90 in text
    assert max(len(line) for line in text.splitlines() if "https" not in line) <= 60
    assert card(row, "samples", full=True).count("parola") == 500


def test_a_card_keeps_a_terminal_safe() -> None:
    text = card(
        {"_id": 1, "key": "k", "answer": "uno\x1b[31m\x07due\r\u202etre\nquattro", "task": "\x1b]0;x\x07"}, "samples"
    )
    assert not set(text) & set("\x1b\x07\r\u202e")
    assert "quattro" in text.splitlines()[-1]


def test_a_card_of_an_odd_document() -> None:
    row: dict[str, Any] = {
        "_id": 1,
        "key": None,
        "similarity": None,
        "sources": [{}],
        "toxicity": 0.25,
        "date": "soon",
        "identity_attack": 1,
    }
    text = card(row, "samples")
    assert "toxicity    0.25" in text
    assert "identity_attack 1" in text


def test_other_collections(store: Any, ask: Asked, sample_records: list[dict[str, Any]]) -> None:
    store.articles.insert_many([article_from_record(row).document() for row in sample_records[:5]])
    assert ask("--collection", "articles", "--count")[0] == "5\n"
    assert sample_records[0]["title"].split()[0] in ask("--collection", "articles")[0]
    links = ["https://example.org/1", "https://example.org/2"]
    store.clusters.insert_many(
        [{"number": n, "run": "r", "event": f"e{n}", "links": links, "size": 2, "current": n > 0} for n in range(3)]
    )
    assert ask("--collection", "clusters", "--count")[0] == "2\n"
    assert ask("--collection", "clusters", "--count", "--all")[0] == "3\n"
    assert ask("--collection", "clusters", "--count", '{"current": false}')[0] == "1\n"
    assert links[1] in ask("--collection", "clusters")[0]


def test_explain_names_the_index(ask: Asked) -> None:
    assert "by_min_similarity" in ask("--explain", '{"min_similarity": {"$gt": 0.2}}')[0]
    assert "every document is read" in ask("--explain", '{"answer": "x"}')[0]
    assert "executionStats" in json.loads(ask("--explain", "--json")[0])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (['{"min_similarty": {"$gt": 0.3}}'], "no field 'min_similarty' in samples: did you mean 'min_similarity'?"),
        (['{"$or": [{"sources.titel": "x"}, {"language": "it"}]}'], "did you mean 'sources.title'?"),
        (['{"$expr": {"$gt": [{"$strLenCP": "$anwser"}, 5]}}'], "did you mean 'answer'?"),
        (['{"language": {"$not": {"$greater": 1}}}'], "no operator '$greater': did you mean '$gt'?"),
        (['{"accuracy": {"$gte ": 4}}'], "no operator '$gte ': did you mean '$gte'?"),
        (['{"accuracy": {"gte": 4}}'], "did you mean '$gte'?"),
        (['{"$language": "it"}'], "did you mean the field 'language'?"),
        (["--sort", "-dat"], "did you mean 'date'?"),
        (["--fields", "answr"], "did you mean 'answer'?"),
    ],
)
def test_a_misspelt_name_is_an_error_with_the_nearest_one(words: list[str], told: str, ask: Asked) -> None:
    out, err = ask("--count", *words, status=2)
    assert out == ""
    assert err.count("\n") == 1
    assert told in err


def test_a_misspelt_name_is_run_where_it_is_meant(ask: Asked) -> None:
    out, err = ask("--count", "--force", '{"min_similarty": {"$not": {"$gt": 0.3}}}')
    assert out == "9\n"
    assert "query: warning: no field 'min_similarty' in samples" in err


def test_a_field_that_somebody_added_is_no_mistake(store: Any, ask: Asked) -> None:
    store.samples.update_one({"key": "k00"}, {"$set": {"my_note": {"text": "x"}}})
    assert ask('{"my_note.text": "x"}', "--count") == ("1\n", "")


def test_a_text_for_an_instant_is_warned_about(ask: Asked) -> None:
    assert "date is an instant" in ask('{"date": {"$gte": "2026-05-01"}}', "--count")[1]
    assert "instant" not in ask('{"date": {"$gte": {"$date": "2026-05-01"}}}', "--count")[1]


def test_a_filter_that_matches_nothing_names_the_part_that_does(ask: Asked) -> None:
    out, err = ask('{"language": "it", "task": "translation"}')
    assert out.startswith("no samples match the filter")
    assert '  matches nothing by itself: {"task": "translation"}' in out
    assert '{"language": "it"}' not in out
    assert err == ""
    out, err = ask('{"$and": [{"language": "it"}, {"$and": [{"key": "zz"}]}]}', "--json")
    assert out == ""
    assert '{"key": "zz"}' in err


def test_a_field_that_no_sample_has_names_the_command_that_writes_it(ask: Asked, database: Any) -> None:
    database.samples.update_many({}, {"$unset": {"contaminated": 1, "accuracy": 1}, "$set": {"personal_data": []}})
    out, err = ask('{"contaminated": {"$eq": []}, "accuracy": {"$gt": 4}, "personal_data": {"$ne": []}}', "--count")
    assert out == "0\n"
    assert "no sample has contaminated yet; next: synth dedupe --against EVALUATION.jsonl" in err
    assert "no sample has accuracy yet; next: synth judge --llm openai:MODEL" in err
    assert "no sample has personal_data" not in err
    assert "next: synth dedupe --against" in ask(":ready", "--count")[1]


def test_parts_that_only_together_match_nothing(ask: Asked) -> None:
    out, _ = ask('{"language": "it", "min_similarity": {"$lt": 0.35}, "key": "k02"}')
    assert "none of the 2 that match" in out
    assert '{"key": "k02"}' in out.splitlines()[-1]


def test_nothing_but_superseded_samples(store: Any, ask: Asked) -> None:
    assert "--all finds some" in ask('{"key": "k10"}')[0]
    store.samples.update_many({}, {"$set": {"superseded": True}})
    assert "--all shows them" in ask()[0]


def test_an_empty_store_says_so(store: Any, ask: Asked) -> None:
    store.samples.drop()
    assert ask()[0].startswith("no samples: there are none in ")
    assert ask("--count")[0] == "0\n"


@pytest.mark.parametrize(
    "words",
    [["{"], ["[1]"], ["language=it"], ['{"language": {"$foo": 1}}'], ['{"$and": 1}'], ['{"$nope": 1}'],
     ['{"answer": {"$regex": "("}}'], ["@/no/such/file"], ['{"date": {"$date": "soon"}}'],
     ["--fields", "sources,sources.title"], ['{"$where": 5}', "--explain"], [":nope"], [":faithful=1"], [":Faithful"],
     [":opted-out"], [":fits=many"], [":between=2026-05-01"], [":between=2026-05-01..soon"], ["--save", "faithful"],
     ["--save", "Bad Name"], ["--forget", "nothing"]],
)  # fmt: skip
def test_a_bad_filter_is_one_line(words: list[str], ask: Asked) -> None:
    out, err = ask(*words, status=2)
    lines = [line for line in err.splitlines() if "warning" not in line]
    assert out == ""
    assert len(lines) == 1
    assert lines[0].startswith("query: ")


@pytest.mark.parametrize("words", [["--limit", "-1"], ["--limit", "x"], ["--fields", "$a"], ["--collection", "runs"]])
def test_bad_options(words: list[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["query", *words])
    assert done.value.code == 2


def test_names_in_a_filter() -> None:
    wanted = {
        "$and": [
            {"language": "it"},
            {"$or": [{"sources.0.title": "x"}, {"history": {"$elemMatch": {"role": "user"}}}]},
        ],
        "min_similarity": {"$not": {"$gt": 0.3}},
        "$expr": {"$gt": ["$a", "$b"]},
        "provenance": {"run": "r"},
    }
    assert list(named_fields(wanted)) == [
        "language", "sources.title", "history", "history.role", "min_similarity", "a", "b", "provenance",
    ]  # fmt: skip


def test_parts_of_a_filter() -> None:
    wanted = {"a": 1, "$and": [{"b": 2, "c": 3}, {"$and": [{"d": 4}]}], "$or": [{"e": 5}]}
    assert conjuncts(wanted) == [{"a": 1}, {"b": 2}, {"c": 3}, {"d": 4}, {"$or": [{"e": 5}]}]


def test_what_is_implied() -> None:
    assert implied_filter("samples", {"language": "it"}) == {"superseded": {"$ne": True}}
    assert implied_filter("samples", {"$and": [{"superseded": True}]}) == {}
    assert implied_filter("articles", {}) == {}
    assert {"key", "sources.link"} <= known_fields("samples")
    assert {"link", "permission.opt_out", "also_at"} <= known_fields("articles")
    assert {"event", "current"} <= known_fields("clusters")


def test_a_table_by_default_and_a_card_of_one_sample(ask: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    head, *lines = ask()[0].splitlines()
    assert head.split() == ["key", "date", "in", "newspapers", "src", "min", "answer"]
    assert lines[0].split() == ["k08", "2026-05-09", "vi", "Ansa", "1", "0.80", "Risposta", "8"]
    assert len(lines) == 9
    assert "──" in ask('{"key": "k05"}')[0]
    assert "──" not in ask('{"key": "k05"}', "--table")[0]
    assert ask("--fields", "key,sources.title", "--limit", "2")[0].splitlines()[:2] == [
        "key  sources.title",
        "k08  Fonte 8",
    ]


def test_filters_by_name(store: Any, ask: Asked) -> None:
    assert ask.keys(":near-every-source=0.65") == ["k08", "k07"]
    assert ask.keys(":near-every-source=0.35", ":language=it", '{"key": {"$ne": "k05"}}') == ["k07"]
    assert ask.keys(':near-every-source=0.35 :language="it"{"key": {"$ne": "k05"}}') == ["k07"]
    store.samples.update_one({"key": "k03"}, {"$set": {"tags": ["Reggio Emilia"]}})
    assert ask.keys(":tag=Reggio Emilia") == ask.keys(":tag=Reggio Emilia", ":language=it") == ["k03"]
    assert ask.keys(":between=2026-05-02..2026-05-04") == ["k02", "k01"]
    assert ask.keys(":key=k0", "--limit", "1") == ["k08"]


def test_filters_are_saved_listed_used_replaced_and_forgotten(ask: Asked) -> None:
    assert ask("--saved") == ("", "query: no filter is saved; synth query FILTER --save NAME saves one\n")
    out, err = ask(":language=it", '{"date": {"$gte": {"$date": "2026-05-05"}}}', "--save", "late")
    assert out == ""
    assert "saved as :late" in err
    assert ask.keys(":late") == ["k07", "k05"]
    assert ask.keys(":late", '{"key": "k05"}') == ["k05"]
    (row,) = [json.loads(line) for line in ask("--saved", "--json")[0].splitlines()]
    assert row["name"] == "late"
    assert json.loads(row["filter"])["$and"][0] == {"language": "it"}
    assert ":late" in ask("--saved")[0]
    # The same again is no change, another one wants --force.
    ask(":late", "--save", "late")
    assert "is saved as :late" in ask('{"key": "k01"}', "--save", "late", status=2)[1]
    ask('{"key": "k01"}', "--save", "late", "--force")
    assert ask.keys(":late") == ["k01"]
    assert "did you mean :late?" in ask(":lates", status=2)[1]
    ask("--forget", ":late")
    assert "no filter :late" in ask(":late", status=2)[1]


def test_the_cookbook_is_listed(ask: Asked) -> None:
    assert ":near-every-source=THRESHOLD" in ask("--cookbook")[0]
    rows = [json.loads(line) for line in ask("--cookbook", "--json")[0].splitlines()]
    assert {row["name"] for row in rows} >= {"faithful", "opted-out"}


@pytest.mark.parametrize("name", ["$where", "$function", "$accumulator", "$out", "$merge"])
def test_nothing_that_runs_code_or_writes_reaches_the_server(name: str, store: Any, ask: Asked) -> None:
    inner: Any = {name: {"body": "function() { return true }", "args": [], "lang": "js"}}
    for wanted in (inner, {"$and": [{"$or": [inner]}]}, {"$expr": {"$eq": [{"$not": [inner]}, 1]}},
                   {"answer": {"$not": {"$elemMatch": inner}}}):  # fmt: skip
        for words in ([], ["--force"], ["--count"], ["--explain"], ["--save", "x"]):
            out, err = ask(json.dumps(wanted), *words, status=2)
            assert (out, err) == (
                "",
                f"query: bad filter: {name} is refused: a query runs no code and writes nothing\n",
            )
    assert store.filters.count_documents({}) == 0


def test_a_slow_question_ends_in_one_line(store: Any, ask: Asked) -> None:
    text = "x" * 2000
    store.samples.insert_many([{"key": f"s{i}", "answer": text, "language": "it"} for i in range(3000)])
    longer = {"$gt": [{"$strLenCP": "$answer"}, "$$this"]}
    counted = {"$size": {"$filter": {"input": {"$range": [0, 200_000]}, "cond": longer}}}
    slow = {"$expr": {"$gt": [counted, -1]}}
    for words in (["--count"], ["--json"], []):
        _, err = ask(json.dumps(slow), "--timeout", "1", *words, status=2)
        assert err.startswith("query: gave up after 1 s: ")
        assert err.count("\n") == 1
