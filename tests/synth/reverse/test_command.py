"""`synth reverse` as a user runs it, against a double of a server that writes, judges and translates as it is told.

Covers synth.reverse.attempt, synth.reverse.exclusions, synth.reverse.settings, synth.reverse.stage.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main, parser_for
from synth.pipeline import read_pipeline
from synth.plan.estimate import pipeline_plans, plan_of
from tests.synth.reverse.conftest import LEADS_IT, Double, rows_of, step_of

TEXTS = dict(LEADS_IT)


def test_a_fragment_is_the_answer_to_the_byte_and_its_instruction_the_question(
    ask: Any, store: Any, double: Double
) -> None:
    status, counts, _ = ask("--native")
    assert status == 0
    assert (counts["instructed"], counts["kept"], counts["samples"], counts["calls"]) == (10, 10, 10, 20)
    assert double.steps.count("translation") == 0
    for sample in store.samples.find():
        (source,) = sample["sources"]
        assert sample["answer"] == TEXTS[source["title"]] in source["content"]
        assert sample["question"].startswith("Racconta in breve")
        assert (sample["task"], sample["language"], sample["doubts"]) == ("reverse_instruction", "it", [])
        assert store.llm_calls.count_documents({"hash": {"$in": sample["provenance"]["calls"]}}) == 2
    for row in rows_of(store):
        article = store.articles.find_one({"link": row["link"]})
        assert article["content"][row["start"] : row["end"]] == row["text"]


def test_done_twice_nothing_is_asked_or_written_twice(ask: Any, store: Any, double: Double) -> None:
    ask("--native")
    before, asked = rows_of(store), len(double.steps)
    status, counts, _ = ask("--native")
    assert (status, counts) == (0, {"kept": 10})
    assert rows_of(store) == before
    # Even where all is lost, nothing is paid again, and the same is drawn and made.
    keys = {row["key"] for row in before}
    store.fragments.delete_many({})
    store.samples.delete_many({})
    assert ask("--native")[1]["cached"] == 20
    assert {row["key"] for row in rows_of(store)} == keys
    assert len(double.steps) == asked


def test_the_detour_goes_by_english_and_back(ask: Any, store: Any, double: Double, stand: Any) -> None:
    counts = ask("--limit", "4")[1]
    assert (counts["instructed"], counts["kept"], counts["calls"]) == (4, 4, 16)
    assert Counter(double.steps) == {"translation": 8, "instruction": 4, "judge": 4}
    for row in rows_of(store):
        assert row["english"] == double.english(row["text"])
        assert row["instruction_english"].startswith("Tell briefly")
        assert row["instruction"].startswith("Racconta in breve")
        assert [len(row["calls"][step]) for step in ("translation", "instruction", "judge", "translation_back")] == [
            1
        ] * 4
    # The judge sees the pair in English, and the fragment itself is never what is translated back.
    judged = [body["messages"][-1]["content"] for body in stand.bodies if step_of(body) == "judge"]
    assert all("Tell briefly" in request and "[en]" in request for request in judged)
    assert {sample["answer"] for sample in store.samples.find()} <= set(TEXTS.values())


def test_the_detour_takes_replies_as_they_are(ask: Any, store: Any, double: Double) -> None:
    """Masks come back once each, and what is no translation is none: only a plan's fillers get masks put in."""
    titles = [title for title, _ in LEADS_IT[:2]]
    text = TEXTS[titles[0]].replace("sabato", "con l'applicazione ponte_aperto sabato")
    store.articles.update_one({"title": titles[0]}, {"$set": {"content": text}})
    english = double.english
    declined = "I'm sorry, but I can't help with that request."
    double.english = lambda text: declined if "ferrovieri" in text else english(text)  # type: ignore[method-assign]
    ask("--where", json.dumps({"title": {"$in": titles}}))
    rows = {row["title"]: row for row in rows_of(store)}
    assert rows[titles[0]]["english"].count("ponte_aperto") == 1
    assert (rows[titles[0]]["state"], rows[titles[1]]["state"]) == ("kept", "unusable")
    assert rows[titles[1]]["reason"].startswith("translation_")


