"""A tokenizer as GGUF keeps it: SentencePiece's pieces with their scores, or byte-level BPE with its merges.

llama.cpp merges SentencePiece's pieces by their scores, `tokenizers` by the order of its merges: the scores written
here are that order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.models.gguf.sentencepiece_bpe import SPACE, Kind, sentencepiece_bpe
from train.models.gguf.write_pretokenizers import pre_tokenizer_name

_BYTE = re.compile(r"<0x[0-9A-F]{2}>")


@dataclass(frozen=True)
class GgufTokenizer:
    """What is written.

    model: llama (SentencePiece) or gpt2 (byte-level). kinds: as `Kind`. scores: of llama. merges, pre: of gpt2.
    special: role (bos, eos, unknown, padding, eot) -> id. adds_bos: a text begins with bos. prefix: and with a space.
    """

    model: str
    tokens: list[str]
    kinds: list[int]
    scores: list[float] = field(default_factory=list)
    merges: list[str] = field(default_factory=list)
    pre: str = "default"
    special: dict[str, int] = field(default_factory=dict)
    adds_bos: bool = False
    prefix: bool = False


def read_tokenizer(folder: Path) -> tuple[dict[str, Any], Any]:
    """(settings of tokenizer.json, the same as a `tokenizers.Tokenizer`) of a model's folder, in either form.

    Raises:
        TrainError: it holds none.
    """
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    if path.is_file():
        text = path.read_text(encoding="utf-8")
    else:
        # Of a tokenizer.model transformers makes the same.
        from train.models.formats.equivalence import load_tokenizer

        text = load_tokenizer(folder).backend_tokenizer.to_str()
    try:
        return json.loads(text), Tokenizer.from_str(text)
    except Exception as error:  # `tokenizers` raises bare Exception.
        raise TrainError(f"cannot read the tokenizer in {folder}: {' '.join(str(error).split())[:200]}") from error


def gguf_tokenizer(folder: Path, rows: int, *, adds_bos: bool, end_of_turn: str = "") -> GgufTokenizer:
    """The tokenizer of a model's folder.

    rows: of the embeddings; what the vocabulary lacks of them is filled up. adds_bos: whether the prompts of its style
    begin with the begin token. end_of_turn: text that ends an answer.

    Raises:
        TrainError: llama.cpp has no such tokenizer; names what it lacks.
    """
    settings, tokenizer = read_tokenizer(folder)
    model = settings.get("model", {})
    if model.get("type") != "BPE":
        raise TrainError(f"GGUF: tokenizers of type {model.get('type')} are not written (BPE and SentencePiece's are)")
    tokens, kinds = _vocabulary(settings, rows)
    special = _special(folder, tokens, tokenizer, end_of_turn)
    if not _is_sentencepiece(settings):
        return GgufTokenizer(
            "gpt2", tokens, kinds, merges=[" ".join(pair) for pair in _pairs(model)],
            pre=pre_tokenizer_name(settings, tokenizer), special=special, adds_bos=adds_bos,
        )  # fmt: skip
    unknown = model.get("unk_token")
    if unknown in model["vocab"] and kinds[number := model["vocab"][unknown]] == Kind.NORMAL:
        kinds[number] = Kind.UNKNOWN
    scores = _scores(tokens, kinds, _pairs(model))
    prefix = _has_prefix(settings)
    return GgufTokenizer(
        "llama", tokens, kinds, scores=scores, special=special, adds_bos=adds_bos, prefix=prefix
    )  # fmt: skip


def _vocabulary(settings: Mapping[str, Any], rows: int) -> tuple[list[str], list[int]]:
    """(tokens, kinds) by id."""
    piece_of = {number: piece for piece, number in settings["model"]["vocab"].items()}
    added = {token["id"]: token for token in settings.get("added_tokens", ())}
    if (highest := max([*piece_of, *added])) >= rows:
        raise TrainError(f"GGUF: token {highest:,} has no row in the model's embeddings ({rows:,} rows)")
    tokens, kinds = [], []
    for number in range(rows):
        token, kind = _entry(number, piece_of, added)
        tokens.append(token)
        kinds.append(kind)
    return tokens, kinds


def _entry(number: int, piece_of: Mapping[int, str], added: Mapping[int, Any]) -> tuple[str, int]:
    if number in added:
        content = str(added[number]["content"])
        if added[number]["special"]:
            return content, Kind.CONTROL
        # llama.cpp looks for it in the text itself, where spaces are spaces.
        return content.replace(SPACE, " "), Kind.USER_DEFINED
    if number not in piece_of:
        return f"[PAD{number}]", Kind.UNUSED
    piece = piece_of[number]
    return piece, Kind.BYTE if _BYTE.fullmatch(piece) else Kind.NORMAL


def _pairs(model: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The merges; `tokenizers` writes them as pairs, and wrote them as words."""
    merges = (merge.split(" ", 1) if isinstance(merge, str) else merge for merge in model.get("merges", ()))
    return [(str(first), str(second)) for first, second in merges]


