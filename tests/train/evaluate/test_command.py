"""`train evaluate` as a user runs it: two tiny models and a file of texts on an export, and what can go wrong.

Covers train.evaluate.report.terminal.

Covers train.evaluate.models, train.evaluate.results.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fork_server import start_forked
from tests.train.evaluate import evaluate_fixtures as export
from tests.waiting import wait_until
from train.metrics import MEASURES

Run = Callable[..., tuple[int, str, str]]
#: Each an event of its own: from ten on there is a verdict.
TEST = [{**row, "event": f"event {row['key']}"} for row in export.rows(100, 12)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export with a copy of a training row in its test split, two tiny models, and texts of an LLM."""
    from train.__main__ import main

    folder = tmp_path_factory.mktemp("evaluation")
    training = export.rows(0, 30)
    export.write_export(folder / "export", training, [*TEST, {**training[3], "key": "again"}])
    texts = [{"id": row["key"], "text": row["output"].partition(". ")[0] + "."} for row in TEST[:10]]
    (folder / "llm.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts), encoding="utf-8")
    for name, steps in (("before", 0), ("after", 40)):
        sizes = ["--vocab-size", "500", "--n-embd", "32", "--pretrain-steps", str(steps)]
        corpus = str(folder / "export/train.jsonl")
        assert main(["tiny", "--corpus", corpus, "--out", str(folder / name), *sizes]) == 0
    (folder / "run").mkdir()
    (folder / "run/metrics.csv").write_text("step,loss,iter_time,val_loss\n1,4.0,0.5,\n1,,,3.5\n2,3.0,0.5,\n2,,,3.25\n")
    return folder


def words_of(house: Path, out: str) -> list[str]:
    return [
        "evaluate", "--data", str(house / "export"), "--model", f"before={house / 'before'}",
        "--model", f"after={house / 'after'}", "--out", str(house / out), "--max-new-tokens", "12",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def compared(house: Path) -> dict[str, Any]:
    from train.__main__ import main

    more = ["--texts", f"large={house / 'llm.jsonl'}", "--run", str(house / "run"), "--run", str(house / "before")]
    assert main([*words_of(house, "out"), *more]) == 0
    return dict(json.loads((house / "out/results.json").read_text(), parse_constant=pytest.fail))


def model(results: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in results["models"] if each["name"] == name)


def pair(results: dict[str, Any], first: str, second: str) -> dict[str, Any]:
    found = (each for each in results["differences"] if (each["first"], each["second"]) == (first, second))
    return dict(next(found)["measures"])


def test_a_row_seen_in_training_is_neither_measured_nor_shown(compared: dict[str, Any], house: Path) -> None:
    assert compared["rows"]["held_out"] == 13
    assert compared["rows"]["measured"] == 12
    assert compared["rows"]["seen_in_training"] == {"same answer": 1}
    assert compared["split"] == "test"
    lines = [json.loads(line) for line in (house / "out/rows.jsonl").read_text().splitlines()]
    assert {line["id"] for line in lines} == {row["key"] for row in TEST}
    assert {example["id"] for example in compared["examples"]} <= {row["key"] for row in TEST}
    page = (house / "out/report.html").read_text()
    training = json.loads((house / "export/train.jsonl").read_text().splitlines()[3])
    assert training["output"] not in page


def test_training_shows_in_one_measure_of_the_loss_beyond_doubt(compared: dict[str, Any]) -> None:
    before, after = (model(compared, name)["measures"] for name in ("before", "after"))
    assert after["loss"]["value"] < before["loss"]["value"]
    measures = pair(compared, "before", "after")
    told = measures["loss"]
    assert told["difference"] == pytest.approx(after["loss"]["value"] - before["loss"]["value"])
    assert told["low"] <= told["difference"] <= told["high"] < 0
    assert (told["rows"], told["events"]) == (12, 12)
    units = ("loss", "perplexity", "nats_per_character", "bits_per_byte")
    assert [measures[name]["verdict"] for name in units] == ["better", "", "", ""]


def test_the_last_lines_say_who_is_better(compared: dict[str, Any]) -> None:
    from train.evaluate.report.terminal import verdicts

    told = verdicts(compared)
    assert len(told) == len(compared["differences"])
    line = next(line for line in told if line.startswith("after beside before: "))
    better = sum(one["verdict"] == "better" for one in pair(compared, "before", "after").values())
    assert f"better in {better} (" in line
    assert "loss per token" in line.partition(")")[0]
    assert "; loss per token −" in line


def test_losses_are_those_of_the_rows(compared: dict[str, Any], house: Path) -> None:
    import math

    lines = [json.loads(line) for line in (house / "out/rows.jsonl").read_text().splitlines()]
    own = {line["id"]: line for line in lines if line["model"] == "after"}
    references = {row["key"]: row["output"] for row in TEST}
    nats, tokens = sum(line["nll"] for line in own.values()), sum(line["tokens"] for line in own.values())
    told = {name: value["value"] for name, value in model(compared, "after")["measures"].items()}
    assert told["loss"] == pytest.approx(nats / tokens)
    assert told["perplexity"] == pytest.approx(math.exp(nats / tokens))
    assert told["nats_per_character"] == pytest.approx(nats / sum(len(references[key]) for key in own))
    size = sum(len(references[key].encode()) for key in own)
    assert told["bits_per_byte"] == pytest.approx(nats / math.log(2) / size)


def test_texts_of_a_file_are_measured_like_a_models(compared: dict[str, Any]) -> None:
    large = model(compared, "large")
    # The first of three sentences, word for word from a source: 16 of 44 words.
    assert large["measures"]["rouge1"] == {"value": pytest.approx(2 * 16 / 60), "rows": 10}
    assert large["measures"]["copied_sources"]["value"] == 16
    assert large["measures"]["covered_sources"]["value"] == 1
    assert large["without_text"] == 2
    assert "no weights" in large["missing"]["loss"]
    assert "loss" not in pair(compared, "after", "large")
    assert pair(compared, "after", "large")["rouge1"]["rows"] == 10


def test_plugins_measure_and_what_they_cannot_is_told(compared: dict[str, Any]) -> None:
    reference = model(compared, "reference")["measures"]
    assert reference["right_language"]["value"] == 1
    assert reference["similarity"]["value"] > 0.2
    assert reference["unsupported"]["rows"] == 12
    assert "NEWSMILL_TOXICITY" in model(compared, "after")["missing"]["toxicity"]
    measured = {name for each in compared["models"] for name in each["measures"]}
    assert measured == set(MEASURES) - {"toxicity"}


def test_dates_and_events_are_told(compared: dict[str, Any]) -> None:
    assert compared["dates"]["later"] is True
    assert compared["dates"]["rows_before"] == 0
    assert compared["events"] == {"known": True, "count": 12}


def test_the_page_is_whole_and_loads_nothing(compared: dict[str, Any], house: Path) -> None:
    from html.parser import HTMLParser

    page = (house / "out/report.html").read_text(encoding="utf-8")
    opened: list[str] = []
    ids: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            told = dict(attributes)
            ids.extend(value for name, value in attributes if name == "id" and value)
            assert not ({"src", "srcset", "onclick"} & told.keys()), tag
            assert tag not in ("script", "iframe", "img")
            assert (told.get("href") or "#").startswith(("#", "data:,"))
            if tag not in ("meta", "link", "br"):
                opened.append(tag)

        def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            pass

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    Reader().feed(page)
    assert not opened
    assert len(set(ids)) == len(ids)
    assert "http" not in page.replace("http-equiv", "")
    for wanted in ("after − before", "large − after", "Validation loss", "3.250 at step 2", "no metrics.csv below"):
        assert wanted in page
    assert page.count('<article class="example">') == len(compared["examples"]) == 8


def test_a_second_run_loads_no_model_and_says_the_same(
    compared: dict[str, Any], house: Path, train: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing is missing, so no model is needed")

    monkeypatch.setattr("train.models.language_model.load_model", refuse)
    page = (house / "out/report.html").read_bytes()
    more = ["--texts", f"large={house / 'llm.jsonl'}", "--run", house / "run", "--run", house / "before"]
    code, told, err = train(*words_of(house, "out"), *more, "--json")
    assert (code, err) == (0, "")
    again = json.loads(told)
    assert [each.pop("kept") for each in again["models"] if each["kind"] == "weights"] == [12, 12]
    first = [{key: value for key, value in each.items() if key != "kept"} for each in compared["models"]]
    assert again["models"] == first
    assert again["differences"] == compared["differences"]
    assert (house / "out/report.html").read_bytes() == page


def test_other_settings_weights_or_prompts_are_answered_anew(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from train.evaluate import answers
    from train.evaluate.answers import Settings, made_by
    from train.models.checkpoint import model_digest

    before, after = (model_digest(house / name) for name in ("before", "after"))
    assert before != after
    assert before == model_digest(house / "before")
    makers = {made_by(before, Settings()), made_by(after, Settings()), made_by(before, Settings(seed=1)),
              made_by(before, Settings(max_new_tokens=5)), made_by(before, Settings(temperature=0.5))}  # fmt: skip
    assert len(makers) == 5
    monkeypatch.setattr(answers, "PROMPT_VERSION", answers.PROMPT_VERSION + 1)
    assert made_by(before, Settings()) not in makers
    assert model_digest(house / "before", base=house / "after") not in (before, after)


def test_what_another_comparison_left_out_is_kept(house: Path, train: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = [word for word in words_of(house, "kept") if not word.startswith("after=")]
    alone.pop(alone.index("--model", alone.index("--model") + 1))
    assert train(*words_of(house, "kept"))[0] == 0
    assert train(*alone)[0] == 0
    assert len((house / "kept/rows.jsonl").read_text().splitlines()) == 24
    monkeypatch.setattr("train.models.language_model.load_model", None)
    assert train(*words_of(house, "kept"))[0] == 0
    assert len((house / "kept/rows.jsonl").read_text().splitlines()) == 36
    assert not (house / "kept/rows.kept.jsonl").exists()


def test_killed_it_goes_on_where_it_was(house: Path) -> None:
    """kill -9 after the first lines are on disk; the second run keeps them and ends as one that was not disturbed."""
    out = house / "killed/rows.jsonl"
    code = (
        "import sys, threading, train.evaluate.answers as answers\n"
        "add = answers.Ledger.add\n"
        "def slow(self, lines):\n    add(self, lines[:1])\n    threading.Event().wait(60)\n"
        "answers.Ledger.add = slow\n"
        "from train.__main__ import main\nmain(sys.argv[1:])\n"
    )
    process = start_forked("train", [sys.executable, "-c", code, *words_of(house, "killed")])
    try:
        wait_until(lambda: out.is_file() and out.read_bytes().endswith(b"\n"), 120, process=process)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
    kept = json.loads(out.read_text())
    with out.open("a") as torn:
        torn.write('{"model": "before", "made_by": "07')
    from train.__main__ import main

    assert main([*words_of(house, "killed"), "--json"]) == 0
    assert main([*words_of(house, "whole"), "--json"]) == 0
    killed, whole = ([json.loads(line) for line in (house / name / "rows.jsonl").read_text().splitlines()]
                     for name in ("killed", "whole"))  # fmt: skip
    again = next(line for line in killed if (line["made_by"], line["id"]) == (kept["made_by"], kept["id"]))
    assert (again["text"], again["nll"]) == (kept["text"], kept["nll"])
    assert [(line["id"], line["text"]) for line in killed] == [(line["id"], line["text"]) for line in whole]
    assert [line["nll"] for line in killed] == pytest.approx([line["nll"] for line in whole])
    results = json.loads((house / "killed/results.json").read_text())
    assert model(results, "before")["kept"] == 1


def test_models_that_write_nothing_or_no_numbers(house: Path, train: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from train.models.language_model import LanguageModel, Scored, Written

    def silent(self: LanguageModel, prompts: list[list[int]], *_: object) -> Any:
        yield list(range(len(prompts))), [Written("", cut=False)] * len(prompts)

    def broken(self: LanguageModel, prompts: list[list[int]], answers: list[list[int]]) -> list[Scored]:
        return [Scored(float("nan") if place else 3.0, 2) for place in range(len(prompts))]

    monkeypatch.setattr(LanguageModel, "write_batches", silent)
    monkeypatch.setattr(LanguageModel, "score", broken)
    code, told, _ = train(*words_of(house, "silent"), "--json")
    assert code == 0
    results = json.loads(told, parse_constant=pytest.fail)
    before = model(results, "before")
    assert before["unscored"] == {"not a number": 11}
    assert before["empty"] == 12
    assert before["measures"]["loss"] == {"value": 1.5, "rows": 1}
    assert before["measures"]["empty"] == {"value": 1.0, "rows": 12}
    assert before["measures"]["rouge1"] == {"value": 0.0, "rows": 12}
    assert before["measures"]["right_language"]["value"] == 0
    # Nothing said is nothing proved.
    assert not {"unsupported", "repeated", "covered_training", "copied_sources"} & before["measures"].keys()
    loss = pair(results, "before", "after")["loss"]
    assert (loss["rows"], loss["low"]) == (1, None)
    code, told, _ = train(*words_of(house, "silent"))
    assert code == 0
    assert "12 of 12 answers are empty" in told
    assert "11 of 12 losses: not a number" in told


def test_one_model_alone_has_levels_and_no_differences(house: Path, train: Run) -> None:
    code, told, _ = train(
        "evaluate", "--data", house / "export", "--texts", f"large={house / 'llm.jsonl'}", "--out", house / "alone",
        "--limit", "3",
    )  # fmt: skip
    assert code == 0
    assert "3 rows of the test split" in told
    results = json.loads((house / "alone/results.json").read_text())
    assert results["differences"] == []
    assert results["rows"]["limited"] == 9
    assert "Only one model" in (house / "alone/report.html").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model", "before"], ["give NAME=PATH"]),
        (["--model", "a=nowhere", "--texts", "b=nothing.jsonl", "--limit", "0"],
         ["nowhere is no folder", "nothing.jsonl is no file", "must be 1"]),
        (["--model", "reference=before", "--run", "no-run"], ["'reference'", "no-run is no folder"]),
        ([], ["nothing to compare"]),
        (["--model", "a=before", "--lm-eval-limit", "3"], ["need --lm-eval"]),
        (["--model", "a=before", "--model", "a=after", "--temperature", "-1"], ["'a' twice", "temperature"]),
        (["--model", "a=before", "--lm-eval", ","], ["names no task"]),
    ],
)  # fmt: skip
def test_all_that_is_wrong_is_told_at_once(
    words: list[str], said: list[str], house: Path, train: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(house)
    code, _, err = train("evaluate", "--data", "export", "--out", "wrong", *words)
    assert code == 2
    assert err.count("\n") == 1
    for part in said:
        assert part in err
    assert not (house / "wrong").exists()


def test_another_file_in_the_place_of_rows_is_not_overwritten(house: Path, train: Run) -> None:
    (house / "foreign").mkdir()
    (house / "foreign/rows.jsonl").write_text('{"my": "work"}\n')
    code, _, err = train(*words_of(house, "foreign"))
    assert code == 2
    assert "rows.jsonl:1 is no line of `train evaluate`" in err
    assert (house / "foreign/rows.jsonl").read_text() == '{"my": "work"}\n'


def test_an_out_folder_that_cannot_be_written_is_one_line(house: Path, train: Run) -> None:
    (house / "file").write_text("")
    code, _, err = train(*words_of(house, "file/out"))
    assert code == 2
    assert "cannot write" in err
    assert err.count("\n") == 1