def test_bad_instructions_are_left_out_under_their_names(ask: Any, store: Any, double: Double) -> None:
    text = TEXTS["Sciopero dei treni in Liguria"]
    double.instructions = {
        "Genova": f"Riscrivi questa notizia: {text}",
        "Comune": "Riassumi il testo qui sopra in una frase.",
        "Gubbio": "",
        "Collio": "Mi dispiace, ma non posso aiutarti con questa richiesta.",
        "Modena": 'Certo! Ecco l\'istruzione:\n\n"Racconta la vittoria del Modena a Pisa."\n\nFammi sapere se va bene!',
        "Bari": "1. Parla delle multe a Bari.\n2. Spiega i controlli di Bari.",
        "Arezzo": "Scrivi una ricetta di cucina con le cipolle di Arezzo.",
    }
    double.scores = {"Cuneo": "2\nToo wide.", "Latina": "I cannot say."}
    counts = ask("--native")[1]
    reasons = {row["title"]: (row["state"], row["reason"]) for row in rows_of(store)}
    assert reasons["Sciopero dei treni in Liguria"] == ("refused", "leaked")
    assert reasons["Riaperto il ponte di Sarnico"] == ("refused", "dangling")
    assert reasons["Nuova biblioteca a Gubbio"] == ("unusable", "empty")
    assert reasons["Grandine sulle vigne del Collio"] == ("unusable", "refusal")
    assert reasons["Multe ai monopattini a Bari"] == ("unusable", "several")
    assert reasons["Restaurato l'organo di Arezzo"][0] == "refused"
    assert reasons["Fabbrica di biciclette a Cuneo"] == ("below_lambda", "below_lambda")
    assert reasons["Falsi dentisti scoperti a Latina"] == ("unread", "unread_score")
    assert store.samples.find_one({"sources.title": "Il Modena vince a Pisa"})["question"] == (
        "Racconta la vittoria del Modena a Pisa."
    )
    assert store.samples.count_documents({}) == counts["kept"] == 2
    # What is lost is not asked about again.
    asked = len(double.steps)
    ask("--native")
    assert len(double.steps) == asked


def test_a_judge_of_its_own_and_all_calls_failing(ask: Any, store: Any, double: Double, stand: Any) -> None:
    ask("--native", "--judge-llm", "openai:strict", "--limit", "2")
    models = {(step_of(body), body["model"]) for body in stand.bodies}
    assert models == {("instruction", "tiny"), ("judge", "strict")}
    assert store.samples.find_one()["provenance"]["judge_model"] == "openai:strict"
    stand.judge = lambda body: (400, {}, {"error": {"message": "this request is not supported"}})
    status, _, errors = ask("--native", "--seed", "3")
    assert status == 1
    assert "nothing was done" in errors


def test_opted_out_and_taken_down_articles_are_never_used(ask: Any, store: Any, double: Double) -> None:
    titles = [title for title, _ in LEADS_IT]
    store.articles.update_one({"title": titles[0]}, {"$set": {"permission": {"opt_out": True}}})
    gone = store.articles.find_one({"title": titles[1]})
    store.takedowns.insert_one({"link": gone["link"], "links": [gone["link"]], "hashes": []})
    ask("--native", "--limit", "5")
    assert not {titles[0], titles[1]} & {row["title"] for row in rows_of(store)}
    # Rights that are reserved after the draw, and after the instruction, count as well.
    later = rows_of(store)[0]["title"]
    store.articles.update_one({"title": later}, {"$set": {"permission": {"opt_out": True}}})
    store.fragments.update_many({"title": later}, {"$set": {"state": "drawn"}})
    asked = len(double.steps)
    assert ask("--native", "--limit", "1")[1]["opted_out"] >= 1
    assert len(double.steps) == asked
    assert store.samples.find_one({"sources.title": later})["superseded"] is False
    (waiting,) = [row for row in rows_of(store) if row["title"] == later]
    assert (waiting["state"], waiting["reason"]) == ("excluded", "opted_out")


def test_a_takedown_removes_fragments_and_their_calls(ask: Any, store: Any, database_uri: str) -> None:
    ask("--limit", "3")
    row = rows_of(store)[0]
    calls = [call for keys in row["calls"].values() for call in keys]
    assert store.llm_calls.count_documents({"hash": {"$in": calls}}) == 4
    assert main(["takedown", "--uri", database_uri, row["link"], "--yes"]) == 0
    assert store.fragments.count_documents({"link": row["link"]}) == 0
    assert store.samples.count_documents({"sources.link": row["link"]}) == 0
    assert store.llm_calls.count_documents({"hash": {"$in": calls}}) == 0
    assert store.fragments.count_documents({}) == 2
    assert store.llm_calls.count_documents({}) == 8


