"""Tokenizers as GGUF keeps them: SentencePiece's order of merges as scores, byte-level rules by llama.cpp's names.

Covers train.models.gguf.write_pretokenizers.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from train.errors import TrainError
from train.models.gguf.sentencepiece_bpe import Kind, sentencepiece_bpe
from train.models.gguf.write_pretokenizers import pre_tokenizer_name
from train.models.gguf.write_tokenizer import check_pieces, gguf_tokenizer

WORDS = ["Il", "presidente", "della", "Repubblica", "ha", "firmato", "la", "legge", "Đà", "Nẵng", "presidenza"]
TEXTS = ("Il presidente ha firmato la legge", "Đà Nẵng, 14/3\n\nla presidenza", "  due  spazi ", "<mark>x ▁▁", "🙂")


def pieces(prefix: bool) -> tuple[list[str], list[float], list[int]]:
    """A SentencePiece vocabulary: marks, bytes, every stretch of the words that grows by a letter, single letters."""
    special = ["<unk>", "<s>", "</s>", "  ", "<mark>", *(f"<0x{byte:02X}>" for byte in range(256))]
    kinds = [Kind.UNKNOWN, Kind.CONTROL, Kind.CONTROL, Kind.USER_DEFINED, Kind.USER_DEFINED, *[Kind.BYTE] * 256]
    grown = dict.fromkeys(f"▁{word}"[:end] for word in WORDS for end in range(2, len(word) + 2))
    grown |= dict.fromkeys(word[start : start + 3] for word in WORDS for start in range(len(word) - 2))
    letters = dict.fromkeys("".join(WORDS) + "▁,./0123456789x")
    tokens = [*special, *grown, *letters]
    scores = [0.0] * len(special) + [-float(number) for number in range(len(grown) + len(letters))]
    return tokens, scores, kinds + [Kind.NORMAL] * (len(grown) + len(letters))


def save(folder: Path, tokenizer: Any, **settings: Any) -> Path:
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    named = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"} | settings
    (folder / "tokenizer_config.json").write_text(json.dumps(named))
    return folder


@pytest.mark.parametrize("prefix", [False, True])
def test_scores_are_the_order_of_the_merges(tmp_path: Path, prefix: bool) -> None:
    tokens, scores, kinds = pieces(prefix)
    folder = save(tmp_path / "m", sentencepiece_bpe(tokens, scores, kinds, unknown=0, prefix=prefix))
    written = gguf_tokenizer(folder, len(tokens) + 3, adds_bos=True)
    assert (written.model, written.prefix, written.adds_bos) == ("llama", prefix, True)
    assert written.special == {"bos": 1, "eos": 2, "unknown": 0}
    assert written.tokens[: len(tokens)] == tokens
    assert written.tokens[-3:] == [f"[PAD{number}]" for number in range(len(tokens), len(tokens) + 3)]
    # As published files have it: the unknown token is a control token with a role.
    assert written.kinds == [Kind.CONTROL, *kinds[1:], *[Kind.UNUSED] * 3]
    normal = [number for number, kind in enumerate(kinds) if kind == Kind.NORMAL]
    merged = [n for n in normal if len(tokens[n]) > 1]
    by_score = sorted(merged, key=lambda number: -written.scores[number])
    reachable = [n for n in by_score if written.scores[n] > -len(merged)]
    assert reachable == sorted(reachable)
    assert list(check_pieces(written, folder, TEXTS)) == []


def test_pieces_that_would_merge_otherwise_are_seen(tmp_path: Path) -> None:
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "ab", "bc", "a", "b", "c"]
    kinds = [Kind.UNKNOWN, Kind.CONTROL, Kind.CONTROL, *[Kind.BYTE] * 256, *[Kind.NORMAL] * 5]
    scores = [*[0.0] * 259, -0.0, -1.0, -2.0, -3.0, -4.0]
    folder = save(tmp_path / "m", sentencepiece_bpe(tokens, scores, kinds, unknown=0, prefix=False))
    written = gguf_tokenizer(folder, len(tokens), adds_bos=False)
    assert list(check_pieces(written, folder, ["abc"])) == []
    other = replace(written, scores=[*[0.0] * 259, -1.0, -0.0, -2.0, -3.0, -4.0])
    assert list(check_pieces(other, folder, ["abc"])) == [
        "tokenizer: llama.cpp would cut 'abc' to [261, 260], training had [259, 263]"
    ]


_WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_MARKS = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
_REGEX = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}


def split(regex: str) -> dict[str, Any]:
    rule = {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}
    return {"type": "Sequence", "pretokenizers": [rule, _BYTES]}


@pytest.mark.parametrize(
    ("rules", "name"),
    [
        (_REGEX, "gpt-2"),
        ({"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, _REGEX]}, "smollm"),
        (split(_WORDS + r"\p{N}{1,3}" + _MARKS), "llama-bpe"),
        (split(_WORDS + r"\p{N}" + _MARKS), "qwen2"),
        (split(" ?[^(\\s|[.,!?…。，、।۔،])]+"), "bloom"),
    ],
)
def test_rules_that_llama_cpp_has(rules: dict[str, Any], name: str) -> None:
    assert pre_tokenizer_name({"pre_tokenizer": rules}, byte_level()) == name


@pytest.mark.parametrize(
    "rules",
    [
        None, split(r"\w+|\W"), {**_REGEX, "add_prefix_space": True}, {"type": "Whitespace"},
        {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": False}, _REGEX]},
    ],
)  # fmt: skip
def test_other_rules_are_refused(rules: dict[str, Any] | None) -> None:
    with pytest.raises(TrainError, match=r"llama\.cpp has no name for how this tokenizer cuts a text"):
        pre_tokenizer_name({"pre_tokenizer": rules}, byte_level())


def test_the_hash_of_the_test_text_names_published_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids that SmolLM's tokenizer gives would have this hash; here any tokenizer's is entered."""
    import hashlib

    from train.models.gguf import write_pretokenizers

    tokenizer = byte_level()
    ids = tokenizer.encode(write_pretokenizers.TEST_TEXT).ids
    entry = {hashlib.sha256(str(ids).encode()).hexdigest(): "smollm"}
    monkeypatch.setattr(write_pretokenizers, "_HASHES", entry)
    assert pre_tokenizer_name({"pre_tokenizer": {"type": "Whitespace"}}, tokenizer) == "smollm"


