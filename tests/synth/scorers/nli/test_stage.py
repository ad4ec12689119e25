"""Entailment by a model: SummaC's way, each pair once, by the name of its model; what cannot be had is one line.

Covers synth.scorers.nli, synth.scorers.nli.model, synth.scorers.classifiers.
"""

from __future__ import annotations

import argparse
import json
import pickle
import statistics
from pathlib import Path
from typing import Any

import pytest

from crawler.items import NewsmillError
from synth.__main__ import main
from synth.samples.sample import Sample
from synth.scorers.nli import SCORER
from synth.scorers.nli.model import NliModel, NliUnavailable, entailment_output
from synth.scorers.nli.stage import NliScoring, add_nli_arguments, nli_stage, premises
from synth.scorers.readings import READINGS
from synth.stages.options import add_stage_arguments
from synth.stages.stage import run_stage
from tests.synth.scorers.toxicity.toxicity_tiny import classifier_folder, tiny_model

pytest.importorskip("transformers", reason="the extra nli is not installed")

LABELS = ("contradiction", "ENTAILMENT", "neutral")
SOURCES = [
    {
        "link": "https://a.example/1",
        "title": "Il ponte riapre",
        "content": "Il ponte riapre lunedì. Il sindaco è lieto.",
    },
    {"link": "https://a.example/2", "title": "Traffico", "content": "Le auto passano.\n\nI camion no."},
]
ANSWER = "Il ponte è aperto. Passano le auto."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return classifier_folder(tmp_path_factory.mktemp("nli") / "nli-tiny", LABELS)


@pytest.fixture(scope="module")
def model(folder: Path) -> NliModel:
    return NliModel.load(str(folder))


@pytest.fixture
def samples(database: Any) -> Any:
    """Two of one event, one without sources, one without an answer, one replaced."""
    rows = {
        "a": (ANSWER, SOURCES, False),
        "b": ("Il sindaco è lieto.", SOURCES, False),
        "c": ("Senza fonti.", [], False),
        "d": (" ", SOURCES, False),
        "e": (ANSWER, SOURCES, True),
    }
    for key, (answer, sources, superseded) in rows.items():
        sample = Sample(key, "news_summary", "Riassumi", answer, "it", superseded=superseded)
        database.samples.insert_one(sample.document() | {"sources": sources})
    return database


def run(database: Any, *words: str) -> dict[str, int]:
    parser = argparse.ArgumentParser()
    add_stage_arguments(parser)
    add_nli_arguments(parser)
    parser.add_argument("--again", action="store_true")
    options = parser.parse_args(words)
    stage = nli_stage(options, database)
    assert stage is not None
    return {name: count for name, count in run_stage(database, stage, options).items() if count}


def probability(model: NliModel, premise: str, hypothesis: str) -> float:
    """By transformers' own call, one pair at a time."""
    import torch

    with torch.inference_mode():
        logits = model.model(**model.tokenizer(premise, hypothesis, return_tensors="pt")).logits[0]
    return float(logits.softmax(-1)[1])


def test_the_mean_over_the_answer_of_the_best_sentence_of_a_source(samples: Any, folder: Path, model: NliModel) -> None:
    assert run(samples, "--nli", str(folder)) == {"scored": 2, "without_sources": 1, "empty": 1}
    found = {row["key"]: row for row in samples.samples.find()}
    texts = ["Il ponte riapre", "Il ponte riapre lunedì.", "Il sindaco è lieto.", "Traffico", "Le auto passano.",
             "I camion no."]  # fmt: skip
    best = [
        max(probability(model, text, each) for text in texts) for each in ("Il ponte è aperto.", "Passano le auto.")
    ]
    assert found["a"]["sentence_entailment"] == pytest.approx(best, abs=2e-6)
    assert found["a"]["entailment"] == pytest.approx(statistics.fmean(best), abs=2e-6)
    assert found["a"]["entailment_model"].startswith("nli-tiny:")
    assert (found["c"]["entailment"], found["d"]["entailment"]) == (None, None)
    assert "entailment" not in found["e"]
    assert all(field.name in found["a"] for field in SCORER.fields)


def test_what_a_model_has_measured_is_pending_for_another_alone(samples: Any, folder: Path, tmp_path: Path) -> None:
    run(samples, "--nli", str(folder))
    assert run(samples, "--nli", str(folder)) == {}
    assert run(samples, "--nli", str(folder), "--again")["scored"] == 2
    other = classifier_folder(tmp_path / "nli-other", LABELS, seed=9)
    assert run(samples, "--nli", str(other), "--dry-run") == {"pending": 4}
    assert run(samples, "--nli", str(other))["scored"] == 2
    assert {row["entailment_model"].partition(":")[0] for row in samples.samples.find({"superseded": False})} == {
        "nli-other"
    }


