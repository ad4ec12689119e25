"""lm-evaluation-harness on a tiny Hugging Face model, with a task file of one's own."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from train.errors import TrainError

pytest.importorskip("lm_eval", reason="lm_eval is not installed")

Run = Callable[..., tuple[int, str, str]]
QUESTIONS = [
    ("La capitale d'Italia è", ["Roma", "Torino"], 0), ("Il mare a est di Rimini è", ["il Tirreno", "l'Adriatico"], 1),
    ("Thủ đô của Việt Nam là", ["Hà Nội", "Huế"], 0),
]  # fmt: skip
TASK = """task: capitali_test
dataset_path: json
dataset_kwargs:
  data_files:
    test: {file}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_target: label
doc_to_choice: choices
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
metadata:
  version: 1.0
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BLOOM, an export, and a folder of task files."""
    from tests.train.evaluate import evaluate_fixtures as export
    from train.models.architectures import make_tiny

    folder = tmp_path_factory.mktemp("harness")
    export.write_export(folder / "export", export.rows(0, 6), export.rows(100, 2))
    texts = [row["output"] for row in export.rows(0, 30)]
    make_tiny("bloom-7b1", texts, folder / "bloom")
    rows = [{"question": question, "choices": choices, "label": label} for question, choices, label in QUESTIONS]
    (folder / "tasks").mkdir()
    (folder / "tasks/questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "tasks/capitali.yaml").write_text(TASK.format(file=folder / "tasks/questions.jsonl"))
    return folder


@pytest.fixture
def own_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """lm_eval's own thousands of task files take seconds to index, and no test here needs one."""
    from lm_eval.tasks import TaskManager

    def own(include_path: Any = None, include_defaults: bool = True) -> Any:
        return TaskManager(include_path=include_path, include_defaults=False)

    monkeypatch.setattr("lm_eval.tasks.TaskManager", own)


def accuracy(folder: Path) -> float:
    """The share of questions whose right answer the model finds likelier, by transformers alone."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)

    def likelihood(question: str, choice: str) -> float:
        begin, whole = (
            tokenizer(text, add_special_tokens=False)["input_ids"] for text in (question, f"{question} {choice}")
        )
        with torch.inference_mode():
            logits = model(torch.tensor([whole])).logits[0].float().log_softmax(-1)
        return sum(logits[place - 1, whole[place]].item() for place in range(len(begin), len(whole)))

    right = [
        max(range(2), key=lambda n: likelihood(question, choices[n])) == label for question, choices, label in QUESTIONS
    ]
    return sum(right) / len(right)


def test_an_own_task_is_scored_as_transformers_scores_it(place: Path, train: Run, own_only: None) -> None:
    words = ["evaluate", "--data", place / "export", "--model", f"bloom={place / 'bloom'}", "--out", place / "out",
             "--max-new-tokens", "4", "--lm-eval", "capitali_test", "--lm-eval-include", place / "tasks"]  # fmt: skip
    code, told, err = train(*words, "--json")
    assert code == 0
    assert "it/s" not in err
    (score,) = json.loads(told, parse_constant=pytest.fail)["lm_eval"]["bloom"]["scores"]
    assert (score["task"], score["metric"], score["documents"]) == ("capitali_test", "acc", 3)
    assert score["value"] == pytest.approx(accuracy(place / "bloom"))
    assert score["stderr"] == pytest.approx(math.sqrt(score["value"] * (1 - score["value"]) / 2))
    page = (place / "out/report.html").read_text()
    assert "capitali_test" in page


def test_scores_are_kept(place: Path, train: Run, own_only: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise AssertionError("these weights were scored already")

    monkeypatch.setattr("lm_eval.simple_evaluate", refuse)
    words = ["evaluate", "--data", place / "export", "--model", f"bloom={place / 'bloom'}", "--out", place / "out",
             "--max-new-tokens", "4", "--lm-eval", "capitali_test", "--lm-eval-include", place / "tasks"]  # fmt: skip
    code, told, _ = train(*words)
    assert code == 0
    assert "capitali_test" in told


def test_a_task_that_fails_spoils_nothing_else(place: Path, train: Run, own_only: None) -> None:
    (place / "broken").mkdir()
    (place / "broken/capitali.yaml").write_text(TASK.format(file=place / "nowhere.jsonl"))
    words = ["evaluate", "--data", place / "export", "--model", f"bloom={place / 'bloom'}", "--out", place / "out",
             "--max-new-tokens", "4", "--lm-eval", "capitali_test", "--lm-eval-include", place / "broken"]  # fmt: skip
    code, told, _ = train(*words, "--json")
    assert code == 0
    results = json.loads(told)
    assert "nowhere.jsonl" in results["lm_eval"]["bloom"]["missing"]
    assert results["models"][0]["measures"]["loss"]["rows"] == 2


def test_what_cannot_be_scored_is_told(place: Path, own_only: None) -> None:
    from train.evaluate.lm_eval import Tasks, evaluate, read_tasks

    with pytest.raises(TrainError, match="no task nothing"):
        read_tasks("capitali_test, nothing", place / "tasks", None, False, None)
    with pytest.raises(TrainError, match="no folder"):
        read_tasks("capitali_test", place / "nowhere", None, False, None)
    litgpt = place / "litgpt"
    litgpt.mkdir()
    for name in ("lit_model.pth", "model_config.yaml", "tokenizer.json", "tokenizer_config.json"):
        (litgpt / name).write_text("{}")
    told = evaluate({"tiny": (litgpt, "0")}, Tasks(("capitali_test",), place / "tasks"), place / "kept.json")
    assert told["tiny"]["scores"] == []
    assert "train convert" in told["tiny"]["missing"]
