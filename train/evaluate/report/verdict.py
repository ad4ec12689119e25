"""What a reader wants first: a sentence that says who is better, and four cards with the measures that matter most.

Better and worse are what the intervals say (train.evaluate.compare), never a difference of means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from train.evaluate.measure import REFERENCE
from train.metrics import LOSS, LOSS_OF_ANY_TOKENIZER, MEASURES

#: Measures of the cards, the most telling first: the first four that were measured get one. The loss comes before them.
_CARDS = ("rougeL", "unsupported", "repeated", "right_language", "covered_training", "empty", "words")
_MOST = 4
#: What a card says below its title.
PLAIN = {
    "loss": "How surprised the model is by the reference, in nats a token.",
    "bits_per_byte": "How surprised the model is by the reference, in bits a byte: the tokenizers differ.",
    "rougeL": "Words shared with the reference, in order, 0 to 1.",
    "unsupported": "Numbers, dates, names and quotes of an answer that no source has.",
    "repeated": "Share of four-word runs that the answer had already.",
    "right_language": "Share of answers in the language asked for.",
    "covered_training": "Share of words copied from training in long runs.",
    "empty": "Share of answers without a word.",
    "words": "Length of the answer.",
}


def loss_of(results: Mapping[str, Any]) -> str:
    """The one loss of the page: per token in nats, per byte in bits where tokenizers differ."""
    pairs = [pair["measures"].get(LOSS) for pair in results["differences"]]
    return LOSS_OF_ANY_TOKENIZER if any(row and row["same_as"] for row in pairs) else LOSS


def judged(measures: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """better, worse, undecided -> titles of the measures of a pair that have a better way, one a quantity."""
    words: dict[str, list[str]] = {"better": [], "worse": [], "undecided": []}
    for name, row in measures.items():
        if not row["same_as"] and MEASURES[name].better:
            words[row["verdict"] or "undecided"].append(MEASURES[name].title)
    return words


def no_verdict(measures: Mapping[str, Mapping[str, Any]]) -> str:
    """Why no measure of these that has a better and a worse way has an interval; "" where one has."""
    rows = [row for name, row in measures.items() if not row["same_as"] and MEASURES[name].better]
    if any(row["low"] is not None for row in rows):
        return ""
    return next((row["cautions"][0] for row in rows if row["cautions"]), "nothing to compare")


def verdicts(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of each pair of models {first, second, word, parts, reason}; the first model against the last comes first.

    word: better, worse, mixed or undecided. parts: better, worse, undecided -> titles of measures. reason: why there
    is no verdict at all, "" where there is one.
    """
    pairs = [_verdict(pair) for pair in results["differences"]]
    names = [model["name"] for model in results["models"] if model["kind"] != REFERENCE]
    return sorted(pairs, key=lambda pair: (pair["first"], pair["second"]) != (names[0], names[-1]))


def _verdict(pair: Mapping[str, Any]) -> dict[str, Any]:
    reason = no_verdict(pair["measures"]) if pair["measures"] else "no row in common"
    titles = judged(pair["measures"])
    word = "mixed" if titles["better"] and titles["worse"] else next(word for word in titles if titles[word] or reason)
    return {
        "first": pair["first"], "second": pair["second"], "reason": reason, "word": "undecided" if reason else word,
        "parts": titles,
    }  # fmt: skip


def cards(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The four cards: {name, levels [(model, value)], reference, row}; row: the last model minus the first, or None."""
    models = [model for model in results["models"] if model["kind"] != REFERENCE]
    pair = next((pair for pair in results["differences"]
                 if (pair["first"], pair["second"]) == (models[0]["name"], models[-1]["name"])), None)  # fmt: skip
    reference: Mapping[str, Any] = next(
        (model["measures"] for model in results["models"] if model["kind"] == REFERENCE), {}
    )
    names = [name for name in (loss_of(results), *_CARDS) if any(name in model["measures"] for model in models)]
    return [
        {
            "name": name, "about": PLAIN[name], "levels": _levels(models, name),
            "reference": reference[name]["value"] if name in reference else None,
            "row": pair["measures"].get(name) if pair else None,
        }
        for name in names[:_MOST]
    ]  # fmt: skip


def _levels(models: Sequence[Mapping[str, Any]], name: str) -> list[tuple[str, float | None]]:
    return [(model["name"], model["measures"].get(name, {}).get("value")) for model in models]
