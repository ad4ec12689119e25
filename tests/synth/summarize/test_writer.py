"""How the writer asks: events larger than the context in parts, each model as it takes it."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

import pytest

from synth.llm import Completion
from synth.llm.token_counters import by_bytes, of_messages
from synth.summarize.writer import summarize_events
from tests.synth.summarize.conftest import SETTINGS, Saying


class Telling(Saying):
    """A paid model by the looks of it: no documents, and it keeps what it was asked."""

    takes_documents = False

    def __init__(self, text: str, part: Completion | None = None) -> None:
        super().__init__(text)
        self.part = part
        self.asked: list[tuple[list[dict[str, str]], dict[str, Any]]] = []

    async def complete(self, messages: Any, **parameters: Any) -> Completion:
        self.asked.append((messages, parameters))
        partial = self.part and "parole" in messages[-1]["content"].split("\n")[0]
        return self.part if self.part and partial else self.reply


SMALL = dataclasses.replace(SETTINGS, context=4000, max_answer_tokens=400, count=by_bytes)
ANSWER = (
    "Il ponte ha riaperto ieri mattina dopo tre mesi di lavori e il sindaco ha ringraziato tutti: imprese, vigili, "
    "gli abitanti del quartiere e i commercianti, che hanno avuto molta pazienza."
)


def test_an_event_larger_than_the_context_is_divided(store: Any) -> None:
    llm = Telling(ANSWER, Completion("Una frase intera. E una tagl", "m", "length"))
    counts = summarize_events(store, llm, SMALL, argparse.Namespace(where='{"language": "it"}'))
    assert counts["divided"] > 0
    assert counts["calls"] == len(llm.asked) == counts["summarized"] + counts["part_calls"] + counts["combining_calls"]
    for messages, parameters in llm.asked:
        assert of_messages(messages, by_bytes) + parameters["max_tokens"] <= 4000
        assert parameters["temperature"] == 0
    # Parts that were cut off are good to the end of their last sentence.
    finals = [text for messages, _ in llm.asked if "Riassunto 2" in (text := messages[-1]["content"])]
    assert len(finals) >= counts["divided"]
    assert all("Una frase intera.\n" in text and "tagl" not in text for text in finals)
    # The question is the whole one all the same, as a user would ask it.
    largest = store.samples.find_one({}, sort=[("question_tokens", -1)])
    assert largest["question_tokens"] > 3600
    assert all(source["content"] in largest["question"] for source in largest["sources"])


@pytest.mark.parametrize(
    ("part", "reason"),
    [(Completion("", "m"), "empty"), (Completion("No.", "m", "content_filter"), "refused")],
)
def test_an_event_with_a_part_without_answer_is_left(store: Any, part: Completion, reason: str) -> None:
    counts = summarize_events(store, Telling(ANSWER, part), SMALL, argparse.Namespace(where='{"language": "it"}'))
    assert counts[reason] > 0
    assert counts["summarized"] + counts[reason] == store.clusters.count_documents({"language": "it"})


def test_an_unknown_context_divides_nothing(store: Any) -> None:
    llm = Telling(ANSWER)
    server_default = dataclasses.replace(SETTINGS, temperature=None)
    assert "part_calls" not in summarize_events(store, llm, server_default)
    assert all(parameters == {"max_tokens": 1024} for _, parameters in llm.asked)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("openai:gpt-4o-mini", {"max_tokens": 1024, "temperature": 0.0}),
        ("openai:o4-mini", {"max_completion_tokens": 1024}),
        ("openai:gpt-5-nano", {"max_completion_tokens": 1024}),
    ],
)
def test_models_are_asked_as_they_take_it(store: Any, name: str, parameters: dict[str, Any]) -> None:
    llm = Telling(ANSWER)
    llm.name = name
    summarize_events(store, llm, SETTINGS, argparse.Namespace(limit=1))
    assert [given for _, given in llm.asked] == [parameters]
