"""From rows to prompt tokens: what ends a text, the style a folder was tuned in, and prompts that fit the context."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.data.encode import Tokens
from train.data.export_files import request_of
from train.errors import TrainError
from train.models.checkpoint import read_json

Message = Mapping[str, str]


@dataclass(frozen=True)
class Prompt:
    """A prompt as text and as tokens, and whether its source text had to be shortened to fit."""

    text: str
    ids: list[int]
    shortened: bool


def encoded(messages: Sequence[Message], style: Any, tokens: Tokens, language: str) -> list[int]:
    """Ids of the prompt, as in training."""
    if isinstance(style, OpaqueStyle):
        return style.encode(messages, tokens, language)
    from train.data.encode import encode_prompt

    return encode_prompt(messages, style, tokens, language)


def single(tokens: Tokens, text: str) -> int | None:
    """The id of a text that is one token, or None."""
    ids = tokens.encode(text) if text else []
    return ids[0] if len(ids) == 1 else None


def decoder(tokens: Tokens) -> Callable[[Sequence[int]], str]:
    """ids -> text without special tokens."""
    if processor := getattr(tokens, "processor", None):
        return lambda ids: str(processor.decode(list(ids)))
    tokenizer = getattr(tokens, "tokenizer", None)
    if tokenizer is None:
        return tokens.decode
    return lambda ids: str(tokenizer.decode(list(ids), skip_special_tokens=True))


def end_ids(folder: Path, tokens: Tokens, style: Any) -> frozenset[int]:
    """Tokens that end a text: the tokenizer's end, those of generation_config.json, and stop strings of one token."""
    listed = settings(folder / "generation_config.json").get("eos_token_id")
    numbers = [tokens.eos_id, *(listed if isinstance(listed, list) else [listed])]
    numbers += [single(tokens, text) for text in (style.end_of_turn, *style.stop_strings)]
    return frozenset(number for number in numbers if number is not None)


