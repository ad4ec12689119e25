"""What stages that ask a model have in common: options that make sense, and calls that are counted.

Covers synth.llm.calls.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

import pytest

from crawler.items import NewsmillError
from synth.llm import Completion, Limits
from synth.llm.calls import CallRecorder
from synth.llm.token_counters import by_bytes, estimate
from synth.stages.llm_stage import add_llm_arguments, limits_of, model_settings, temperature


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_llm_arguments(parser, 1000)
    return parser.parse_args(words)


def test_limits() -> None:
    assert limits_of(options()) == Limits()
    words = ["--concurrency", "3", "--requests-per-minute", "4", "--tokens-per-minute", "5", "--max-cost", "0.6"]
    assert limits_of(options(*words)) == Limits(3, 4, 5, 0.6)


def test_what_fits_a_call_comes_from_the_card(tmp_path: Path) -> None:
    table = tmp_path / "models.yaml"
    table.write_text("models: {tiny: {context: 4000, max_output: 600, input: 1, output: 2}}")
    given = ("--llm", "openai:tiny", "--models", str(table))
    assert model_settings(options(*given)) == {
        "context": 4000, "max_answer_tokens": 600, "count": estimate, "temperature": 0.0
    }  # fmt: skip
    found = model_settings(options(*given, "--context", "900", "--max-answer-tokens", "70", "--tokenizer", "bytes"))
    assert (found["context"], found["max_answer_tokens"], found["count"]) == (900, 70, by_bytes)
    # Nothing is known of a model: nothing is divided.
    assert model_settings(options("--llm", "openai:nobody"))["context"] is None
    assert model_settings(options())["context"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--context", "900"], "leaves no room for a prompt"),
        (["--models", "nowhere"], "--models nowhere: no such file"),
        (["--tokenizer", "nowhere"], "--tokenizer nowhere"),
    ],
)
def test_options_that_make_no_sense(words: list[str], said: str) -> None:
    with pytest.raises(NewsmillError, match=said) as caught:
        model_settings(options("--llm", "openai:x", *words))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("text", "value"), [("0", 0.0), ("1.5", 1.5), ("default", None)])
def test_temperatures(text: str, value: float | None) -> None:
    assert temperature(text) == value


@pytest.mark.parametrize("text", ["-1", "2.1", "nan", "warm", ""])
def test_no_temperatures(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="0 to 2, or default"):
        temperature(text)


class Slow:
    """Answers the later the earlier it is asked; every second reply is out of the ledger."""

    name = "openai:x"
    takes_documents = False

    def __init__(self) -> None:
        self.asked = 0

    async def complete(self, messages: Any, **parameters: Any) -> Completion:
        self.asked += 1
        number = self.asked
        await asyncio.sleep(0.05 / number)
        return Completion("x", "x", call=f"call {number}", cached=number % 2 == 0)

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, *_: Any) -> None:
        return None


def test_calls_are_kept_in_the_order_of_asking() -> None:
    async def ask() -> CallRecorder:
        calls = CallRecorder(Slow(), None)
        await asyncio.gather(*(calls.ask([{"role": "user", "content": "x"}], 9) for _ in range(4)))
        return calls

    calls = asyncio.run(ask())
    assert calls.keys == ["call 1", "call 2", "call 3", "call 4"]
    assert calls.counts == {"calls": 2, "cached": 2}
