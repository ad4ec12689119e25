"""Texts a second of a sequence-to-sequence translator: batches of like length beside batches as texts come.

The model has NLLB's architecture with random weights (no weights can be had offline); its translations are made as long
as the longest source of their batch, because a batch ends with its longest. Texts: the sentences of the answers of
`alpaca_en_1000.jsonl`, in the file's order, so many at a time under way as `synth translate` has (8 batches a worker).
The limit: all texts sorted by length beforehand, which only a run that has read everything could do. Padding: share of
the source tokens that are filling. Median of the rounds, turn by turn.
Run: python benchmarks/llm/bench_translation_batches.py [--texts N] [--batch N …] [--rounds N] [--width N]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

ROOT = Path(__file__).resolve().parents[2]
#: Batches under way, as in synth.translation.seq2seq.
_AHEAD = 8
#: Characters a token, about: lengths are what counts here, and not which tokens they are.
_CHARACTERS = 4


def sentence_lengths(path: Path, most: int) -> list[int]:
    """Tokens of the sentences of answers, in the file's order."""
    lengths: list[int] = []
    for line in path.open(encoding="utf-8"):
        for sentence in re.split(r"(?<=[.!?])\s+|\n+", json.loads(line)["output"]):
            if sentence.strip():
                lengths.append(min(200, 2 + len(sentence) // _CHARACTERS))
    return lengths[:most]


def model_of(width: int) -> Any:
    """An M2M-100 with random weights."""
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    config = M2M100Config(
        vocab_size=8000, d_model=width, encoder_layers=4, decoder_layers=4, encoder_attention_heads=8,
        decoder_attention_heads=8, encoder_ffn_dim=4 * width, decoder_ffn_dim=4 * width, max_position_embeddings=512,
    )  # fmt: skip
    return M2M100ForConditionalGeneration(config).eval()


class Translations:
    """Translates lengths: what a batch of so many tokens costs."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.padded = self.tokens = 0

    def __call__(self, lengths: list[int], _: int = 0) -> list[int]:
        import torch

        longest = max(lengths)
        self.padded += longest * len(lengths)
        self.tokens += sum(lengths)
        ids = torch.full((len(lengths), longest), 1)
        for row, length in enumerate(lengths):
            ids[row, :length] = torch.arange(10, 10 + length)
        with torch.inference_mode():
            self.model.generate(
                input_ids=ids, attention_mask=ids.ne(1).long(), min_new_tokens=longest, max_new_tokens=longest,
                do_sample=False,
            )  # fmt: skip
        return lengths


def in_turn(translations: Translations, lengths: Sequence[int], size: int, *, by_length: bool) -> None:
    """As `synth translate` does: some texts under way, a batch taken out of those."""
    from synth.translation.length_batches import LengthBatches

    async def main() -> None:
        batches: LengthBatches[int, int] = LengthBatches(translations, size, by_length=by_length)
        room = asyncio.Semaphore(_AHEAD * size)

        async def one(length: int) -> None:
            async with room:
                await batches(length, length)

        await asyncio.gather(*(one(length) for length in lengths))

    asyncio.run(main())


def sorted_before(translations: Translations, lengths: Sequence[int], size: int) -> None:
    """All texts sorted by length first."""
    ordered = sorted(lengths)
    for start in range(0, len(ordered), size):
        translations(ordered[start : start + size])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT / "../shared/data")
    parser.add_argument("--texts", type=int, default=512)
    parser.add_argument("--batch", type=int, nargs="+", default=[8, 16])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--width", type=int, default=256)
    options = parser.parse_args()
    lengths = sentence_lengths(options.shared / "alpaca_en_1000.jsonl", options.texts)
    model = model_of(options.width)
    ways: dict[str, Callable[[Translations, Sequence[int], int], None]] = {
        "as they come": lambda *given: in_turn(*given, by_length=False),
        "by length (ours)": lambda *given: in_turn(*given, by_length=True),
        "all sorted before, the limit": sorted_before,
    }
    print(f"{len(lengths)} sentences, {sum(lengths):,} tokens, longest {max(lengths)}\n")
    print("| batch | texts | texts/s | padding |\n|---:|---|---:|---:|")
    for size in options.batch:
        rates: dict[str, list[float]] = {name: [] for name in ways}
        padding: dict[str, float] = {}
        for _ in range(options.rounds):
            for name, way in ways.items():
                translations = Translations(model)
                began = time.perf_counter()
                way(translations, lengths, size)
                rates[name].append(len(lengths) / (time.perf_counter() - began))
                padding[name] = 1 - translations.tokens / translations.padded
        for name in ways:
            print(f"| {size} | {name} | {statistics.median(rates[name]):.1f} | {padding[name]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
