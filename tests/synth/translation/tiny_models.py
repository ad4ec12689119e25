"""Tiny translation models in the formats of MADLAD (T5) and NLLB (M2M-100), trained in seconds on a few pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

#: English -> Italian and Vietnamese: all that these models know.
PAIRS = {
    "it": {
        "The dog barks.": "Il cane abbaia.",
        "It rains in Rome.": "Piove a Roma.",
        "Who knows the way to the old harbour of the town?": "Chi conosce la strada per il vecchio porto della città?",
        "See ⟦1⟧ now.": "Vedi ⟦1⟧ ora.",
    },
    "vi": {
        "The dog barks.": "Con chó sủa.",
        "It rains in Rome.": "Trời mưa ở Rome.",
        "Who knows the way to the old harbour of the town?": "Ai biết đường đến bến cảng cũ của thành phố?",
        "See ⟦1⟧ now.": "Xem ⟦1⟧ ngay.",
    },
}
_STEPS = 350
_LAYERS = 1


def make_madlad(folder: Path) -> None:
    """A T5 whose texts begin with <2it> or <2vi>."""
    from transformers import T5Config, T5ForConditionalGeneration, T5Tokenizer

    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *((piece, -4.0) for piece in _words())]
    tags = [f"<2{language}>" for language in PAIRS]
    tokenizer = T5Tokenizer(vocab=pieces, extra_ids=0, additional_special_tokens=tags)
    size = {"d_model": 64, "d_kv": 16, "d_ff": 128, "num_layers": _LAYERS, "num_heads": 4}
    model = T5ForConditionalGeneration(
        T5Config(vocab_size=len(tokenizer), decoder_start_token_id=0, pad_token_id=0, eos_token_id=1, **size)
    )
    sources = [f"<2{language}> {text}" for language, pairs in PAIRS.items() for text in pairs]
    targets = [text for pairs in PAIRS.values() for text in pairs.values()]
    _train(model, tokenizer(sources, return_tensors="pt", padding=True), tokenizer(targets)["input_ids"])
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def make_nllb(folder: Path) -> None:
    """An M2M-100 whose texts begin with eng_Latn, and whose translations begin with ita_Latn or vie_Latn."""
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer

    codes = {"en": "eng_Latn", "it": "ita_Latn", "vi": "vie_Latn"}
    vocabulary = {piece: number for number, piece in enumerate(["<s>", "<pad>", "</s>", "<unk>", *_letters()])}
    tokenizer = NllbTokenizer(vocab=vocabulary, merges=[], additional_special_tokens=list(codes.values()))
    size = {"d_model": 64, "encoder_ffn_dim": 128, "decoder_ffn_dim": 128}
    model = M2M100ForConditionalGeneration(
        M2M100Config(
            vocab_size=len(tokenizer), encoder_layers=_LAYERS, decoder_layers=_LAYERS, encoder_attention_heads=4,
            decoder_attention_heads=4, pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2,
            max_position_embeddings=300, dropout=0.0, attention_dropout=0.0, **size,
        )
    )  # fmt: skip
    tokenizer.src_lang = codes["en"]
    short = {language: dict(list(pairs.items())[:2]) for language, pairs in PAIRS.items()}
    sources = tokenizer([text for pairs in short.values() for text in pairs], return_tensors="pt", padding=True)
    labels = []
    for language, pairs in short.items():
        for text in pairs.values():
            ids = tokenizer(text, add_special_tokens=False)["input_ids"]
            labels.append([tokenizer.convert_tokens_to_ids(codes[language]), *ids, 2])
    torch.manual_seed(0)
    _train(model, sources, labels)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _train(model: Any, inputs: Mapping[str, Any], labels: Sequence[Sequence[int]]) -> None:
    import torch

    longest = max(map(len, labels))
    padded = torch.tensor([[*row, *[-100] * (longest - len(row))] for row in labels])
    torch.set_num_threads(1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    model.train()
    for _ in range(_STEPS):
        loss = model(**inputs, labels=padded).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if loss.item() < 0.02:
            break
    model.eval()


def _texts() -> list[str]:
    return [text for pairs in PAIRS.values() for both in pairs.items() for text in both]


def _words() -> list[str]:
    """Pieces with the sign for a blank before each word, and all letters."""
    words = dict.fromkeys("▁" + word for text in _texts() for word in text.split())
    return [*words, *(piece for piece in _letters() if piece not in words)]


def _letters() -> list[str]:
    return sorted({letter for text in _texts() for letter in text if letter != " "} | {"▁", "2"})