def test_nothing_pending_loads_no_model(samples: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(samples, "--nli", str(folder))
    monkeypatch.setattr(NliScoring, "load", lambda _: pytest.fail("loaded"))
    assert run(samples, "--nli", str(folder)) == {}


def test_a_pair_is_asked_once_and_a_source_cut_once(model: NliModel, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    cut: list[str] = []
    original = NliModel.entailments
    monkeypatch.setattr(NliModel, "entailments", lambda *args: (asked.extend(args[1]), original(*args))[1])
    from synth.scorers.nli import stage

    sentences = stage.sentences
    monkeypatch.setattr(stage, "sentences", lambda text, *more: (cut.append(text), sentences(text, *more))[1])
    READINGS.clear()
    scoring = NliScoring("tiny", "tiny")
    monkeypatch.setattr(scoring, "load", lambda: model)
    scoring([{"_id": number, "answer": ANSWER, "language": "it", "sources": SOURCES} for number in range(3)])
    assert len(asked) == len(set(asked)) == 2 * 6
    assert sorted(cut) == sorted([*[text for row in SOURCES for text in (row["title"], row["content"])], *[ANSWER] * 3])


def test_batches_change_no_score(model: NliModel) -> None:
    pairs = [(premise, each) for premise in premises(SOURCES[0]) for each in ("Sì.", ANSWER, ANSWER * 3)]
    alone = [model.entailments([pair])[0][0] for pair in pairs]
    for tokens in (None, 1, 300):
        assert model.entailments(pairs, tokens)[0] == pytest.approx(alone, abs=1e-5)
    assert model.entailments([]) == ([], [])


def test_segments_of_a_pair_are_told_apart() -> None:
    """BERT numbers the second text: left out, the score would be another one."""
    bert, tokenizer = tiny_model("bert", LABELS)
    model = NliModel(bert, tokenizer, 1)
    assert model.entailments([("il ponte", "riapre")])[0] == pytest.approx([probability(model, "il ponte", "riapre")])
    assert model.entailments([("a", "b")])[0] != pytest.approx(model.entailments([("b", "a")])[0], abs=1e-4)


def test_pairs_that_do_not_fit_are_cut_and_counted(samples: Any, folder: Path, model: NliModel) -> None:
    _, cut = model.entailments([("parola " * 400, "Sì."), ("Sì.", "No.")])
    assert cut == [True, False]
    long = {"title": "", "content": "una parola " * 400}
    samples.samples.update_one({"key": "b"}, {"$set": {"sources": [long]}})
    assert run(samples, "--nli", str(folder))["truncated_pairs"] == 1


def test_premises_of_texts_and_of_records() -> None:
    assert premises("Uno. Due. Uno.") == ["Uno.", "Due."]
    assert premises({"title": "Uno.", "description": None, "content": "Due."}) == ["Uno.", "Due."]
    assert premises({}) == []


@pytest.mark.parametrize(
    ("labels", "output"),
    [
        (("contradiction", "neutral", "entailment"), 2),
        (("ENTAILMENT", "NEUTRAL", "CONTRADICTION"), 0),
        (("not_entailment", "entailment"), 1),
        (("entails", "does not entail"), 0),
    ],
)
def test_the_label_of_entailment_is_found_by_its_name(labels: tuple[str, ...], output: int) -> None:
    assert entailment_output(labels, "x") == output


@pytest.mark.parametrize("labels", [("LABEL_0", "LABEL_1", "LABEL_2"), ("POSITIVE", "NEGATIVE"), ("not_entailment",)])
def test_a_model_without_that_label_is_refused_by_its_labels(labels: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(NewsmillError, match="no label of .* says entailment .*" + labels[0]) as caught:
        NliModel.load(str(classifier_folder(tmp_path / "m", labels, multi=True)))
    assert "\n" not in str(caught.value)


def test_two_labels_of_entailment_are_refused() -> None:
    with pytest.raises(NewsmillError, match="several labels"):
        entailment_output(("entailment", "entailment_strong"), "x")


def broken(kind: str, folder: Path) -> None:
    """A folder that is no sequence classifier, in one way or another."""
    classifier_folder(folder, LABELS)
    if kind == "empty":
        for path in folder.iterdir():
            path.unlink()
    elif kind == "base model":
        from transformers import AutoModel

        AutoModel.from_pretrained(folder).save_pretrained(folder)
    elif kind == "no tokenizer":
        for path in folder.glob("*token*"):
            path.unlink()
    elif kind == "broken weights":
        (folder / "model.safetensors").write_bytes(b"no weights")
    elif kind == "config of nothing":
        (folder / "config.json").write_text("[]")


@pytest.mark.parametrize("kind", ["empty", "base model", "no tokenizer", "broken weights", "config of nothing"])
def test_what_is_no_classifier_is_one_line_and_status_2(
    kind: str, samples: Any, database_uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken(kind, tmp_path / "m")
    capsys.readouterr()
    assert main(["score", "--uri", database_uri, "--nli", str(tmp_path / "m")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "nli: " in lines[0]
    assert samples.samples.count_documents({"similarity": {"$exists": True}}) == 0


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NliUnavailable, match="no folder"):
        NliModel.load(str(tmp_path / "nowhere"))


class Program:
    """What runs when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_a_pickle_that_is_a_program_is_refused_and_does_not_run(tmp_path: Path) -> None:
    import torch

    folder = classifier_folder(tmp_path / "m", LABELS)
    (folder / "model.safetensors").unlink()
    torch.save({"x": Program(tmp_path / "ran")}, folder / "pytorch_model.bin")
    with pytest.raises(NliUnavailable, match="nli: cannot load"):
        NliModel.load(str(folder))
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Program(tmp_path / "ran")))
    with pytest.raises(NliUnavailable, match="nli: cannot load"):
        NliModel.load(str(folder))
    assert not (tmp_path / "ran").exists()


def test_by_the_command_beside_the_other_scores(
    samples: Any, database_uri: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", "--uri", database_uri, "--nli", str(folder), "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert counts["nli_scored"] == 2
    row = samples.samples.find_one({"key": "a"})
    assert 0 <= row["faithfulness"] <= 1
    assert 0 < row["entailment"] < 1
    assert samples.runs.find_one({"stage": "nli"}) is not None
