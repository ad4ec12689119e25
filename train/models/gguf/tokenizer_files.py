"""tokenizer.json and the settings beside it, of a GGUF file's metadata."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.models.gguf.byte_bpe import byte_bpe, rule_of
from train.models.gguf.file import GgufModel
from train.models.gguf.sentencepiece_bpe import Kind, Rule, sentencepiece_bpe

_ROLES = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding", "mask": "mask"}
#: What llama.cpp takes where a file of its SentencePiece kind does not say.
_DEFAULTS = {"bos": 1, "eos": 2, "unk": 0}
#: Rows of the embeddings that no token belongs to; llama.cpp's converter names them so.
_FILLING = re.compile(r"\[PAD\d+\]$")


@dataclass(frozen=True)
class GgufTokenizer:
    """A tokenizer as a GGUF file describes it.

    kind: SentencePiece or bytes. ids: role (bos, eos, unk, pad, mask) -> the token's id. ends: all ids at which an
    answer may end.
    """

    processor: Any
    kind: str
    tokens: Sequence[str]
    ids: dict[str, int]
    adds_bos: bool
    adds_eos: bool
    ends: tuple[int, ...]
    chat_template: str | None


def tokenizer_from(model: GgufModel, pre: str | None = None) -> GgufTokenizer:
    """The tokenizer. pre: the rule that cuts words, where the file does not name it.

    Raises:
        TrainError: it is of a kind that is not read, or damaged.
    """
    try:
        return _made(model, pre)
    except TrainError as error:
        raise TrainError(f"{model.paths[0]}: {error}") from error


def _made(model: GgufModel, pre: str | None) -> GgufTokenizer:
    get = _getter(model)
    kind = get("model")
    if kind not in ("llama", "gpt2"):
        raise TrainError(
            f"its tokenizer is of the kind {kind!r}, which is not read (llama and gpt2 are)" if kind
            else "it holds no tokenizer (tokenizer.ggml.model)"
        )  # fmt: skip
    tokens, kinds = _tokens(model)
    ids = {role: number for role in _ROLES if (number := _id(model, role, kind, len(tokens))) is not None}
    if kind == "llama":
        processor = _sentencepiece(model, tokens, kinds, ids.get("unk"))
    else:
        rule = rule_of(pre or get("pre"), model.architecture)
        prefix = bool(get("add_space_prefix", False))
        processor = byte_bpe(tokens, kinds, _strings(model, "merges"), rule=rule, prefix=prefix)
    # As llama.cpp has it where the file does not say.
    default = kind == "llama" or rule == "llama3"
    adds = {role: bool(get(f"add_{role}_token", default and role == "bos")) and role in ids for role in ("bos", "eos")}
    _post_process(processor, tokens, ids, adds)
    ends = [ids["eos"]] if "eos" in ids else []
    ends += [end for role in ("eot", "eom") if isinstance(end := get(f"{role}_token_id"), int) and end < len(tokens)]
    template = model.metadata.get("tokenizer.chat_template")
    return GgufTokenizer(
        processor, "SentencePiece" if kind == "llama" else "bytes", tokens, ids, adds["bos"], adds["eos"],
        tuple(dict.fromkeys(ends)), template if isinstance(template, str) and template else None,
    )  # fmt: skip


def _getter(model: GgufModel) -> Any:
    return lambda key, default=None: model.metadata.get(f"tokenizer.ggml.{key}", default)


def _strings(model: GgufModel, key: str) -> list[str]:
    values = model.metadata.get(f"tokenizer.ggml.{key}")
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise TrainError(f"its tokenizer lacks its {key} (tokenizer.ggml.{key})")
    return values


def _tokens(model: GgufModel) -> tuple[list[str], list[int]]:
    """Tokens and their kinds, without the filling at their end."""
    tokens = _strings(model, "tokens")
    kinds = model.metadata.get("tokenizer.ggml.token_type") or [Kind.NORMAL] * len(tokens)
    if len(kinds) != len(tokens):
        raise TrainError(f"its tokenizer has {len(tokens):,} tokens and {len(kinds):,} kinds of them")
    count = len(tokens)
    while count and kinds[count - 1] == Kind.UNUSED and _FILLING.match(tokens[count - 1]):
        count -= 1
    if count > (rows := model.tensors["token_embd.weight"].shape[0]):
        raise TrainError(f"its tokenizer has {count:,} tokens, its embeddings {rows:,} rows")
    if len(set(tokens[:count])) < count:
        twice = next(token for number, token in enumerate(tokens) if token in set(tokens[:number]))
        raise TrainError(f"its tokenizer has the token {twice!r} twice")
    return tokens[:count], list(kinds[:count])


def _id(model: GgufModel, role: str, kind: str, count: int) -> int | None:
    default = _DEFAULTS.get(role) if kind == "llama" else None
    number = model.metadata.get(f"tokenizer.ggml.{_ROLES[role]}_token_id", default)
    # Some write a number of all ones for none.
    return int(number) if number is not None and 0 <= number < count else None


def _sentencepiece(model: GgufModel, tokens: Sequence[str], kinds: Sequence[int], unknown: int | None) -> Any:
    scores = model.metadata.get("tokenizer.ggml.scores")
    if not isinstance(scores, list) or len(scores) < len(tokens):
        raise TrainError("its tokenizer lacks its scores (tokenizer.ggml.scores)")
    prefix = bool(model.metadata.get("tokenizer.ggml.add_space_prefix", True))
    processor = sentencepiece_bpe(tokens, scores, kinds, unknown=unknown, prefix=prefix)
    rule = Rule(tokens, scores, kinds)
    own = [token for number, token in enumerate(tokens) if kinds[number] == Kind.USER_DEFINED]
    for text in (text for text in _SPLITS if not any(token in text for token in own)):
        ours = processor.encode(text, add_special_tokens=False).ids
        if ours != (theirs := rule.ids(f" {text}" if prefix else text)):
            raise TrainError(
                f"its tokenizer could not be made: {text!r} gives {ours}, by SentencePiece's rule {theirs}"
            )
    return processor


#: Words whose splits are held against the rule.
_SPLITS = (
    "Il presidente della Repubblica, però: «mai più».", "Thủ tướng Phạm Minh Chính tới Đà Nẵng", "naïve café 👩‍👧 0x1F",
    "unhappiness of the 12,345 ferries",
)  # fmt: skip


def _post_process(processor: Any, tokens: Sequence[str], ids: dict[str, int], adds: dict[str, bool]) -> None:
    """Special tokens around a text."""
    from tokenizers import processors

    if not any(adds.values()):
        return
    names = {role: tokens[ids[role]] for role, put in adds.items() if put}
    first, last = ([names[role]] if role in names else [] for role in ("bos", "eos"))
    single = [*first, "$A", *last]
    pair = [*single, *(f"{token}:1" for token in first), "$B:1", *(f"{token}:1" for token in last)]
    special = [(token, ids[role]) for role, token in names.items()]
    processor.post_processor = processors.TemplateProcessing(single=single, pair=pair, special_tokens=special)


def write_tokenizer(tokenizer: GgufTokenizer, out: Path, longest: int) -> None:
    """tokenizer.json, tokenizer_config.json, chat_template.jinja and generation_config.json."""
    from train.models.formats.write import write_json

    tokenizer.processor.save(str(out / "tokenizer.json"))
    settings: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": longest,
        "clean_up_tokenization_spaces": False,
        "add_bos_token": tokenizer.adds_bos, "add_eos_token": tokenizer.adds_eos,
        **{f"{role}_token": tokenizer.tokens[number] for role, number in tokenizer.ids.items()},
    }  # fmt: skip
    if tokenizer.chat_template is not None:
        settings["chat_template"] = tokenizer.chat_template
        (out / "chat_template.jinja").write_text(tokenizer.chat_template, encoding="utf-8")
    write_json(out / "tokenizer_config.json", settings)
    generation: dict[str, Any] = {
        f"{role}_token_id": tokenizer.ids[role] for role in ("bos", "pad") if role in tokenizer.ids
    }
    if tokenizer.ends:
        generation["eos_token_id"] = list(tokenizer.ends) if len(tokenizer.ends) > 1 else tokenizer.ends[0]
    write_json(out / "generation_config.json", generation)