def test_a_plan_counts_the_calls_that_a_run_then_makes(ask: Any, store: Any, double: Double, tmp_path: Path) -> None:
    options = parser_for(["reverse"]).parse_args(["reverse", "--llm", "openai:tiny", "--native", "--limit", "6"])
    plan = plan_of(store, "reverse", options)
    assert (plan.documents, plan.calls, plan.cached) == (6, 12, 0)
    assert store.fragments.count_documents({}) == 0
    assert ask("--native", "--limit", "6", "--dry-run")[1] == {"pending": 6}
    assert ask("--native", "--limit", "6")[1]["calls"] == plan.calls
    # Another translator is asked nothing, either.
    asked = len(double.steps)
    words = ["reverse", "--llm", "openai:tiny", "--engine", "llm:other", "--judge-llm", "openai:strict", "--limit", "2"]
    assert plan_of(store, "reverse", parser_for(["reverse"]).parse_args(words)).calls == 8
    # A local model is not loaded: it is on no machine here.
    words = ["reverse", "--llm", "openai:tiny", "--engine", "nllb", "--limit", "2"]
    assert plan_of(store, "reverse", parser_for(["reverse"]).parse_args(words)).calls == 4
    assert len(double.steps) == asked
    path = tmp_path / "pipeline.yaml"
    path.write_text(
        "name: p\nsteps:\n  - reverse: {llm: 'openai:tiny', lambda: 4, where: {section: Sport}}\n  - score\n"
    )
    ((_, detour), _) = pipeline_plans(store, read_pipeline(path))
    assert detour is not None
    assert detour.documents >= 2
    assert detour.calls == 4 * detour.documents


def test_a_filter_names_what_is_drawn(ask: Any, store: Any) -> None:
    ask("--native", "--where", '{"section": "Sport"}')
    assert {row["section"] for row in rows_of(store)} == {"Sport"}
    ask("--native", "--where", '{"words": {"$lt": 32}, "section": {"$ne": "Sport"}}')
    others = [row for row in rows_of(store) if row["section"] != "Sport"]
    assert others
    assert all(row["words"] < 32 for row in others)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--native", "--engine", "llm:tiny"], "leave --engine out"),
        (["--single-prompt", "explian"], "no such task prompt"),
        (["--llm", "extractive"], "only summarises"),
        (["--native", "--single-prompt", "explain"], "run synth reverse without it first"),
        (["--where", '{"sektion": "x"}'], "sektion"),
    ],
)
def test_options_that_make_no_sense_are_one_line(ask: Any, store: Any, words: list[str], message: str) -> None:
    status, _, errors = ask(*words)
    assert status == 2
    assert message in errors
    assert errors.count("\n") == 1
    assert store.fragments.count_documents({}) == 0


def test_a_lambda_beside_the_scale_is_none(ask: Any, capsys: Any) -> None:
    with pytest.raises(SystemExit, match="2"):
        ask("--lambda", "6")
    assert "is no score from 0 to 5" in capsys.readouterr().err


def test_fragments_are_shown_as_rows_and_cards(ask: Any, store: Any, database_uri: str, capsys: Any) -> None:
    ask("--native", "--limit", "2")
    main(["query", "--uri", database_uri, "--collection", "fragments", '{"state": "kept"}', "--count"])
    assert capsys.readouterr().out == "2\n"
    main(["query", "--uri", database_uri, "--collection", "fragments", "--cards", "--limit", "1"])
    card = capsys.readouterr().out
    assert "Racconta in breve" in card
    assert json.dumps("kept").strip('"') in card


def test_writer_and_judge_spend_one_budget(ask: Any, store: Any, double: Double, tmp_path: Path) -> None:
    table = tmp_path / "models.yaml"
    row = "{context: 100000, max_output: 1000, input: 0, output: 1000}"
    table.write_text(f"models: {{tiny: {row}, strict: {row}}}")
    # A call costs 0.001 by the server's account, and may cost 0.02 by the table.
    words = ("--native", "--judge-llm", "openai:strict", "--models", str(table), "--max-new-tokens", "20")
    status, _, errors = ask(*words, "--concurrency", "1", "--max-cost", "0.025")
    assert status == 2
    assert "--max-cost" in errors
    assert sum(row["cost"] for row in store.llm_calls.find()) <= 0.025
    assert {"instruction", "judge"} <= set(double.steps)
    assert ask(*words, "--max-cost", "9")[1]["kept"] == 10
