"""Losses of models on held-out texts, document by document, and the difference with an interval over documents."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.data.packing import pieces
from train.data.texts import read_texts
from train.errors import TrainError
from train.progress import progress

if TYPE_CHECKING:
    from train.models.language_model import LanguageModel

#: Tokens of a document read at once, at most: as long as most recipes train on.
LENGTH = 1024
#: What is summed of a document: nats, tokens they are of, characters.
Sums = tuple[float, int, int]


def held_out_texts(path: Path, limit: int | None = None) -> list[str]:
    """The validation texts of an export of texts, the first ones; of a single file those that `train.data.Text` takes.

    Raises:
        TrainError: there are none.
    """
    return read_texts(path, 0.05, 42).val[:limit]


def losses_of(model: LanguageModel, texts: Sequence[str], length: int = LENGTH) -> list[Sums]:
    """The loss of each text, every token of it but the first, each read after those before it in its piece.

    length: tokens of a piece; a longer document is cut, and each piece begins anew.

    Raises:
        TrainError: the tokenizer has no end token.
    """
    tokens = model.tokenizer
    if tokens.eos_id is None:
        raise TrainError(f"{model.name}: the tokenizer has no end token")
    begin = [tokens.bos_id] if tokens.adds_bos and tokens.bos_id not in (None, tokens.eos_id) else []
    sums: list[Sums] = []
    for text in progress(texts, model.name):
        ids = [*begin, *tokens.encode(text), tokens.eos_id]
        parts = [list(part) for part in pieces(ids, min(length, model.block_size))]
        scores = model.score([part[:1] for part in parts], [part[1:] for part in parts])
        sums.append((sum(each.nll for each in scores), sum(each.tokens for each in scores), len(text)))
    return sums


def compared(sums_of: Mapping[str, Sequence[Sums]], seed: int = 0) -> dict[str, Any]:
    """{documents, models: name -> {loss, perplexity, nats_per_character, tokens}, differences: name -> interval}.

    Each model is compared with the first: by token where both have as many tokens of every document, else by
    character, for another tokenizer's tokens say more or less. Documents are drawn for the interval (95 %).
    """
    from train.metrics.bootstrap import paired

    names = list(sums_of)
    first = sums_of[names[0]]
    outcome: dict[str, Any] = {"documents": len(first), "models": {}, "differences": {}}
    for name in names:
        own = sums_of[name]
        nats, tokens, characters = (sum(row[place] for row in own) for place in range(3))
        loss = nats / tokens
        outcome["models"][name] = {
            "loss": loss, "perplexity": math.exp(loss), "nats_per_character": nats / characters, "tokens": tokens,
        }  # fmt: skip
        if name != names[0]:
            alike = [row[1] for row in own] == [row[1] for row in first]
            place = 1 if alike else 2
            pairs = [[(row[0], row[place]) for row in rows] for rows in (first, own)]
            interval = paired(pairs[0], pairs[1], [str(number) for number in range(len(own))], seed=seed)
            outcome["differences"][name] = asdict(interval) | {"per": "token" if alike else "character"}
    return outcome


def lines_of(outcome: Mapping[str, Any]) -> list[str]:
    """The outcome for people."""
    lines = [f"loss of {outcome['documents']:,} held-out documents"]
    lines += [f"{'model':<24}{'a token':>10}{'perplexity':>12}{'a character':>13}{'tokens':>10}"]
    for name, row in outcome["models"].items():
        lines.append(
            f"{name:<24}{row['loss']:>10.3f}{row['perplexity']:>12.2f}{row['nats_per_character']:>13.4f}"
            f"{row['tokens']:>10,}"
        )
    first = next(iter(outcome["models"]))
    for name, row in outcome["differences"].items():
        difference = f"{name} minus {first}: {row['difference']:+.4f} a {row['per']}"
        if row["low"] is None:
            lines.append(f"{difference}; no interval: {row['reason'].replace('events', 'documents')}")
            continue
        verdict = "lower" if row["high"] < 0 else "higher" if row["low"] > 0 else "undecided"
        lines.append(f"{difference}, 95 % interval over documents {row['low']:+.4f} to {row['high']:+.4f}: {verdict}")
    return lines
