"""`synth translate` against a server on the loopback: what is written, asked once, and left as it was.

Covers synth.translate, synth.translate.pending, synth.translate.settings, synth.translate.stage,
synth.translate.bound_rows, synth.translate.attempt, synth.translate.measures.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main
from tests.synth.llm.conftest import ChatStand
from tests.synth.translate.conftest import (
    ITALIAN,
    ROWS,
    WORDS,
    completion,
    italian,
    sample,
    says,
    stand,
    store,
    translations,
)
from tests.synth.translate.conftest import run as run_fixture
from tests.synth.translation.conftest import quoted

__all__ = ["stand", "store"]
run = run_fixture
Run = Callable[..., dict[str, int]]
#: Of the first two rows.
VIETNAMESE = dict(zip(
    (row[name] for row in ROWS[:2] for name in ("question", "answer")),
    ("Hãy kể tên ba thành phố bên bờ biển.", "Genoa, Trieste và Bari nằm bên bờ biển.",
     "Hãy giải thích vì sao bánh mì nở trong lò.", "Men tạo ra khí, và khí nâng khối bột lên."),
    strict=True,
))  # fmt: skip


def test_each_row_becomes_a_sample_in_each_language(store: Any, stand: ChatStand, run: Run) -> None:
    assert run("--to", "it") == {"translated": 4, "calls": 8}
    rows = translations(store)
    assert [row["provenance"]["translated_from"] for row in rows] == ["k0", "k1", "k2", "k3"]
    assert [row["question"] for row in rows[:3]] == [ITALIAN[row["question"]] for row in ROWS[:3]]
    assert rows[3]["question"] == "Esegui `ls -a` e descrivi che cosa mostra."
    for row, source in zip(rows, ROWS, strict=True):
        assert (row["language"], row["source_language"], row["status"]) == ("it", "en", "new")
        assert row["doubts"] == []
        provenance = row["provenance"]
        assert (provenance["model"], provenance["prompt"]) == ("openai:tiny", "translation.it/1")
        assert provenance["dataset"] == "toy"
        assert store.llm_calls.count_documents({"hash": {"$in": provenance["calls"]}}) == 2
        # On one side of every split with its source.
        assert row["event"] == source["key"]
    assert run("--to", "it") == {}
    assert len(stand.asked) == 8
    assert store.samples.count_documents({}) == 8


def test_question_and_answer_see_each_other(store: Any, stand: ChatStand, run: Run) -> None:
    run("--where", '{"key": "k0"}')
    question, answer = (body["messages"][-1]["content"] for body in stand.bodies)
    assert ROWS[0]["answer"] in question
    assert ROWS[0]["question"] in answer
    assert ITALIAN[ROWS[0]["question"]] in answer


def test_a_second_language_asks_only_for_what_is_new(store: Any, stand: ChatStand, run: Run) -> None:
    run("--where", '{"key": "k1"}')

    def in_the_language_asked_for(body: dict[str, Any]) -> dict[str, Any]:
        text = quoted(body["messages"][-1]["content"])
        is_italian = "Non rispondere" in body["messages"][0]["content"]
        return completion(italian(text) if is_italian else VIETNAMESE[text])

    stand.reply = in_the_language_asked_for  # type: ignore[method-assign]
    counts = run("--to", "it,vi,en", "--where", '{"key": {"$in": ["k0", "k1"]}}')
    assert (counts["translated"], counts["calls"]) == (3, 6)
    assert {(row["provenance"]["translated_from"], row["language"]) for row in translations(store)} == {
        ("k0", "it"), ("k0", "vi"), ("k1", "it"), ("k1", "vi"),
    }  # fmt: skip


def test_dry_run_and_limit(store: Any, stand: ChatStand, run: Run) -> None:
    assert run("--dry-run") == {"pending": 4}
    assert stand.asked == []
    assert run("--limit", "1")["translated"] == 1
    assert run("--dry-run") == {"pending": 3}


def test_only_imported_rows_unless_a_filter_says_otherwise(store: Any, run: Run) -> None:
    store.samples.insert_one(sample(9, "Who wrote this?", "Nobody knows.", task="reverse_instruction"))
    store.samples.update_one({"key": "k0"}, {"$set": {"status": "rejected"}})
    assert run("--dry-run") == {"pending": 3}
    assert run("--dry-run", "--where", "{}") == {"pending": 4}
    run()
    # Translations are not translated.
    assert run("--dry-run", "--where", "{}", "--to", "fr") == {"pending": 4}


def test_another_engine_takes_the_place_of_the_earlier_one(store: Any, stand: ChatStand, run: Run) -> None:
    only = ("--where", '{"key": {"$in": ["k0", "k1"]}}')
    run(*only)
    store.samples.update_one({"provenance.translated_from": "k1"}, {"$set": {"status": "edited"}})
    counts = run(*only, "--engine", "llm:other")
    # What a person edited is not translated again.
    assert counts == {"translated": 1, "calls": 2, "superseded": 1}
    old, new = translations(store, **{"provenance.translated_from": "k0"})
    assert (old["superseded"], old["superseded_by"]) == (True, new["key"])
    assert run(*only) == {"superseded": 1, "current_again": 1}


def test_a_row_of_several_turns(store: Any, stand: ChatStand, run: Run) -> None:
    turns = [{"role": "user", "content": "Good morning, who is there?"}, {"role": "assistant", "content": "It is me."}]
    store.samples.insert_one(
        sample(5, "What do you want?", "Nothing at all.", system="You answer politely.", history=turns,
               conversation={"roles": ["system", "user"], "messages": "[]"})
    )  # fmt: skip
    run("--where", '{"key": "k5"}')
    (row,) = translations(store)
    assert row["system"] == italian("You answer politely.")
    assert [turn["content"] for turn in row["history"]] == [italian(turn["content"]) for turn in turns]
    assert [turn["role"] for turn in row["history"]] == ["user", "assistant"]
    assert (row["question"], row["answer"]) == (italian("What do you want?"), italian("Nothing at all."))
    assert row["conversation"]["roles"] == ["system", "user"]


def test_an_instruction_and_its_input_are_told_apart(store: Any, stand: ChatStand, run: Run) -> None:
    instruction, material = "Say this in fewer words.", "The train is late because of the snow."
    store.samples.insert_one(
        sample(6, f"{instruction}\n\n{material}", "Snow delays the train.", instruction=instruction)
    )
    run("--where", '{"key": "k6"}')
    (row,) = translations(store)
    assert row["instruction"] == italian(instruction)
    assert row["question"] == f"{italian(instruction)}\n\n{italian(material)}"


@pytest.mark.parametrize(
    ("question", "answer", "reason"),
    [
        ("```\nprint(1)\n```", "```\n1\n```", "nothing_to_translate"),
        ("12 + 30 = ?", "42", "nothing_to_translate"),
        ("Name 4 words that end in 'hood'.", "Childhood, neighbourhood, parenthood, brotherhood", "language_bound"),
    ],
)  # fmt: skip
def test_what_cannot_be_translated_is_left_as_it_was_and_not_tried_again(
    store: Any, stand: ChatStand, run: Run, question: str, answer: str, reason: str
) -> None:
    only = ("--where", '{"key": "k7"}')
    store.samples.insert_one(sample(7, question, answer))
    before = store.samples.find_one({"key": "k7"})
    assert run(*only) == {reason: 1}
    assert stand.asked == []
    after = store.samples.find_one({"key": "k7"})
    (record,) = after.pop("untranslated")
    assert {**record, "detail": ""} == {
        "language": "it", "engine": "openai:tiny", "prompt": "translation.it/1", "reason": reason, "detail": "",
    }  # fmt: skip
    assert after == before
    assert translations(store) == []
    assert run(*only, "--dry-run") == {}
    assert run(*only, "--dry-run", "--engine", "llm:other") == {"pending": 1}


def test_an_answer_whose_task_fixes_its_language_keeps_it(store: Any, stand: ChatStand, run: Run) -> None:
    store.samples.insert_one(sample(8, "Translate to French: The boat is late.", "Le bateau est en retard ce soir."))
    run("--where", '{"key": "k8"}')
    (row,) = translations(store)
    assert row["answer"] == "Le bateau est en retard ce soir."
    assert "The boat is late." in row["question"]
    assert row["question"] != "Translate to French: The boat is late."
    assert len(stand.asked) == 1


def test_rows_that_state_no_language(store: Any, run: Run) -> None:
    store.samples.insert_one(sample(9, "Ok?", "Ok.", language=None))
    only = ("--where", '{"key": "k9"}')
    assert run(*only) == {"unknown_language": 1}
    assert run(*only) == {}
    assert run(*only, "--from", "en")["translated"] == 1
    assert translations(store)[0]["source_language"] == "en"


def test_what_is_missing_or_wrong_is_said_in_one_line(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for words, message in (
        (["translate", "--engine", "llm:x"], "--to"),
        (["translate", "--to", "it"], "--engine"),
        (["translate", "--to", "it", "--engine", "openai:x"], "did you mean llm:x"),
        (["translate", "--to", "it", "--engine", "llm"], "names no model"),
        (["translate", "--to", "italian", "--engine", "llm:x"], "did you mean it"),
        (["translate", "--to", "ie", "--engine", "llm:x"], "'ie'"),
    ):
        capsys.readouterr()
        try:
            status = main(words)
        except SystemExit as error:
            status = int(error.code or 0)
        message_line = capsys.readouterr().err
        assert (status, message_line.count("\n")) == (2, 1)
        assert message in message_line


def test_a_plan_counts_the_calls(store: Any, stand: ChatStand, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["plan", *(word for word in WORDS if word != "--json"), "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["documents"], plan["calls"], plan["outcomes"]) == (4, 8, {"translated": 4})
    # A translation is about as long as its text, and not as long as a reply may be.
    assert plan["lengths_known"]
    assert 0 < plan["output_tokens"] < 100 * plan["calls"] < plan["output_tokens_most"]
    assert main(["plan", *WORDS, "--to", "it,vi", "--round-trip"]) == 0
    assert json.loads(capsys.readouterr().out)["calls"] == 32
    assert stand.asked == []
    assert main(["plan", "translate", "--to", "it", "--engine", "nllb"]) == 2


def test_the_way_back_is_measured_where_it_is_asked_for(store: Any, stand: ChatStand, run: Run) -> None:
    english = {italian: english for english, italian in ITALIAN.items()}
    says(stand, lambda text: english.get(text) or (ITALIAN[text] if "bread" not in text else "Qualcosa d'altro."))
    only = ("--where", '{"key": {"$in": ["k0", "k2"]}}')
    assert run(*only, "--round-trip") == {"translated": 2, "calls": 8}
    for row in translations(store):
        assert (row["round_trip_chrf"], row["round_trip_similarity"]) == (100, 1)
        assert len(row["provenance"]["calls"]) == 4
    says(stand, lambda text: "Un testo che parla di tutt'altro." if text in ITALIAN else "Nothing of that kind at all.")
    run("--where", '{"key": "k1"}', "--round-trip")
    (row,) = translations(store, **{"provenance.translated_from": "k1"})
    assert row["round_trip_chrf"] < 35
    assert "round_trip" in row["doubts"]


def test_in_a_pipeline_its_calls_are_planned_and_local_engines_have_none(
    store: Any, stand: ChatStand, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pipeline.yaml"
    steps = ["- translate: {to: [vi, it], engine: llm:tiny, max-cost: 2}", "- translate: {to: it, engine: nllb}"]
    path.write_text("steps:\n  " + "\n  ".join(steps))
    capsys.readouterr()
    assert main(["plan", "pipeline", str(path), "--json"]) == 0
    chat, local = json.loads(capsys.readouterr().out)["steps"]
    assert (chat["plan"]["documents"], chat["plan"]["calls"], local["plan"]) == (4, 16, None)
    path.write_text("steps:\n  - translate: {to: vi, engine: nlb}\n")
    assert main(["run", str(path)]) == 2
    assert "did you mean nllb" in capsys.readouterr().err