def byte_level() -> Any:
    from train.models.pretraining import train_tokenizer

    return train_tokenizer(["un testo breve"] * 3, 300, ["</s>", "<|end|>"])


def test_byte_level_merges_and_marks(tmp_path: Path) -> None:
    tokenizer = byte_level()
    folder = save(tmp_path / "m", tokenizer, eos_token={"content": "</s>"}, bos_token=None)
    written = gguf_tokenizer(folder, tokenizer.get_vocab_size(), adds_bos=False, end_of_turn="<|end|>")
    assert (written.model, written.pre, written.scores) == ("gpt2", "gpt-2", [])
    settings = json.loads(tokenizer.to_str())
    assert written.merges == [" ".join(pair) for pair in settings["model"]["merges"]]
    assert written.special == {"eos": tokenizer.token_to_id("</s>"), "eot": tokenizer.token_to_id("<|end|>")}
    assert written.kinds[written.special["eos"]] == Kind.CONTROL


def test_what_gguf_has_no_form_for(tmp_path: Path) -> None:
    from tokenizers.models import WordLevel

    folder = save(tmp_path / "m", Tokenizer(WordLevel({"a": 0, "<s>": 1}, unk_token="a")))
    with pytest.raises(TrainError, match="tokenizers of type WordLevel are not written"):
        gguf_tokenizer(folder, 2, adds_bos=False)
    folder = save(tmp_path / "m", byte_level())
    with pytest.raises(TrainError, match="has no row in the model's embeddings"):
        gguf_tokenizer(folder, 20, adds_bos=False)
