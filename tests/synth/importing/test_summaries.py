"""Summaries of people's become samples tied to their articles, which work everywhere and which no model replaces.

Covers synth.importing.formats.summaries.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main
from synth.samples.sample import event_key
from synth.summarize.supersede import supersede

WORDS = "Il faro di Ancona cambia lampada"
MORE = (
    "La vecchia, di vetro soffiato, va al museo della marina e sarà visibile da maggio ogni domenica mattina.",
    "Il guardiano, che vive sullo scoglio da trent'anni, ha chiesto una luce più calda per i gabbiani.",
    "Secondo la capitaneria il fascio si vedrà a ventidue miglia, quattro in più di quanto si vedesse prima.",
    "Il comune spende novantamila euro, metà dei quali vengono dal fondo europeo per le coste.",
    "I pescatori protestano: la sera dei lavori il porto resterà chiuso e nessuna barca potrà uscire.",
)


def article(number: int, group: str) -> dict[str, Any]:
    return {
        "link": f"https://example.org/{number}", "title": f"Faro {number}", "doc_id": f"d{number}", "cluster": group,
        "content": f"{WORDS}. {MORE[number - 1]}", "time": f"0{number}/05/2026 10:00",
    }  # fmt: skip


ARTICLES = [article(number, "A" if number < 4 else "B") for number in range(1, 6)]
SUMMARIES = [
    {"cluster": "A", "label": "Faro", "ref1": "Il faro cambia lampada.", "ref2": "Lampada nuova al faro.",
     "machine_sum": "Faro faro."},
    {"cluster": "B", "ref1": "Due guardiani parlano.", "ref2": " "},
    {"cluster": "Z", "ref1": "Di nessuno."},
]  # fmt: skip


@pytest.fixture
def run(database: Any, database_uri: str, capsys: pytest.CaptureFixture[str]) -> Any:
    """(words) -> (exit status, stdout, stderr) of a command of synth."""

    def run(command: str, *words: Any) -> tuple[int, str, str]:
        status = main([command, "--uri", database_uri, *map(str, words)])
        output = capsys.readouterr()
        return status, output.out, output.err

    return run


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return written(tmp_path / "refs.jsonl", SUMMARIES), written(tmp_path / "docs.jsonl", ARTICLES)


def test_each_summary_is_a_sample_of_its_articles(run: Any, database: Any, files: tuple[Path, Path]) -> None:
    refs, docs = files
    words = (refs, "--format", "summaries", "--articles", docs, "--map", "date=time", "--language", "it")
    status, out, err = run("import", *words, "--json")
    assert (status, json.loads(out)) == (0, {"stored": 5, "samples_stored": 3, "empty_answer": 1, "no_articles": 1})
    assert f"import: {refs}:3: no_articles: group 'Z': not in the store" in err
    rows = {row["answer"]: row for row in database.samples.find()}
    first, second = rows["Il faro cambia lampada."], rows["Lampada nuova al faro."]
    assert first["task"] == "news_summary"
    assert first["question"] == second["question"]
    assert [source["link"] for source in first["sources"]] == [row["link"] for row in ARTICLES[:3]]
    assert all(source["content"] in first["question"] for source in first["sources"])
    assert first["event"] == event_key(row["link"] for row in ARTICLES[:3])
    columns = {"label": "Faro", "machine_sum": "Faro faro.", "summary": "ref1"}
    where = {"model": "people", "format": "summaries", "line": "1", "columns": columns}
    assert where.items() <= first["provenance"].items()
    assert json.loads(run("import", *words, "--json")[1])["samples_unchanged"] == 3


def test_links_ids_and_articles_of_an_earlier_import(run: Any, database: Any, tmp_path: Path) -> None:
    docs = written(tmp_path / "docs.jsonl", ARTICLES)
    rows: list[dict[str, Any]] = [
        {"links": [ARTICLES[0]["link"], ARTICLES[1]["link"]], "summary": "Per indirizzo."},
        {"sources": [{"link": ARTICLES[2]["link"], "title": "x"}, {"url": "https://example.org/9"}],
         "answer": "In parte."},
        {"article_ids": ["d4", "d5"], "summaries": ["Per nome.", "Per nome, due."]},
    ]  # fmt: skip
    refs = written(tmp_path / "refs.jsonl", rows)
    assert run("import", docs, "--map", "date=time")[0] == 0
    _, out, err = run("import", refs, "--json", "--format", "summaries")
    assert json.loads(out) == {"samples_stored": 2, "no_articles": 2}
    assert "no_articles: d4, d5: not in the store\n" in err
    assert err.count("--articles FILE names the file that holds them") == 1
    left_out = database.samples.find_one({"answer": "In parte."})["provenance"]["left_out"]
    assert left_out == [{"link": "https://example.org/9", "reason": "not_in_the_store"}]
    _, out, _ = run("import", refs, "--articles", docs, "--map", "date=time", "--format", "summaries", "--json")
    assert json.loads(out) == {"unchanged": 5, "samples_unchanged": 2, "samples_stored": 2}


def test_no_model_takes_the_place_of_people(run: Any, database: Any, files: tuple[Path, Path]) -> None:
    refs, docs = files
    run("import", refs, "--articles", docs, "--map", "date=time")
    people = {row["key"]: row for row in database.samples.find()}
    rows = list(database.articles.find().sort("link", 1))[:3]
    links = [row["link"] for row in rows]
    database.clusters.insert_one({
        "run": "r", "number": 1, "event": event_key(links), "articles": [row["_id"] for row in rows], "links": links,
        "size": 3, "language": "it", "current": True,
    })  # fmt: skip
    machine = database.samples.find_one({"event": event_key(links)}, {"_id": 0})
    machine |= {"key": "m", "provenance": {"model": "extractive", "prompt": "p"}}
    database.samples.insert_one(machine)
    assert supersede(database, "news_summary", "extractive", ["p"]) == {}
    for dissolve in (False, True):
        if dissolve:
            database.clusters.update_many({}, {"$set": {"current": False}})
            supersede(database, "news_summary", "another", [])
        current = {row["key"] for row in database.samples.find({"superseded": {"$ne": True}})}
        assert people.keys() <= current
    assert database.samples.find_one({"_id": machine["_id"]})["superseded"] is True


def test_they_are_scored_and_stay_on_one_side_of_the_split(
    run: Any, database: Any, files: tuple[Path, Path], tmp_path: Path
) -> None:
    refs, docs = files
    run("import", refs, "--articles", docs, "--map", "date=time")
    assert run("score")[0] == 0
    assert database.samples.count_documents({"similarity": {"$size": 3}, "mean_similarity": {"$gt": 0}}) == 2
    assert run("export", "--out", tmp_path / "out", "--format", "openai", "--format", "huggingface")[0] == 0
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    sides = {manifest["counts"][side]["rows"] for side in ("train", "validation")}
    assert (manifest["counts"]["rows"], sides) == (3, {1, 2})
    assert manifest["made_by"][0]["model"] == "people"


def test_what_was_taken_down_is_in_no_summary(run: Any, database: Any, files: tuple[Path, Path]) -> None:
    refs, docs = files
    words = (refs, "--articles", docs, "--map", "date=time")
    run("import", *words)
    assert run("takedown", ARTICLES[0]["link"], "--yes")[0] == 0
    assert database.samples.count_documents({}) == 1
    _, out, _ = run("import", *words, "--json")
    assert json.loads(out)["taken_down"] == 3
    assert database.samples.count_documents({}) == 1


def test_the_events_of_vi_vnmds(run: Any, database: Any, shared: Path) -> None:
    """628 articles, 199 events, two summaries of people's each."""
    folder = shared / "data/vi_vnmds"
    words = (folder / "refs.jsonl", "--format", "summaries", "--articles", folder / "docs.jsonl", "--map", "date=time")
    status, out, _ = run("import", *words, "--json")
    assert (status, json.loads(out)) == (0, {"stored": 628, "samples_stored": 398})
    assert len(database.samples.distinct("event")) == 199
    assert database.samples.count_documents({"language": "vi", "sources.0.content": {"$ne": ""}}) == 398
    assert sum(len(row["sources"]) for row in database.samples.find()) == 2 * 628
