"""The tokenizer `gpt2` of GGUF: BPE of bytes with its merges, and the rule that cuts a text into words before.

GGUF has a name for that rule, not the rule itself: the names here are llama.cpp's (src/llama-vocab.cpp), the rules are
those of the models' own tokenizer.json.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from train.errors import TrainError
from train.models.gguf.sentencepiece_bpe import add_tokens

_APOSTROPHES = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_MARKS = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_LLAMA3 = rf"{_APOSTROPHES}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}|{_MARKS}"
_QWEN2 = rf"{_APOSTROPHES}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}|{_MARKS}"
#: Names of one rule.
_ALIKE = {
    "llama3": ("llama3", "llama-v3", "llama-bpe", "falcon3"),
    "qwen2": ("qwen2", "deepseek-r1-qwen"),
    "smollm": ("smollm", "starcoder", "refact", "command-r"),
    "gpt-2": ("gpt-2", "gpt2", "olmo", "mpt"),
}
RULES = {name: rule for rule, names in _ALIKE.items() for name in names}


def rule_of(name: str | None, architecture: str) -> str:
    """The rule by GGUF's name for it (tokenizer.ggml.pre).

    Raises:
        TrainError: it is not known here, or the file names none.
    """
    if name in (None, "", "default"):
        # Written before llama.cpp had names for them; all Qwen cut words alike.
        if architecture.startswith("qwen"):
            return "qwen2"
        names = ", ".join(_ALIKE)
        raise TrainError(
            f"the file does not say how its tokenizer cuts words (tokenizer.ggml.pre): say --pre ({names})"
        )
    if name not in RULES:
        raise TrainError(f"its tokenizer cuts words as {name!r}, which is not read ({', '.join(_ALIKE)} are)")
    return RULES[name]


def byte_bpe(
    tokens: Sequence[str], kinds: Sequence[int], merges: Sequence[str], *, rule: str, prefix: bool = False
) -> Any:
    """A `tokenizers.Tokenizer`. merges: of two parts each, with a space between. rule: of `rule_of`.

    Raises:
        TrainError: a merge is none, or of parts that are no tokens.
    """
    from tokenizers import Tokenizer, decoders, normalizers
    from tokenizers.models import BPE

    vocabulary = {token: number for number, token in enumerate(tokens)}
    try:
        # As with Llama 3's own file: a word that is a token is not merged.
        model = BPE(vocabulary, [_parts(merge) for merge in merges], ignore_merges=rule == "llama3")
    except Exception as error:
        raise TrainError(
            f"its tokenizer's merges do not fit its tokens: {' '.join(str(error).split())[:120]}"
        ) from error
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = _cutter(rule, prefix)
    tokenizer.decoder = decoders.ByteLevel()
    if rule == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    add_tokens(tokenizer, tokens, kinds)
    return tokenizer


def _parts(merge: str) -> tuple[str, str]:
    # A part may itself begin with a space.
    at = merge.find(" ", 1)
    if at < 0:
        raise TrainError(f"its tokenizer has a merge of one part, {merge!r}")
    return merge[:at], merge[at + 1 :]


def _cutter(rule: str, prefix: bool) -> Any:
    from tokenizers import Regex, pre_tokenizers

    if rule in ("llama3", "qwen2"):
        pattern = Regex(_LLAMA3 if rule == "llama3" else _QWEN2)
        cut = pre_tokenizers.Split(pattern, behavior="isolated", invert=False)
        return pre_tokenizers.Sequence([cut, pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=False)])
    words = pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=True)
    digits = pre_tokenizers.Digits(individual_digits=True)
    return pre_tokenizers.Sequence([digits, words]) if rule == "smollm" else words
