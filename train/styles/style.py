"""What a prompt style is, and the styles of the files beside this module."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from litgpt.prompts import PromptStyle

from train.styles.files import FOLDER, Head, StyleFile, read_styles
from train.styles.saved import tuned_name
from train.styles.template import Message, Segment, with_system, without_tags
from train.styles.template import segments as rendered_segments

#: The module in which LitGPT looks for a style by the name of its class.
PACKAGE = "train.styles"
_USER = {"role": "user", "content": "?"}


class Request(str):
    """A chat that waits for its answer, printed as its last user turn.

    LitGPT's example is `style.apply(data.test_dataset.data[0]["instruction"])`: this carries the whole chat there.
    """

    messages: tuple[dict[str, str], ...]
    language: str

    def __new__(cls, messages: Sequence[Message], language: str = "") -> Request:
        self = super().__new__(cls, messages[-1]["content"])
        self.messages, self.language = tuple(dict(message) for message in messages), language
        return self


class Style(PromptStyle):
    """A prompt style; every class below it is made of a file."""

    file: ClassVar[StyleFile]
    name: ClassVar[str]
    #: Language of chats that do not say theirs.
    language: ClassVar[str]
    #: System prompt of chats without one, where a model was tuned with another than the style's; "": none.
    system: ClassVar[str | None] = None
    #: Whether a row is tokenised as one text; else what is learnt and what is not are tokenised apart.
    exact: ClassVar[bool] = False

    def of_model(self, checkpoint: Path | str) -> Style:  # noqa: ARG002 - `own` is another for each.
        """The style as that model (a folder, or a name on the hub) was trained in it."""
        return self

    def check(self) -> None:
        """See that a model can be trained in it.

        Raises:
            TrainError: it cannot; says why.
        """

    def doubts(self, tokens: Any, systems: int) -> Iterator[str]:  # noqa: ARG002 - `own` asks for them.
        """What a person should know who trains a model in it.

        tokens: of the model, with `encode`. systems: how many chats have a system prompt.
        """
        if self.end_of_turn and len(tokens.encode(self.end_of_turn)) != 1:
            yield f"{self.end_of_turn} is no token of this model's: prompt style {self.name} is another model's"

    @property
    def identity(self) -> tuple[str, ...]:
        """All that the text of a chat depends on."""
        return self.name, self.template(True)

    def is_in(self, folder: Path) -> bool:  # noqa: ARG002 - `own` looks.
        """Whether a model's folder has its chat template already, which is not written again then."""
        return False

    @property
    def lead(self) -> str:
        """Text that the style has the model write before its answer."""
        return ""

    @functools.cached_property
    def source(self) -> str:
        """The template, with the system prompt that the model was tuned with."""
        return with_system(self.file.source, self.system)

    def with_system(self, system: str | None) -> Style:
        """The style whose chats without a system prompt get that one ("": none); None: this style."""
        return self if system is None else tuned(self.name, system)()

    @property
    def head(self) -> Head:
        """What the file says beside the template."""
        return self.file.head

    @property
    def bos(self) -> bool | None:
        """Whether the text begins with the begin token; None: as the tokenizer does."""
        return self.head.bos

    @property
    def marks(self) -> tuple[str, ...]:
        """Texts that the tokenizer reads as one token: inside a text they would forge a turn."""
        return self.head.marks

    @functools.cached_property
    def stop_strings(self) -> tuple[str, ...]:
        """Texts that the model may write when it goes on after its turn, and must be stopped at."""
        return self.file.stop_strings

    @functools.cached_property
    def end_of_turn(self) -> str:
        """Text that ends the assistant's turn; "" where it is the tokenizer's end token."""
        return self._answer("?").partition("?")[2]

    def content(self, text: str) -> str:
        """An answer as the style writes it, without what ends its turn."""
        return self._answer(text).removesuffix(self.end_of_turn)

    def _answer(self, text: str) -> str:
        chat = [_USER, {"role": "assistant", "content": text}]
        return next(segment.text for segment in self.segments(chat) if segment.learn)

    def segments(self, messages: Sequence[Message], language: str = "") -> list[Segment]:
        """The text of a chat, begin token left out: each answer and the end of its turn learnt, all else not.

        Args:
            messages: system first if any, then user and assistant in turn.
            language: ISO 639-1 code of the chat; "" unknown.
        """
        return rendered_segments(self.source, messages, language, ask=False)

    def prompt_segments(self, messages: Sequence[Message], language: str = "") -> list[Segment]:
        """The segments up to where the answer begins; `messages` end with a user's turn."""
        return rendered_segments(self.source, messages, language, ask=True)

    def text(self, messages: Sequence[Message], language: str = "", eos: str = "") -> str:
        """The segments as one text, `eos` written where the end token is."""
        return _joined(self.segments(messages, language), eos)

    def prompt(self, messages: Sequence[Message], language: str = "", eos: str = "") -> str:
        """The text up to where the answer begins; `messages` end with a user's turn."""
        return _joined(self.prompt_segments(messages, language), eos)

    def speaks(self, language: str) -> bool:
        """Whether what the style itself says is in that language, or it says nothing."""
        return not self.head.language or language in ("", *self.file.words)

    def localised(self, language: str | None) -> Style:
        """The style of this family for that language, itself where there is none."""
        return STYLES.get(f"{self.file.family}-{language}", STYLES[self.name])().with_system(self.system)

    def apply(self, prompt: str | list[dict[str, str]], *, sys_prompt: str | None = None, **kwargs: str) -> str:
        """LitGPT's way to ask: an instruction (and `input`, `language`), or messages."""
        language = kwargs.get("language") or ""
        if isinstance(prompt, Request):
            messages, language = list(prompt.messages), prompt.language
        elif isinstance(prompt, str):
            messages = [request_message(prompt, kwargs.get("input") or "")]
        else:
            messages = [dict(message) for message in prompt]
        if sys_prompt and messages[0]["role"] != "system":
            messages.insert(0, {"role": "system", "content": sys_prompt})
        return self.prompt(messages, language)

    def stop_tokens(self, tokenizer: Any) -> tuple[list[int], ...]:
        """Token ids that end an answer, for LitGPT's generation."""
        stops = [[tokenizer.eos_id]]
        if self.end_of_turn:
            ids = tokenizer.encode(self.end_of_turn, bos=False).tolist()
            stops += [ids] if ids and ids not in stops else []
        return tuple(stops)

    @property
    def chat_template(self) -> str:
        """Jinja that renders the same text, begin token included where the style has one."""
        return self.template(bool(self.bos))

    def template(self, bos: bool) -> str:
        """As `chat_template`; `bos`: with the begin token, for a tokenizer that puts one before every text."""
        return ("{{- bos_token -}}\n" if bos else "") + without_tags(self.source).rstrip("\n")


def _joined(segments: Sequence[Segment], eos: str) -> str:
    return "".join(segment.text + (eos if segment.eos else "") for segment in segments)


def request_message(instruction: str, material: str = "") -> dict[str, str]:
    """A user's turn of an instruction and, after a blank line, the material it is about."""
    if not material:
        return {"role": "user", "content": instruction}
    return {"role": "user", "content": f"{instruction}\n\n{material}", "input": material}


def load_styles(folder: Path = FOLDER) -> dict[str, type[Style]]:
    """name -> class, of every style in the folder.

    Raises:
        TrainError: a file is no style.
    """
    return {style.name: _class_of(style) for style in read_styles(folder)}


def _class_of(style: StyleFile) -> type[Style]:
    members = {"file": style, "name": style.name, "language": style.language, "__module__": PACKAGE}
    return type(style.class_name, (Style,), members)


#: name -> class.
STYLES: dict[str, type[Style]] = load_styles()


@functools.cache
def tuned(style: str, system: str) -> type[Style]:
    """The style of that name as a class of its own, whose name says the system prompt: LitGPT keeps no more."""
    base = STYLES[style]
    return type(tuned_name(base.__name__, system), (base,), {"system": system, "__module__": PACKAGE})
