"""How a byte-level tokenizer cuts a text into words before it merges: llama.cpp knows it by a name, never by a rule.

A name is written where the tokenizer's own rules are those that llama.cpp has under it, or where llama.cpp's published
hash of its test text says so. Anything else is refused: under a wrong name every text would be cut wrongly, silently.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from train.errors import TrainError

#: llama.cpp's test text and the hashes of the ids that published tokenizers make of it (its get_vocab_base_pre).
TEST_TEXT = (
    "\n \n\n \n\n\n \t \t\t \t\n  \n   \n    \n     \n🚀 (normal) 😶\u200d🌫️ (multiple emojis "
    "concatenated) ✅ 🦙🦙 3 33 333 3333 33333 333333 3333333 33333333 3.3 3..3 3...3 កាន់តែពិសេសអាច😁 "
    '?我想在apple工作1314151天～ ------======= нещо на Български ```````""""......!!!!!!?????? '
    "I've been 'told he's there, 'RE you sure? 'M not sure I'll make it, 'D you like some tea? We'Ve a'lL"
)
_HASHES = {
    "0ef9807a4087ebef797fc749390439009c3b9eda9ad1a097abbe738f486c01e5": "llama-bpe",
    "e636dc30a262dcc0d8c323492e32ae2b70728f4df7dfe9737d9f920a282b8aea": "qwen2",
    "d4540891389ea895b53b399da6ac824becc30f2fba0e9ddbb98f92e55ca0e97c": "qwen2",
    "855059429035d75a914d1eda9f10a876752e281a054a7a3d421ef0533e5b6249": "smollm",
    "3c30d3ad1d6b64202cd222813e7736c2db6e1bd6d67197090fc1211fbc612ae7": "bloom",
    "3ce83efda5659b07b1ad37ca97ca5797ea4285d9b9ab0dc679e4a720c9da7454": "gpt-2",
}
_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
#: The rules of a tokenizer.json, written as `_rules` writes them -> llama.cpp's name.
_NAMES = {
    ("words",): "gpt-2",
    ("digits", "words"): "smollm",
    (_CONTRACTIONS + r"\p{N}{1,3}" + _REST, "bytes"): "llama-bpe",
    (_CONTRACTIONS + r"\p{N}" + _REST, "bytes"): "qwen2",
    (" ?[^(\\s|[.,!?…。，、।۔،])]+", "bytes"): "bloom",
}


def pre_tokenizer_name(settings: Mapping[str, Any], tokenizer: Any) -> str:
    """llama.cpp's name for the rules of a tokenizer.json (`settings`), loaded as a `tokenizers.Tokenizer`.

    Raises:
        TrainError: llama.cpp has none; says what the rules are.
    """
    rules = _rules(settings.get("pre_tokenizer"))
    if (name := _NAMES.get(rules)) is None:
        ids = tokenizer.encode(TEST_TEXT).ids
        name = _HASHES.get(hashlib.sha256(str(ids).encode()).hexdigest())
    if name is None:
        raise TrainError(
            f"llama.cpp has no name for how this tokenizer cuts a text ({', '.join(rules) or 'no rule'}): it would cut "
            f"otherwise; known are {', '.join(dict.fromkeys(_NAMES.values()))} and SentencePiece's"
        )
    return name


def _rules(rule: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The rules one after another; what changes nothing of where a text is cut is left out."""
    if rule is None:
        return ()
    kind = str(rule.get("type"))
    if kind == "Sequence":
        return tuple(name for part in rule.get("pretokenizers", ()) for name in _rules(part))
    if kind == "ByteLevel":
        prefix = ("a space before the text",) if rule.get("add_prefix_space") else ()
        return (*prefix, "words" if rule.get("use_regex", True) else "bytes")
    if kind == "Digits" and rule.get("individual_digits"):
        return ("digits",)
    if kind == "Split" and rule.get("behavior") == "Isolated" and not rule.get("invert"):
        return (str(rule.get("pattern", {}).get("Regex")),)
    if kind == "Split" and rule.get("behavior") == "Removed" and rule.get("invert"):
        # An older way to write the same.
        return (str(rule.get("pattern", {}).get("Regex")),)
    return (kind,)
