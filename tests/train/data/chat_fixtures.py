"""Chats in three languages, and a byte-level tokenizer with the marks of every style."""

from __future__ import annotations

import functools
from typing import Any

ITALIAN = "Il consiglio di Ravenna ha approvato il piano per il lungofiume: dodici voti a favore, però sei contrari."
VIETNAMESE = "Thành phố Đà Nẵng khởi công tuyến đường ven biển dài mười hai kilômét, dự kiến hoàn thành cuối năm sau."
ENGLISH = "The harbour's new lighthouse opened on Tuesday after three years of work, at half of the planned cost."
MARKS = [
    "<|pad|>", "<|begin|>", "<|end|>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>",
    "<|eot_id|>", "<start_of_turn>", "<end_of_turn>",
]  # fmt: skip


def several_turns(language: str = "it") -> list[dict[str, str]]:
    return [
        {"role": "user", "content": f"Riassumi.\n\n{ITALIAN}", "input": ITALIAN},
        {"role": "assistant", "content": "Approvato il piano."},
        {"role": "user", "content": "E i contrari?"},
        {"role": "assistant", "content": "Sei, però senza effetto."},
    ]


@functools.cache
def processor() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=MARKS, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator([ITALIAN, VIETNAMESE, ENGLISH], trainer)
    return tokenizer


def tokens(adds_bos: bool = False) -> Any:
    from train.tokenizer import RustTokens

    own = processor()
    return RustTokens(own, own.token_to_id("<|begin|>"), own.token_to_id("<|end|>"), adds_bos)
