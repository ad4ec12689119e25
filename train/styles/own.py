"""The prompt style `own`: the model's own chat template, of whatever family it is.

All that LitGPT saves of a style is the name of its class, so the template is a part of that name, packed; what is tuned
in it is asked in it wherever the folder is copied to.
"""

from __future__ import annotations

import base64
import binascii
import functools
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from train.errors import TrainError
from train.styles.model_template import ModelTemplate, RefusedChatError, template_of
from train.styles.saved import tuned_name
from train.styles.style import PACKAGE, Style
from train.styles.template import Message, Segment, with_system

NAME = "own"


class Own(Style):
    """The style before its model is known: `of_model` gives that model's."""

    name = NAME
    language = ""
    own: ClassVar[ModelTemplate | None] = None
    #: Rows are tokenised as one text, as `apply_chat_template` does.
    exact = True

    @property
    def chat(self) -> ModelTemplate:
        """The template.

        Raises:
            TrainError: no model was named.
        """
        if self.own is None:
            raise TrainError("prompt style own is the chat template of a model: name the model's folder")
        return self.own

    def of_model(self, checkpoint: Path | str) -> Style:
        """The style of that model, with the system prompt of this one."""
        return self if self.own is not None else own_class(template_of(checkpoint), self.system)()

    def check(self) -> None:
        """See that a model can be trained in it.

        Raises:
            TrainError: it cannot; says why.
        """
        if self.chat.problem:
            raise TrainError(f"prompt_style own: {self.chat.problem}: name another prompt style")
        if self.system is not None:
            self._check_system()

    def _check_system(self) -> None:
        if not self.chat.shape.takes_system:
            raise TrainError("prompt_style own: the chat template takes no system prompt: leave data.system out")
        try:
            self.segments([{"role": "user", "content": "?"}, {"role": "assistant", "content": "!"}])
        except RefusedChatError as error:
            raise TrainError(f"prompt_style own: with a system prompt, {error}: leave data.system out") from error

    def doubts(self, tokens: Any, systems: int) -> Iterator[str]:  # noqa: ARG002
        shape, eos = self.chat.shape, self.chat.eos
        if not shape.end:
            yield f"the chat template writes nothing after an answer: {eos} is put there, for the model to end"
        elif not any(mark in shape.end for mark in self.chat.marks):
            yield f"{shape.end.strip()!r}, which ends an answer, is no token: servers need it as a stop string"
        if not shape.asked_so:
            yield "the chat template asks for an answer otherwise than it marks one: in use it will be asked otherwise"
        for name, value in self.chat.switches:
            yield f"the chat template is rendered with {name}={str(value).lower()}: servers need that, too"
        if systems and not shape.takes_system:
            yield f"{systems:,} rows have a system prompt, which the chat template refuses or leaves out"

    @functools.cached_property
    def source(self) -> str:
        return with_system(self.chat.source, self.system)

    def is_in(self, folder: Path) -> bool:
        try:
            return template_of(folder).source == self.source
        except TrainError:
            return False

    @property
    def identity(self) -> tuple[str, ...]:
        return self.name, self.chat.dumped()

    def with_system(self, system: str | None) -> Style:
        return self if system is None or self.own is None else own_class(self.own, system)()

    @property
    def bos(self) -> bool | None:
        # The template writes it where it is.
        return False

    @property
    def marks(self) -> tuple[str, ...]:
        return self.chat.marks

    @functools.cached_property
    def stop_strings(self) -> tuple[str, ...]:
        """What follows an answer: its end, and what a user's turn after it begins with."""
        shape = self.chat.shape
        return tuple(dict.fromkeys(text for text in (shape.end.strip(), shape.following) if text))

    @functools.cached_property
    def end_of_turn(self) -> str:
        return self.chat.shape.end

    @property
    def lead(self) -> str:
        return self.chat.shape.lead

    def content(self, text: str) -> str:
        """An answer as the template writes it, what it puts before it included, without what ends the turn."""
        chat = [{"role": "user", "content": "?"}, {"role": "assistant", "content": text}]
        try:
            whole, spans = self.chat.answers(chat)
        except RefusedChatError:
            # Of a model that is asked in its template and never trained in it.
            return text
        return whole[slice(*spans[-1])].removesuffix(self.end_of_turn)

    def segments(self, messages: Sequence[Message], language: str = "") -> list[Segment]:  # noqa: ARG002
        """The text of a chat, begin token included where the template writes it.

        Raises:
            RefusedChatError: the template refuses the chat.
        """
        text, spans = self.chat.answers(self._completed(messages))
        parts: list[Segment] = []
        position = 0
        for start, end in spans:
            parts += [Segment(text[position:start], False), Segment(text[start:end], True, not self.end_of_turn)]
            position = end
        rest = text[position:] if self.end_of_turn else ""
        return [part for part in (*parts, Segment(rest, False)) if part.text or part.eos]

    def prompt_segments(self, messages: Sequence[Message], language: str = "") -> list[Segment]:  # noqa: ARG002
        return [Segment(self.chat.text(self._completed(messages), ask=True), False)]

    def _completed(self, messages: Sequence[Message]) -> Sequence[Message]:
        if self.system is None or messages[0]["role"] == "system":
            return messages
        return [{"role": "system", "content": self.system}, *messages]

    def speaks(self, language: str) -> bool:  # noqa: ARG002
        return True

    def localised(self, language: str | None) -> Style:  # noqa: ARG002
        return self

    def template(self, bos: bool) -> str:  # noqa: ARG002 - The template says it.
        """The chat template, unchanged but for a system prompt that the model was tuned with."""
        return self.source


@functools.cache
def own_class(template: ModelTemplate, system: str | None) -> type[Own]:
    """The style of one model as a class of its own, whose name holds the template."""
    name = f"Own?template={packed(template)}"
    members = {"own": template, "system": system, "__module__": PACKAGE}
    return type(name if system is None else tuned_name(name, system), (Own,), members)


def packed(template: ModelTemplate) -> str:
    """The template in letters, digits, - and _."""
    data = zlib.compress(template.dumped().encode(), 9)
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unpacked(text: str) -> ModelTemplate:
    """Of `packed`.

    Raises:
        ValueError: it is none.
    """
    try:
        data = zlib.decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, zlib.error) as error:
        raise ValueError(str(error)) from error
    return ModelTemplate.loaded(data.decode())
