"""The page's examples: texts beside each other with the words marked that only one of them has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from train.evaluate.measure import REFERENCE
from train.metrics.word_differences import compare_words


def comparisons(example: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Pairs of an example's texts: each model against the one before it, then each against the reference.

    {first, second, compared, opened}: opened says which stand open on the page: the last of the models, and the last
    against the reference.
    """
    texts = example["texts"]
    models = [text for text in texts if text["kind"] != REFERENCE]
    pairs = [*pairwise(models), *_against(models, [text for text in texts if text["kind"] == REFERENCE])]
    opened = {id(pairs[len(models) - 2]) if len(models) > 1 else None, id(pairs[-1]) if pairs else None}
    return [
        {"first": first, "second": second, "opened": id(pair) in opened,
         "compared": compare_words(first["text"], second["text"])}
        for pair in pairs for first, second in [pair]
    ]  # fmt: skip


def _against(models: Sequence[Any], reference: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    for text in reference:
        yield from ((model, text) for model in models)


def state(text: Mapping[str, Any], tokens: int) -> str:
    """What must be said of a text in words; "" where it is whole."""
    notes = []
    if not text["text"].strip():
        notes.append("The model wrote nothing." if text["kind"] == "weights" else "There is no text.")
    elif text.get("cut"):
        notes.append(f"Cut off: the model was still writing after {tokens} tokens, or its context was full.")
    if text.get("prompt_shortened"):
        notes.append("The sources in its request were shortened to fit the context.")
    return " ".join(notes)
