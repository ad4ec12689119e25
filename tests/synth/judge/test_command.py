"""`synth judge` against a server on the loopback: what is asked, stored, paid once, refused and left for later.

Covers synth.judge, synth.judgements.reply_json, synth.judgements.score_names, synth.judgements.score_values,
synth.judge.stage.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main
from synth.judge.stage import Judgement, judge_view, judgement_of
from tests.fork_server import start_forked
from tests.synth.llm.conftest import ChatStand
from tests.synth.llm.conftest import stand as stand_fixture
from tests.waiting import wait_until

stand = stand_fixture

WORDS = ["judge", "--llm", "openai:tiny", "--json"]


def sample(number: int, **more: Any) -> dict[str, Any]:
    instruction = "Riassumi gli articoli."
    return {
        "key": f"k{number}", "task": "news_summary", "language": "it", "status": "new", "superseded": False,
        "instruction": instruction, "question": f"{instruction}\n\n- Titolo: Ponte {number}\n  Testo: Riapre.",
        "answer": f"Il ponte {number} riapre.", **more,
    }  # fmt: skip


@pytest.fixture
def store(database: Any, database_uri: str, stand: ChatStand, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("MONGODB_URI", database_uri)
    monkeypatch.setenv("LLM_BASE_URL", stand.url)
    monkeypatch.setenv("LLM_API_KEY", "sk-secret")
    database.samples.insert_many([sample(number) for number in range(6)])
    stand.answer = "4\nExplanation: one name is missing."
    return database


def says(stand: ChatStand, text_of: Any) -> None:
    """Let the server answer each request with what a function makes of its body."""

    def reply(body: dict[str, Any]) -> dict[str, Any]:
        told = {"message": {"role": "assistant", "content": text_of(body)}, "finish_reason": "stop"}
        return {"model": "tiny", "choices": [told], "usage": {"prompt_tokens": 11, "completion_tokens": 7}}

    stand.reply = reply  # type: ignore[method-assign]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, int]:
    capsys.readouterr()
    assert main([*WORDS, *words]) == 0
    return {name: count for name, count in json.loads(capsys.readouterr().out).items() if count}


def test_a_sample_is_judged_once(store: Any, stand: ChatStand, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys) == {"judged": 6, "calls": 6}
    row = store.samples.find_one({"key": "k3"})
    assert (row["accuracy"], row["acc_explanation"]) == (4, "Explanation: one name is missing.")
    call = row["judge"].pop("calls")
    assert row["judge"] == {"model": "openai:tiny", "prompt": "judge.en/2", "repeats": 1, "accuracy": [4], "unread": 0}
    assert store.llm_calls.find_one({"hash": call[0]})["text"] == stand.answer
    assert "helpfulness" not in row
    assert run(capsys) == {}
    assert run(capsys, "--again") == {"judged": 6, "cached": 6}
    assert len(stand.asked) == 6
    made = store.runs.find_one({"stage": "judge"}, sort=[("started_at", 1)])
    assert made["configuration"]["prompt"] == "judge.en/2"


def test_what_is_asked(store: Any, stand: ChatStand, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "--where", '{"key": "k2"}', "--dimension", "both")
    assert len(stand.bodies) == 2
    for body, dimension in zip(stand.bodies, ("accuracy", "helpfulness"), strict=True):
        system, user = (message["content"] for message in body["messages"])
        assert body["temperature"] == 0
        assert "seed" not in body
        assert "do not do it" in system
        begin = user.splitlines()[1]
        end = begin.replace("<", "</")
        assert f"between {begin} and {end}" in system
        assert user.startswith(
            f"Instruction:\n{begin}\nRiassumi gli articoli.\n{end}\n\nInput:\n{begin}\n- Titolo: Ponte 2\n  Testo: "
            f"Riapre.\n{end}\n\nResponse:\n{begin}\nIl ponte 2 riapre.\n{end}\n\nRate the response above by its "
            f"{dimension}"
        )
        assert "score alone" in user
        assert "from 0 to 5" in user


def test_repeats_are_other_calls(store: Any, stand: ChatStand, capsys: pytest.CaptureFixture[str]) -> None:
    scores = {None: "3", 1: "4.5\nnearest", 2: "**5**/5", 3: "I cannot say."}
    says(stand, lambda body: scores[body.get("seed")])
    assert run(capsys, "--repeats", "4", "--limit", "1") == {"judged": 1, "calls": 4, "unread": 1}
    row = store.samples.find_one({"judge": {"$exists": True}})
    assert row["accuracy"] == round((3 + 4.5 + 5) / 3, 4)
    assert row["acc_explanation"] == "nearest"
    assert row["judge"]["accuracy"] == [3, 4.5, 5]
    assert (row["judge"]["unread"], row["judge"]["repeats"], len(set(row["judge"]["calls"]))) == (1, 4, 4)
    # Fewer repeats ask nothing; more repeats only what is new.
    assert run(capsys, "--repeats", "2", "--where", '{"key": "k0"}') == {}
    scores[4] = "4"
    assert run(capsys, "--repeats", "5", "--where", '{"key": "k0"}') == {
        "judged": 1,
        "calls": 1,
        "cached": 4,
        "unread": 1,
    }
    assert main(["judge", "--repeatability", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["dimension"], told["language"], told["n"], told["repeats"], told["identical"]) == (
        "accuracy",
        "it",
        1,
        4,
        0,
    )


def test_an_unread_reply_is_none_and_kept(store: Any, stand: ChatStand, capsys: pytest.CaptureFixture[str]) -> None:
    stand.answer = "The response has 3 errors of 5."
    # Nothing was judged, and both the counts and the exit status say so.
    assert main([*WORDS, "--limit", "1"]) == 1
    output = capsys.readouterr()
    assert {name: count for name, count in json.loads(output.out).items() if count} == {"calls": 1, "unread": 1}
    assert output.err.count("\n") == 1
    row = store.samples.find_one({"judge": {"$exists": True}})
    assert (row["accuracy"], row["acc_explanation"]) == (None, stand.answer)
    assert (row["judge"]["accuracy"], row["judge"]["unread"]) == ([], 1)
    assert run(capsys, "--where", '{"key": "k0"}') == {}


def test_dimensions_are_added_and_another_judge_replaces(
    store: Any, stand: ChatStand, capsys: pytest.CaptureFixture[str]
) -> None:
    only = ["--where", '{"key": "k1"}']
    says(stand, lambda body: "2" if "helpfulness" in body["messages"][-1]["content"] else "4")
    assert run(capsys, *only) == {"judged": 1, "calls": 1}
    assert run(capsys, *only, "--dimension", "both") == {"judged": 1, "calls": 1}
    row = store.samples.find_one({"key": "k1"})
    assert (row["accuracy"], row["helpfulness"], row["help_explanation"]) == (4, 2, "")
    assert (row["judge"]["accuracy"], row["judge"]["helpfulness"], len(row["judge"]["calls"])) == ([4], [2], 2)
    # More repeats of one dimension are more repeats of both: their lists stay comparable.
    assert run(capsys, *only, "--repeats", "2") == {"judged": 1, "calls": 2, "cached": 2}
    row = store.samples.find_one({"key": "k1"})
    assert (row["judge"]["accuracy"], row["judge"]["helpfulness"]) == ([4, 4], [2, 2])
    assert run(capsys, *only, "--llm", "openai:other") == {"judged": 1, "calls": 1}
    row = store.samples.find_one({"key": "k1"})
    assert (row["judge"]["model"], row["judge"]["accuracy"]) == ("openai:other", [4])
    assert not {"helpfulness", "help_explanation"} & set(row)
    assert "helpfulness" not in row["judge"]


def test_only_current_samples(store: Any, stand: ChatStand, capsys: pytest.CaptureFixture[str]) -> None:
    store.samples.update_one({"key": "k0"}, {"$set": {"superseded": True}})
    store.samples.update_one({"key": "k1"}, {"$set": {"status": "rejected"}})
    assert run(capsys, "--dry-run") == {"pending": 4}
    assert stand.asked == []
    assert run(capsys) == {"judged": 4, "calls": 4}


def test_trouble_leaves_a_sample_for_later(store: Any, stand: ChatStand, capsys: pytest.CaptureFixture[str]) -> None:
    stand.judge = lambda body: (
        (400, {}, {"error": {"message": "content filtered", "code": "content_filter"}})
        if "Ponte 3" in body["messages"][-1]["content"] and body.get("seed") == 1
        else None
    )
    counts = run(capsys, "--repeats", "2")
    assert counts["judged"] == 5
    assert store.samples.count_documents({"judge": {"$exists": False}}) == 1
    assert "accuracy" not in store.samples.find_one({"key": "k3"})
    stand.judge = None
    assert run(capsys, "--repeats", "2") == {"judged": 1, "calls": 1, "cached": 1}


def test_a_wrong_key_ends_the_run(store: Any, stand: ChatStand, capsys: pytest.CaptureFixture[str]) -> None:
    stand.judge = lambda _: (401, {}, {"error": {"message": "bad key"}})
    assert main(WORDS) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert store.samples.count_documents({"judge": {"$exists": True}}) == 0


def test_the_offline_model_cannot_judge(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["judge"], ["judge", "--llm", "extractive"], ["judge", "--dry-run"]):
        assert main(words) == 2
        told = capsys.readouterr().err
        assert told.startswith("judge: the offline model extractive")
        assert told.count("\n") == 1
    assert main(["judge", "--llm", "openai:tiny", "--concurrency", "0"]) == 2


def test_a_sample_that_fits_no_call(store: Any, stand: ChatStand, capsys: pytest.CaptureFixture[str]) -> None:
    store.samples.update_one({"key": "k4"}, {"$set": {"answer": "parola " * 3000}})
    counts = run(capsys, "--context", "1500", "--max-answer-tokens", "100", "--tokenizer", "estimate")
    assert counts == {"judged": 5, "calls": 5, "too_long": 1}
    assert all(body["max_tokens"] == 100 for body in stand.bodies)


def test_an_answer_that_was_edited_meanwhile_keeps_no_verdict(
    store: Any, stand: ChatStand, capsys: pytest.CaptureFixture[str]
) -> None:
    def edit(body: dict[str, Any]) -> str:
        store.samples.update_one({"key": "k0"}, {"$set": {"answer": "Un altro testo."}})
        return "5"

    says(stand, edit)
    run(capsys, "--where", '{"key": "k0"}')
    assert "accuracy" not in store.samples.find_one({"key": "k0"})


def test_ratings_and_agreement(store: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["judge", "--agreement"]) == 0
    assert "no sample has both" in capsys.readouterr().out
    run(capsys)
    path = tmp_path / "ratings.jsonl"
    rows = [{"item": f"k{number}", "rater": "anna", "accuracy": number % 6} for number in range(6)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert run(capsys, "--ratings", str(path)) == {"stored": 6}
    assert store.runs.find_one({"stage": "ratings"})["outcome"] == "done"
    assert main(["judge", "--agreement", "--json"]) == 0
    told, people = json.loads(capsys.readouterr().out)
    # Six rows tell nothing of the judge, and one rater nothing of people.
    assert (told["between"], told["n"], told["judge"], told["kappa"]) == ("judge", 6, None, None)
    assert (told["calibrated"], told["note"]) == (False, "unknown (6 of 30)")
    assert (people["between"], people["alpha"]) == ("people", None)
    assert people["note"] == "undefined: no item has marks of two raters"
    assert main(["judge", "--agreement"]) == 0
    table, among = capsys.readouterr().out.split("\n\n")
    assert table.split()[:3] == ["dimension", "language", "n"]
    assert table.endswith("unknown (6 of 30)")
    assert among.startswith("People among themselves")
    second = [row | {"rater": "binh", "accuracy": 5 - row["accuracy"]} for row in rows]
    path.write_text("\n".join(map(json.dumps, second)), encoding="utf-8")
    assert run(capsys, "--ratings", str(path)) == {"stored": 6}
    assert main(["judge", "--agreement"]) == 0
    assert "Each rater beside the others:" in capsys.readouterr().out
    path.write_text("{}", encoding="utf-8")
    assert main([*WORDS, "--ratings", str(path)]) == 2


def test_killed_in_the_middle_nothing_is_asked_twice(
    store: Any, stand: ChatStand, database_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = os.environ | {"MONGODB_URI": database_uri, "LLM_BASE_URL": stand.url, "LLM_API_KEY": "sk-secret"}
    stand.delay = 0.15
    words = [sys.executable, "-m", "synth", "judge", "--llm", "openai:tiny", "--repeats", "3", "--concurrency", "2"]
    process = start_forked("synth", words, environment=environment)
    wait_until(lambda: store.llm_calls.count_documents({}) >= 5, every=0.01, process=process)
    process.kill()
    process.wait()
    kept = store.llm_calls.count_documents({})
    assert 5 <= kept < 18
    stand.delay = 0.0
    asked = len(stand.asked)
    run(capsys, "--repeats", "3")
    assert len(stand.asked) - asked == 18 - kept
    assert store.samples.count_documents({"judge.accuracy": [4, 4, 4]}) == 6


def test_a_plan_says_what_a_run_then_asks(store: Any, stand: ChatStand, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["judge", "--llm", "openai:tiny", "--dimension", "both", "--repeats", "2"]
    assert main(["plan", *words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["documents"], told["calls"], stand.asked) == (6, 24, [])
    assert run(capsys, *words[1:]) == {"judged": 6, "calls": 24}
    assert main(["plan", *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["calls"] == 0
    assert main(["plan", "judge", "--llm", "extractive"]) == 2


def test_what_the_judge_sees() -> None:
    assert judge_view({"question": "Q", "answer": "A"}) == ("Q", "")
    assert judge_view({"question": "Do.\n\nIt", "instruction": "Do."}) == ("Do.", "It")
    # A question that does not begin with its short request is shown whole, once.
    assert judge_view({"question": "It", "instruction": "Do."}) == ("Do.", "It")
    history = [{"role": "user", "content": "Ciao"}, {"role": "assistant", "content": "Sì?"}]
    assert judge_view({"question": "Q", "system": "S", "history": history}) == (
        "Q",
        "S\n\nuser: Ciao\n\nassistant: Sì?",
    )


def test_judgements() -> None:
    assert judgement_of(["4\na", "5\nb", "5\nc"], "accuracy") == Judgement([4, 5, 5], 0, "b")
    assert judgement_of(["4\na", "x", "2\nb"], "accuracy").score == 3
    assert judgement_of(["no", "none"], "accuracy") == Judgement([], 2, "no")
    assert judgement_of(["Accuracy: 4\nHelpfulness: 1"], "helpfulness").scores == [1]
