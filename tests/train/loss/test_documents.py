"""Losses of models on held-out texts, and their difference with an interval over documents."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.train.conftest import ITALIAN, VIETNAMESE
from train.loss.documents import compared, held_out_texts, lines_of, losses_of

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of texts, and two tiny models with one tokenizer."""
    from train.models.architectures import make_tiny

    root = tmp_path_factory.mktemp("documents")
    texts = [f"Notizia {number}.\n\n{(ITALIAN, VIETNAMESE)[number % 2] * (1 + number % 3)}" for number in range(24)]
    (root / "export/text").mkdir(parents=True)
    for name, own in (("train", texts[:12]), ("validation", texts[12:])):
        lines = "".join(json.dumps({"text": text}) + "\n" for text in own)
        (root / f"export/text/{name}.jsonl").write_text(lines, encoding="utf-8")
    for name in ("before", "after"):
        torch.manual_seed(len(name))
        make_tiny("SmolLM2-360M", texts, root / name, form="huggingface")
    return root


def test_a_document_costs_what_its_tokens_do(folder: Path) -> None:
    from transformers import AutoModelForCausalLM

    from train.models.language_model import load_model

    model = load_model(folder / "before", device="cpu")
    texts = held_out_texts(folder / "export", 3)
    own = AutoModelForCausalLM.from_pretrained(folder / "before")
    for text, (nats, tokens, characters) in zip(texts, losses_of(model, texts), strict=True):
        ids = torch.tensor([[*model.tokenizer.encode(text), model.tokenizer.eos_id]])
        with torch.no_grad():
            expected = float(own(ids, labels=ids).loss) * (ids.shape[1] - 1)
        assert nats == pytest.approx(expected, rel=1e-4)
        assert (tokens, characters) == (ids.shape[1] - 1, len(text))


def test_a_long_document_is_cut_and_no_token_is_lost_but_the_first_of_each_piece(folder: Path) -> None:
    from train.models.language_model import load_model

    model = load_model(folder / "before", device="cpu")
    (text,) = held_out_texts(folder / "export", 1)
    whole = len(model.tokenizer.encode(text)) + 1
    ((_, tokens, _),) = losses_of(model, [text], 16)
    assert tokens == whole - math.ceil(whole / 16)


def test_the_command(train: Run, folder: Path) -> None:
    words = ("loss", "--data", folder / "export", "--model", f"before={folder / 'before'}")
    code, out, err = train(*words, "--model", f"after={folder / 'after'}", "--json")
    assert code == 0, err
    outcome = json.loads(out)
    assert outcome["documents"] == 12
    assert outcome["models"]["before"]["perplexity"] == pytest.approx(math.exp(outcome["models"]["before"]["loss"]))
    row = outcome["differences"]["after"]
    assert row["per"] == "token"
    assert row["low"] is None or row["low"] <= row["difference"] <= row["high"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing to show"), (["--data", "x"], "go together"), (["--model", "a=b"], "go together"),
        (["--data", "x", "--model", "ab"], "NAME=FOLDER"), (["--run", "x", "--data", "x", "--model", "a=b"], "--run"),
        (["--data", "x", "--model", "a=nowhere"], "nowhere"),
        (["--data", "x", "--model", "a=b", "--limit", "0"], "limit"),
    ],
)  # fmt: skip
def test_a_users_mistake_is_one_line(train: Run, words: list[str], message: str) -> None:
    code, _, err = train("loss", *words)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1


def sums(loss: float, spread: float = 0.0, tokens: int = 100) -> list[Any]:
    return [((loss + spread * (number % 5 - 2)) * tokens, tokens, 400) for number in range(30)]


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (sums(2.0, 0.01), "lower"),
        (sums(2.6, 0.01), "higher"),
        (sums(2.3, 0.4), "undecided"),
        (sums(2.3), "no interval"),
    ],
)
def test_what_is_said_of_a_difference(after: list[Any], verdict: str) -> None:
    outcome = compared({"before": sums(2.3), "after": after})
    assert verdict in lines_of(outcome)[-1]


def test_another_tokenizer_is_compared_by_characters() -> None:
    outcome = compared({"before": sums(2.0), "after": sums(1.0, 0.02, tokens=200)})
    assert outcome["differences"]["after"]["per"] == "character"
    assert outcome["differences"]["after"]["difference"] == pytest.approx(0.0, abs=1e-9)