def settings(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where there is no file."""
    return read_json(path) if path.is_file() else {}


def messages_of(row: Sequence[Message] | Mapping[str, Any]) -> list[dict[str, str]]:
    """The chat up to the user's last turn: given as messages, or as a row of an export.

    Raises:
        TrainError: the row holds no request.
    """
    from train.styles import request_message

    messages = row.get("messages") if isinstance(row, Mapping) else row
    if isinstance(messages, Sequence) and messages:
        turns = [{key: str(value) for key, value in turn.items()} for turn in messages]
        while turns and turns[-1].get("role") != "user":
            turns.pop()
        if not turns:
            raise TrainError("the messages hold no turn of the user")
        return turns
    fields = dict(row) if isinstance(row, Mapping) else {}
    first = str(fields.get("system") or "")
    return [*([{"role": "system", "content": first}] if first else []), request_message(*request_of(fields))]


def unmarked(turn: Message, style: Any) -> dict[str, str]:
    """The turn without the style's own marks in its texts: an article that holds one would forge the end of a turn."""
    cleaned = dict(turn)
    for mark in getattr(style, "marks", ()):
        cleaned = {key: value.replace(mark, "") if key != "role" else value for key, value in cleaned.items()}
    return cleaned


def fitted(
    messages: list[dict[str, str]],
    encode: Callable[[list[dict[str, str]]], list[int]],
    most: int,
    shorter: Callable[[str, int], str],
) -> tuple[list[dict[str, str]], list[int]]:
    """The messages in at most `most` tokens, and those: earlier turns go first, then the end of the source text.

    encode: messages -> ids. shorter: (text, tokens to take away) -> less of the text, "" at last. The source text is
    the `input` of the last turn where it has one, else the turn itself; the request is cut when nothing else is left.

    Raises:
        TrainError: not even an empty turn fits.
    """
    from train.styles import request_message

    ids = encode(messages)
    head = [turn for turn in messages[:1] if turn["role"] == "system"]
    turns = messages[len(head) :]
    while len(ids) > most and len(turns) > 2:
        turns = turns[2:]  # A question goes with its answer.
        messages = [*head, *turns]
        ids = encode(messages)
    source = turns[-1].get("input") or turns[-1]["content"]
    request = turns[-1]["content"][: -len(source) - 2] if turns[-1].get("input") else ""
    while len(ids) > most:
        if not source and not request:
            raise TrainError(f"a prompt without any text takes {len(ids)} tokens; there is room for {most}")
        if not source:
            request, source = "", request
        source = shorter(source, len(ids) - most)
        turn = request_message(request, source) if request else {"role": "user", "content": source}
        messages = [*head, turn]
        ids = encode(messages)
    return messages, ids


def shortener(tokens: Tokens) -> Callable[[str, int], str]:
    """(text, tokens) -> the text without at least so many of its last tokens, ended at a word, with a mark."""
    from train.data.encode import ELLIPSIS

    mark = len(tokens.encode(ELLIPSIS)) + 1

    def shorter(text: str, over: int) -> str:
        text = text.removesuffix(ELLIPSIS)
        ids = tokens.encode(text)
        text_left = tokens.decode(ids[: max(len(ids) - over - mark, 0)]).rstrip("\ufffd")
        if " " in text_left[len(text_left) // 2 :]:
            text_left = text_left[: text_left.rindex(" ")]
        return text_left.rstrip() + ELLIPSIS if len(text_left) > 16 else ""

    return shorter


class OpaqueStyle:
    """A style that is not ours: it makes one text of a chat, of which no part is known but what ends a turn."""

    name = ""
    stop_strings: tuple[str, ...] = ()
    end_of_turn = ""
    lead = ""
    bos: bool | None = None

    def prompt(self, messages: Sequence[Message], language: str = "", eos: str = "") -> str:
        raise NotImplementedError

    def encode(self, messages: Sequence[Message], tokens: Tokens, language: str = "") -> list[int]:
        """Ids of the prompt, the begin token before it where the tokenizer puts one and the style does not."""
        ids = tokens.encode(self.prompt(messages, language))
        adds_bos = tokens.adds_bos if self.bos is None else self.bos
        if adds_bos and tokens.bos_id is not None and ids[:1] != [tokens.bos_id]:
            return [tokens.bos_id, *ids]
        return ids

    def content(self, text: str) -> str:
        return text


class ForeignStyle(OpaqueStyle):
    """One of LitGPT's own prompt styles that ours do not say: a single turn, in LitGPT's words."""

    def __init__(self, style: Any) -> None:
        self.style, self.name = style, type(style).__name__

    def prompt(self, messages: Sequence[Message], language: str = "", eos: str = "") -> str:  # noqa: ARG002
        system = next((turn["content"] for turn in messages if turn["role"] == "system"), None)
        turns = [turn["content"] for turn in messages if turn["role"] != "system"]
        return str(self.style.apply("\n\n".join(turns), sys_prompt=system))


def style_in(folder: Path, *, name: str | None = None, beneath: Path | None = None) -> Any:
    """The prompt style of a model's folder: the one asked for by name, the one it was tuned with, that of its base
    (`beneath`), LitGPT's for the model, its chat template, or plain text where there is nothing of all that.
    """
    from train.styles import style_named, style_of, system_of

    folders = [folder, *([beneath] if beneath else [])]
    if name:
        # Another style's marks, but the system prompt that the model was tuned with.
        own = next((part for part in folders if has_template(part)), folder)
        return style_named(name).of_model(own).with_system(system_of(folder))
    for part in folders:
        if style := style_of(part):
            return style
    for part in folders:
        if foreign := _litgpt_style(part) or _template_style(part):
            return foreign
    return style_named("plain")


def _litgpt_style(folder: Path) -> Any:
    if not (folder / "model_config.yaml").is_file():
        return None
    from litgpt.prompts import Default, PromptStyle, has_prompt_style, load_prompt_style

    from train.models.checkpoint import litgpt_config
    from train.styles import style_like

    style = load_prompt_style(folder) if has_prompt_style(folder) else PromptStyle.from_config(litgpt_config(folder))
    if isinstance(style, Default):
        return None
    # What LitGPT's registry names for an instruct model, ours says for several turns too.
    return style_like(type(style).__name__) or ForeignStyle(style)


def _template_style(folder: Path) -> Any:
    from train.styles import style_named

    return style_named("own").of_model(folder) if has_template(folder) else None


def has_template(folder: Path) -> bool:
    """Whether a model's folder brings a chat template."""
    config = settings(folder / "tokenizer_config.json")
    return bool(config.get("chat_template")) or (folder / "chat_template.jinja").is_file()
