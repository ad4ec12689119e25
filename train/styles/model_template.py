"""A model's own chat template, as transformers renders it: the text of a chat, and where the answers are in it.

The template comes from the model's folder (tokenizer_config.json, chat_template.jinja); nothing is known of it but what
rendering shows. Where it marks the assistant's part itself (`{% generation %}`), that is taken. Else the chat up to an
answer is rendered with `add_generation_prompt`: that text must be where the whole text begins, and the answer is what
follows it. Some templates write earlier answers otherwise than the last one (Qwen3 leaves the thinking of earlier ones
out, Mistral moves the system prompt to the last question): of those chats the last answer alone is learnt.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from train.errors import TrainError, one_line
from train.styles.template import Message

#: Settings of templates that open a block of thinking before an answer: without it, where they need it.
_SWITCHES: tuple[tuple[tuple[str, bool], ...], ...] = ((), (("enable_thinking", False),), (("thinking", False),))
_GENERATION = re.compile(r"\{%[-+]?\s*generation\s*[-+]?%\}")
_DIFFERS = "asks for an answer otherwise than it writes one"
_USER, _ANSWER, _NEXT, _SYSTEM = "(question)", "(answer)", "(next question)", "(system prompt)"
_ASKED = ({"role": "user", "content": _USER},)
_ANSWERED = (*_ASKED, {"role": "assistant", "content": _ANSWER})


class RefusedChatError(TrainError):
    """A chat that the template does not take, or whose answers cannot be told from the rest."""


class Shape(NamedTuple):
    """What a template writes around an answer.

    lead: between the prompt and the answer (Qwen3's empty thinking). tail: all that follows the last answer. end: of
    that, what ends the turn, "" where nothing does. following: what a user's turn after it begins with. takes_system:
    whether a system prompt is in the text. asked_so: whether the prompt is how the text of the chat begins.
    """

    lead: str
    tail: str
    end: str
    following: str
    takes_system: bool
    asked_so: bool


class Answers(NamedTuple):
    """The text of a chat and (start, end) of the answers in it that are learnt: all of them, or the last ones."""

    text: str
    spans: list[tuple[int, int]]


@dataclass(frozen=True)
class ModelTemplate:
    """A chat template and what decides its text.

    source: Jinja. special: bos_token, eos_token … as the template reads them. marks: added tokens of the tokenizer that
    the template writes. switches: settings it is given. parts: it takes a turn's content as a list of parts only.
    """

    source: str
    special: tuple[tuple[str, str], ...] = ()
    marks: tuple[str, ...] = ()
    switches: tuple[tuple[str, bool], ...] = ()
    parts: bool = False

    @property
    def eos(self) -> str:
        """The tokenizer's end token, "" without."""
        return dict(self.special).get("eos_token", "")

    def text(self, messages: Sequence[Message], *, ask: bool = False) -> str:
        """The chat as text; ask: up to where the next answer begins.

        Raises:
            RefusedChatError: the template refuses the chat.
        """
        return self._rendered(messages, ask=ask, marked=False)[0]

    def _rendered(self, messages: Sequence[Message], *, ask: bool, marked: bool) -> tuple[str, list[tuple[int, int]]]:
        from transformers.utils.chat_template_utils import render_jinja_template

        turns = [{"role": turn["role"], "content": self._content(turn["content"])} for turn in messages]
        settings: dict[str, Any] = {**dict(self.special), **dict(self.switches)}
        try:
            rendered: Any = render_jinja_template(
                [turns], chat_template=self.source, add_generation_prompt=ask, return_assistant_tokens_mask=marked,
                **settings,
            )  # fmt: skip
        except Exception as error:  # Jinja's, the template's own, and whatever Python makes of its expressions.
            raise RefusedChatError(f"the chat template refuses it ({one_line(error, 120)})") from error
        texts, marks = rendered
        return texts[0], list(marks[0]) if marked else []

    def _content(self, text: str) -> Any:
        return [{"type": "text", "text": text}] if self.parts else text

    @functools.cached_property
    def marks_answers(self) -> bool:
        """Whether the template says itself what the assistant's part is."""
        return bool(_GENERATION.search(self.source)) and bool(self._rendered(_ANSWERED, ask=False, marked=True)[1])

    def answers(self, messages: Sequence[Message]) -> Answers:
        """The text of a chat that ends with an answer, and where its answers are.

        Raises:
            RefusedChatError: the template refuses the chat, or its prompt is not how the text of the chat begins.
        """
        if self.marks_answers:
            return self._marked(messages)
        text = self.text(messages)
        positions = [position for position, turn in enumerate(messages) if turn["role"] == "assistant"]
        last = self._span(messages, text, text)
        # Without an end, an earlier answer would teach to go on after it.
        earlier = (
            [self._earlier(messages[: position + 1], text) for position in positions[:-1]] if self.shape.end else []
        )
        spans = [span for span in earlier if span is not None]
        return Answers(text, [*spans, last] if len(spans) == len(positions) - 1 else [last])

    def _earlier(self, messages: Sequence[Message], text: str) -> tuple[int, int] | None:
        """Where the last answer of a chat is in the text of a longer one; None where it stands otherwise there."""
        try:
            own = self.text(messages)
            start, end = self._span(messages, own, text)
        except RefusedChatError:
            return None
        return (start, end) if text.startswith(own[:end]) else None

    def _span(self, messages: Sequence[Message], text: str, whole: str) -> tuple[int, int]:
        prompt = self.text(messages[:-1], ask=True)
        if not text.startswith(prompt) or not whole.startswith(prompt):
            raise RefusedChatError(f"the chat template {_DIFFERS}")
        return len(prompt), self._stop(text, len(prompt))

    def _stop(self, text: str, start: int) -> int:
        """Where the answer that begins at `start` and its end are over, nothing but the template's own after them."""
        end, tail = self.shape.end, self.shape.tail
        if text.endswith(tail):
            return len(text) - len(tail) + len(end)
        position = text.rfind(end, start) if end else -1
        return position + len(end) if position >= 0 else start + len(text[start:].rstrip())

    def _marked(self, messages: Sequence[Message]) -> Answers:
        """As the template itself marks the answers, less the prompt that a mark may hold, with the end it may lack."""
        text, marks = self._rendered(messages, ask=False, marked=True)
        spans = _joined(marks)
        positions = [position for position, turn in enumerate(messages) if turn["role"] == "assistant"]
        if len(spans) == len(positions):
            prompts = [self.text(messages[:position], ask=True) for position in positions]
            spans = [(_begun(text, span, prompt), span[1]) for span, prompt in zip(spans, prompts, strict=True)]
        # As in `answers`.
        spans = spans if self.shape.end else spans[-1:]
        return Answers(text, [(start, self._whole(text, start, end)) for start, end in spans])

    def _whole(self, text: str, start: int, stop: int) -> int:
        """Where the end of an answer's turn is over; `stop`: where the template's own mark is."""
        end, tail = self.shape.end, self.shape.tail
        if tail and text[start:stop].endswith(tail):
            return stop - len(tail) + len(end)
        position = text.rfind(end, start, stop + len(end)) if end else -1
        return position + len(end) if position >= 0 and not text[position + len(end) : stop].strip() else stop

    @functools.cached_property
    def shape(self) -> Shape:
        """What stands around an answer, found by rendering chats.

        Raises:
            RefusedChatError: the template refuses a question and its answer, or leaves the answer out.
        """
        text, prompt = self.text(_ANSWERED), self.text(_ASKED, ask=True)
        position = text.rfind(_ANSWER)
        if position < 0:
            raise RefusedChatError("the chat template leaves the answer out")
        asked_so = text.startswith(prompt) and len(prompt) <= position
        tail = text[position + len(_ANSWER) :]
        end = self._end(tail)
        system = self.text_or_nothing(({"role": "system", "content": _SYSTEM}, *_ASKED))
        lead = text[len(prompt) : position] if asked_so else ""
        return Shape(lead, tail, end, self._following(end), _SYSTEM in system, asked_so)

    def _end(self, tail: str) -> str:
        """What ends a turn, of all that stands after an answer: up to the first tokens, else the words there."""
        if not self.marks:
            return tail.rstrip()
        tokens = "|".join(re.escape(mark) for mark in sorted(self.marks, key=len, reverse=True))
        match = re.match(rf".*?(?:{tokens})+", tail, re.DOTALL)
        return match[0] if match else tail.rstrip()

    def _following(self, end: str) -> str:
        text = self.text_or_nothing((*_ANSWERED, {"role": "user", "content": _NEXT}))
        between = text.partition(_ANSWER)[2].partition(_NEXT)[0].removeprefix(end)
        positions = {between.find(mark): mark for mark in sorted(self.marks, key=len) if mark in between}
        if positions:
            return positions[min(positions)]
        line = between.strip().partition("\n")[0]
        return ("\n" if between.startswith("\n") else "") + line if len(line) > 2 else ""

    def text_or_nothing(self, messages: Sequence[Message], *, ask: bool = False) -> str:
        """As `text`; "" where the template refuses the chat."""
        try:
            return self.text(messages, ask=ask)
        except RefusedChatError:
            return ""

    @functools.cached_property
    def problem(self) -> str:
        """Why nothing can be trained in this template; "" where it can."""
        try:
            spans = self.answers(_ANSWERED).spans
        except RefusedChatError as error:
            return f"{error}{self._difference() if _DIFFERS in str(error) else ''}"
        if not spans:
            return "the chat template marks no answer of a chat"
        if not self.shape.end and not self.eos:
            return "the chat template writes nothing after an answer, and the tokenizer has no end token"
        return ""

    def _difference(self) -> str:
        prompt, text = self.text(_ASKED, ask=True), self.text(_ANSWERED)
        same = next(
            (position for position, (first, second) in enumerate(zip(prompt, text, strict=False)) if first != second), 0
        )
        return f" ({prompt[same:][:40]!r} where a chat has {text[same:][:40]!r})"

    def dumped(self) -> str:
        """All of it as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def loaded(cls, text: str) -> ModelTemplate:
        """Of `dumped`.

        Raises:
            ValueError: it is none.
        """
        try:
            content = json.loads(text)
            pairs: dict[str, Any] = {}
            for name in ("special", "switches"):
                pairs[name] = tuple((key, value) for key, value in content.pop(name))
            return cls(marks=tuple(content.pop("marks")), **content, **pairs)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no chat template: {error}") from error


def _begun(text: str, span: tuple[int, int], prompt: str) -> int:
    """Where the model itself begins to write: a mark may hold the prompt's end, or leave out white space after it."""
    start, end = span
    near = start < len(prompt) < end or text[len(prompt) : start].isspace()
    return len(prompt) if near and text.startswith(prompt) else start


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Marks without a gap between them are of one answer."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and joined[-1][1] == start:
            joined[-1] = joined[-1][0], end
        elif end > start:
            joined.append((start, end))
    return joined


def template_of(checkpoint: Path | str) -> ModelTemplate:
    """The chat template of a model's folder, or of a model on the hub.

    Raises:
        TrainError: it has none, or one that renders no chat.
    """
    tokenizer = _tokenizer(checkpoint)
    if not tokenizer.chat_template:
        raise TrainError(
            f"{checkpoint} has no chat template of its own (chat_template in tokenizer_config.json, or "
            "chat_template.jinja): name a prompt style instead of own"
        )
    try:
        source = tokenizer.get_chat_template()
    except ValueError as error:
        raise TrainError(f"{checkpoint}: none of its chat templates is called default") from error
    template = ModelTemplate(source, tuple(tokenizer.special_tokens_map.items()))
    return _settled(template, _token_texts(tokenizer), checkpoint)


def _tokenizer(checkpoint: Path | str) -> Any:
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(checkpoint, local_files_only=Path(checkpoint).is_dir())
    except Exception as error:  # Of many kinds: broken JSON, an unknown class, a missing file.
        raise TrainError(f"transformers cannot load the tokenizer in {checkpoint}: {one_line(error)}") from error


def _token_texts(tokenizer: Any) -> list[str]:
    """Texts that the tokenizer reads as one token whatever is around them; Gemma's of white space left out."""
    tokens = {str(token) for token in tokenizer.added_tokens_decoder.values()} | set(tokenizer.all_special_tokens)
    return sorted(token for token in tokens if token.strip())


def _settled(template: ModelTemplate, tokens: Sequence[str], checkpoint: Path | str) -> ModelTemplate:
    """The template with its tokens, and the settings with which its prompt is how its chats begin."""
    forms = (template, replace(template, parts=True))
    fitting = next((form for form in forms if _ANSWER in form.text_or_nothing(_ANSWERED)), None)
    if fitting is None:
        raise TrainError(f"{checkpoint}: {_refusal(template)}: name a prompt style instead of own")
    template = replace(fitting, marks=_written(fitting, tokens))
    settings = (replace(template, switches=switches) for switches in _SWITCHES)
    return next((each for each in settings if not each.problem and each.shape.asked_so), template)


def _refusal(template: ModelTemplate) -> str:
    try:
        template.text(_ANSWERED)
    except RefusedChatError as error:
        return str(error)
    return "the chat template leaves the answer out"


def _written(template: ModelTemplate, tokens: Iterable[str]) -> tuple[str, ...]:
    """The tokens that the template writes in chats, and the special ones that it may."""
    system = {"role": "system", "content": _SYSTEM}
    chats: list[Sequence[Mapping[str, str]]] = [
        _ANSWERED, (*_ANSWERED, *_ASKED), (system, *_ANSWERED), (system, *_ASKED),
    ]  # fmt: skip
    texts = [template.text_or_nothing(chat, ask=ask) for chat in chats for ask in (False, True)]
    special = {token for name, token in template.special if name in ("bos_token", "eos_token", "pad_token")}
    return tuple(token for token in tokens if token in special or any(token in text for text in texts))
