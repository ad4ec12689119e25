"""The tokenizer `llama` of GGUF: SentencePiece's BPE, whose merges follow the scores of its pieces.

transformers 5.3 builds another one from the same file: its merges lack the order of the scores, so that "presidente"
falls into six pieces, and no error is shown. Here the merges are made as SentencePiece applies them: of all
neighbours that make a piece, the ones that make the piece of the highest score come first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

SPACE = "▁"


@dataclass(frozen=True)
class Kind:
    """GGUF's numbers of the kinds of tokens (llama.h: LLAMA_TOKEN_TYPE)."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


def merges_of(pieces: Sequence[str], scores: Sequence[float], kinds: Sequence[int]) -> list[tuple[str, str]]:
    """Pairs of pieces to merge, the first to be merged first.

    Only normal pieces merge: SentencePiece cuts the user's pieces out of a text before.
    """
    rank = {piece: number for number, piece in enumerate(pieces) if kinds[number] == Kind.NORMAL}
    order = sorted(rank.values(), key=lambda number: -scores[number])
    return [pair for number in order for pair in sorted(_splits(pieces[number], rank), key=lambda p: _ranks(p, rank))]


def _splits(piece: str, rank: dict[str, int]) -> Iterator[tuple[str, str]]:
    for cut in range(1, len(piece)):
        if piece[:cut] in rank and piece[cut:] in rank:
            yield piece[:cut], piece[cut:]


def _ranks(pair: tuple[str, str], rank: dict[str, int]) -> tuple[int, int]:
    return rank[pair[0]], rank[pair[1]]


def sentencepiece_bpe(
    tokens: Sequence[str], scores: Sequence[float], kinds: Sequence[int], *, unknown: int | None, prefix: bool
) -> Any:
    """A `tokenizers.Tokenizer` that gives the ids of SentencePiece.

    unknown: id of the unknown token. prefix: whether a space comes before each text (`add_space_prefix`).
    """
    from tokenizers import Tokenizer, decoders, normalizers
    from tokenizers.models import BPE

    pieces = [_piece(token, kind, prefix) for token, kind in zip(tokens, kinds, strict=True)]
    model = BPE(
        {piece: number for number, piece in enumerate(pieces)},
        merges_of(pieces, scores, kinds),
        unk_token=None if unknown is None else pieces[unknown],
        fuse_unk=True,
        byte_fallback=Kind.BYTE in kinds,
    )
    tokenizer = Tokenizer(model)
    replace = normalizers.Replace(" ", SPACE)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend(SPACE), replace]) if prefix else replace
    steps = [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence([*steps, decoders.Strip(" ", 1, 0)] if prefix else steps)
    add_tokens(tokenizer, pieces, kinds)
    return tokenizer


def _piece(token: str, kind: int, prefix: bool) -> str:
    """llama.cpp writes the user's pieces with spaces; SentencePiece has them as it looks for them."""
    return token.replace(" ", SPACE) if kind == Kind.USER_DEFINED and not prefix else token


def add_tokens(tokenizer: Any, pieces: Sequence[str], kinds: Sequence[int]) -> None:
    """What is found in a text before anything is merged: control tokens, and the user's pieces."""
    from tokenizers import AddedToken

    special = {Kind.CONTROL, Kind.UNKNOWN}
    tokenizer.add_tokens(
        [
            # Runs of spaces are looked for after spaces have become SentencePiece's.
            AddedToken(piece, normalized=kind == Kind.USER_DEFINED and SPACE in piece, special=kind in special)
            for piece, kind in zip(pieces, kinds, strict=True)
            if kind in special or kind == Kind.USER_DEFINED
        ]
    )


class Rule:
    """SentencePiece's rule itself, a merge at a time, for texts without special tokens and user's pieces.

    What `sentencepiece_bpe` is held against: of all neighbours that make a piece, the best one, the leftmost of equals.
    """

    def __init__(self, tokens: Sequence[str], scores: Sequence[float], kinds: Sequence[int]) -> None:
        self.scores = scores
        self.pieces = {token: number for number, token in enumerate(tokens) if kinds[number] == Kind.NORMAL}
        self.bytes = {token: number for number, token in enumerate(tokens) if kinds[number] == Kind.BYTE}

    def ids(self, text: str) -> list[int]:
        """Ids of a text; of a character that is no piece, those of its bytes."""
        parts = list(text.replace(" ", SPACE))
        while best := self._best(parts):
            at = best[1]
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return [number for part in parts for number in self._numbers(part)]

    def _best(self, parts: Sequence[str]) -> tuple[float, int] | None:
        numbers = [(self.pieces.get(left + right), at) for at, (left, right) in enumerate(pairwise(parts))]
        return min(((-self.scores[number], at) for number, at in numbers if number is not None), default=None)

    def _numbers(self, part: str) -> list[int]:
        if part in self.pieces:
            return [self.pieces[part]]
        return [self.bytes[f"<0x{byte:02X}>"] for byte in part.encode()] if self.bytes else []