def _is_sentencepiece(settings: Mapping[str, Any]) -> bool:
    """Whether it is SentencePiece's BPE in the form of `tokenizers`: spaces are pieces, unknown letters are bytes."""
    return bool(settings["model"].get("byte_fallback")) and SPACE in json.dumps(
        [settings.get("normalizer"), settings.get("pre_tokenizer")], ensure_ascii=False
    )


def _has_prefix(settings: Mapping[str, Any]) -> bool:
    return any(
        step.get("type") == "Prepend" or step.get("prepend_scheme", "never") != "never"
        for step in [*_steps(settings.get("normalizer")), *_steps(settings.get("pre_tokenizer"))]
    )


def _steps(rule: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    if rule is None:
        return
    yield rule
    for part in (*rule.get("normalizers", ()), *rule.get("pretokenizers", ())):
        yield from _steps(part)


def _scores(tokens: Sequence[str], kinds: Sequence[int], merges: Sequence[tuple[str, str]]) -> list[float]:
    """The earlier a piece is merged, the higher its score; what no merge makes comes last, special tokens have 0."""
    made = dict.fromkeys(first + second for first, second in merges)
    order = {piece: number for number, piece in enumerate(made)}
    rest = len(order)
    scores = []
    for token, kind in zip(tokens, kinds, strict=True):
        if kind != Kind.NORMAL:
            scores.append(0.0)
            continue
        if token not in order:
            order[token] = rest
            rest += 1
        scores.append(-float(order[token]))
    return scores


def _special(folder: Path, tokens: Sequence[str], tokenizer: Any, end_of_turn: str) -> dict[str, int]:
    from train.tokenizer import tokenizer_of

    ours = tokenizer_of(folder)
    named = _named(folder)
    special = {"bos": ours.bos_id, "eos": ours.eos_id}
    special |= {role: tokenizer.token_to_id(named[name]) for role, name in _ROLES.items() if named.get(name)}
    if end_of_turn and len(ids := tokenizer.encode(end_of_turn, add_special_tokens=False).ids) == 1:
        special["eot"] = ids[0]
    return {role: number for role, number in special.items() if number is not None and number < len(tokens)}


_ROLES = {"unknown": "unk_token", "padding": "pad_token"}


def _named(folder: Path) -> dict[str, str]:
    """Special tokens by the roles of tokenizer_config.json."""
    from train.models.checkpoint import read_json

    path = folder / "tokenizer_config.json"
    settings = read_json(path) if path.is_file() else {}
    tokens = {role: settings.get(role) for role in _ROLES.values()}
    return {
        role: str(token["content"] if isinstance(token, Mapping) else token) for role, token in tokens.items() if token
    }


def check_pieces(tokenizer: GgufTokenizer, folder: Path, texts: Sequence[str]) -> Iterator[str]:
    """Of SentencePiece's, whether the pieces and scores give the ids that the model was trained with.

    Byte-level merges are written as they are: there is nothing to compare.
    """
    from train.tokenizer import tokenizer_of

    if tokenizer.model != "llama":
        return
    unknown = tokenizer.special.get(
        "unknown", tokenizer.kinds.index(Kind.UNKNOWN) if Kind.UNKNOWN in tokenizer.kinds else None
    )
    theirs = sentencepiece_bpe(
        tokenizer.tokens, tokenizer.scores, tokenizer.kinds, unknown=unknown, prefix=tokenizer.prefix
    )
    ours = tokenizer_of(folder)
    for text in texts:
        first, second = ours.encode(text), theirs.encode(text, add_special_tokens=False).ids
        if list(first) != list(second):
            yield f"tokenizer: llama.cpp would cut {text[:40]!r} to {second[:9]}, training had {first[:9]}"
            return
