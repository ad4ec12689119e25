"""Which texts of a sample are translated, and the sample's texts in the other language.

any row         system, earlier turns, the request, its material (Alpaca's input), the answer: in this order, so
that each is translated after what it depends on
with sources    (news_summary) the request and the answer. The articles stay in their own language, and the request
is that of the prompt in the other language, where there is one: a translated request would ask for
a summary "in Italian". So the row is one of reading in one language and writing in another.
calls of tools  stay: they are JSON for a program
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from synth.prompts import Prompt, load_prompt

#: Sentences to which our own requests for a summary may be limited.
_MOST_SENTENCES = 20


@dataclass(frozen=True)
class RowTexts:
    """A sample as a translator takes it.

    Attributes:
        texts: name -> text, in the order of the conversation: `system`, `history.0` …, `instruction`, `input`,
            `answer`.
        request: the request in the other language where it need not be translated; "" elsewhere.
        between: what stands between instruction and input in the question.
        question: the whole question where `request` is known.
    """

    texts: Mapping[str, str]
    request: str = ""
    between: str = ""
    question: str = ""
    #: what is shown as context and not translated.
    context: tuple[str, ...] = field(default=())


def texts_of(sample: Mapping[str, Any], language: str) -> RowTexts:
    """The texts of a sample that are to be written in `language`."""
    texts = {"system": str(sample.get("system") or "")}
    for number, turn in enumerate(sample.get("history") or []):
        texts[f"history.{number}"] = str(turn.get("content") or "")
    question, instruction = str(sample["question"]), str(sample.get("instruction") or "")
    answer = str(sample["answer"])
    if sample.get("sources") and instruction:
        return _with_sources(sample, texts, language)
    material = question[len(instruction) :] if instruction and question.startswith(instruction) else ""
    between = material[: len(material) - len(material.lstrip())]
    parts = {"instruction": instruction, "input": material.lstrip()} if between else {"instruction": question}
    return RowTexts(_for_translation({**texts, **parts, "answer": answer}), between=between)


def _with_sources(sample: Mapping[str, Any], texts: dict[str, str], language: str) -> RowTexts:
    """The request is that of our prompt in the other language; one that is not ours is translated."""
    question, instruction, answer = str(sample["question"]), str(sample["instruction"]), str(sample["answer"])
    if rendered := _own_request(sample, language):
        request, whole = rendered
        return RowTexts(_for_translation({**texts, "answer": answer}), request, "", whole, (instruction,))
    rest = question.removeprefix(instruction) if question.startswith(instruction) else ""
    return RowTexts(_for_translation({**texts, "instruction": instruction, "answer": answer}), between=rest)


def _own_request(sample: Mapping[str, Any], language: str) -> tuple[str, str] | None:
    """(request, question) of the prompt for summaries in a language; None where the sample's request is another."""
    prompts = load_prompt("news_summary")
    if language not in prompts.wordings:
        return None
    own = prompts.in_language(str(sample.get("language") or ""))
    instruction = str(sample["instruction"])
    for limit in (None, *range(1, _MOST_SENTENCES + 1)):
        if _request(own, str(sample.get("language") or ""), limit) == instruction:
            prompt = prompts.in_language(language)
            turns = prompt.render(language=language, max_sentences=limit, sources=sample["sources"])
            return _request(prompt, language, limit), turns[-1]["content"]
    return None


def _request(prompt: Prompt, language: str, max_sentences: int | None) -> str:
    return prompt.block("instruction", language=language, max_sentences=max_sentences)


def _for_translation(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}


def is_call(text: str) -> bool:
    """Whether a text is a call of a tool, as JSON."""
    if not text.lstrip().startswith(("[{", "{")):
        return False
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    calls = value if isinstance(value, list) else [value]
    return all(isinstance(call, dict) and {"name", "arguments"} <= call.keys() for call in calls)


def fields_of(sample: Mapping[str, Any], row: RowTexts, texts: Mapping[str, str]) -> dict[str, Any]:
    """{system, history, instruction, question, answer} of the sample with other texts.

    Args:
        texts: name -> text in the other language, for the names of `row.texts`.
    """
    history = [
        {**turn, "content": texts.get(f"history.{number}", turn.get("content"))}
        for number, turn in enumerate(sample.get("history") or [])
    ]
    instruction = row.request or texts.get("instruction", "")
    question = row.question or instruction + row.between + texts.get("input", "")
    return {
        "system": texts.get("system", ""), "history": history, "question": question,
        "instruction": instruction if sample.get("instruction") else "", "answer": texts.get("answer", ""),
    }  # fmt: skip


def row_of(sample: Mapping[str, Any], row: RowTexts, texts: Mapping[str, str]) -> dict[str, Any]:
    """The row as checks read it: {instruction, input, output}, or {messages} where there are several turns."""
    request = texts.get("instruction") or row.request or str(sample.get("instruction") or "")
    answer = texts.get("answer", "")
    turns = sample.get("history") or []
    if not turns:
        flat = {"instruction": request, "input": texts.get("input", ""), "output": answer}
        return {"system": texts["system"], **flat} if texts.get("system") else flat
    messages = [{"role": "system", "content": texts["system"]}] if texts.get("system") else []
    messages += [
        {"role": turn.get("role"), "content": texts.get(f"history.{number}", "")} for number, turn in enumerate(turns)
    ]
    question = request + (row.between + texts["input"] if texts.get("input") else "")
    return {"messages": [*messages, {"role": "user", "content": question}, {"role": "assistant", "content": answer}]}
