"""Prompt styles: how a chat becomes the one text that a model reads, as each family of models was trained.

A style is one file, NAME.jinja: the template with what is learnt marked in it, and a head (`train.styles.files`). The
text, the masks, the stop strings and the chat template of a converted model come from it, so that training, `litgpt
generate` and servers see the same text. What styles say themselves is in languages.yaml, by language. Styles are LitGPT
prompt styles: LitGPT writes their class into `prompt_style.yaml` beside a tuned model and loads them from there.

    chatml             SmolLM2, Qwen: <|im_start|>role … <|im_end|>
    llama3             Llama 3: headers and <|eot_id|>
    gemma              Gemma 2 and 3: <start_of_turn>; the system prompt goes into the first user turn
    alpaca             LitGPT's wording, English
    alpaca-en, -it, -vi    the same in the sample's language, or in that one where it is unknown
    plain              the texts, a blank line between them
    chatml-it, llama3-vi, …    with the default system prompt of that language where a chat does not say its language
    own                the model's own chat template, of whatever family it is (`train.styles.own`)

A system message in the chat wins over every default; an empty one turns the default off. A model that was tuned with a
system prompt of its own keeps it as a part of its style (`Style.with_system`, `train.styles.saved`).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from litgpt.prompts import PromptStyle

from train.errors import TrainError
from train.styles import template
from train.styles.files import FOLDER, Head, StyleFile, read_styles
from train.styles.saved import class_of, read_name, system_of, template_in, tuned_name
from train.styles.template import Message, Segment

__all__ = [
    "STYLES", "Message", "Request", "Segment", "Style", "load_styles", "request_message", "style_like",
    "style_named", "style_names", "style_of", "system_of",
]  # fmt: skip

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
        return template.with_system(self.file.source, self.system)

    def with_system(self, system: str | None) -> Style:
        """The style whose chats without a system prompt get that one ("": none); None: this style."""
        return self if system is None else _tuned(self.name, system)()

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
        return template.segments(self.source, messages, language, ask=False)

    def prompt_segments(self, messages: Sequence[Message], language: str = "") -> list[Segment]:
        """The segments up to where the answer begins; `messages` end with a user's turn."""
        return template.segments(self.source, messages, language, ask=True)

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
        return ("{{- bos_token -}}\n" if bos else "") + template.without_tags(self.source).rstrip("\n")


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
    members = {"file": style, "name": style.name, "language": style.language, "__module__": __name__}
    return type(style.class_name, (Style,), members)


#: name -> class.
STYLES: dict[str, type[Style]] = load_styles()
# LitGPT saves no more of a style than the name of its class in this module.
globals().update({style.__name__: style for style in STYLES.values()})


@functools.cache
def _tuned(style: str, system: str) -> type[Style]:
    """The style as a class of its own, whose name says the system prompt: all that LitGPT saves and loads is a name."""
    base = STYLES[style]
    return type(tuned_name(base.__name__, system), (base,), {"system": system, "__module__": __name__})


def __getattr__(name: str) -> type[Style]:
    """A class that a prompt_style.yaml names with its system prompt, or with a model's own template."""
    base, system = read_name(name)
    if base == "Own":
        return _own(name, system)
    style = next((style for style in STYLES.values() if style.__name__ == base), None)
    if style is None or system is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _tuned(style.name, system)


def _own(name: str, system: str | None) -> type[Style]:
    from train.styles import own

    try:
        return own.own_class(own.unpacked(template_in(name)), system)
    except ValueError as error:
        raise AttributeError(f"module {__name__!r} has no attribute {name[:40]!r}: {error}") from error


def _own_in(folder: Path, name: str, system: str | None) -> Style:
    try:
        return _own(name, system)()
    except AttributeError as error:
        raise TrainError(f"{folder / 'prompt_style.yaml'}: its chat template is damaged: copy it again") from error


def style_named(name: str) -> Style:
    """The style of that name.

    Raises:
        TrainError: there is none; names those there are.
    """
    if name == "own":
        from train.styles.own import Own

        return Own()
    if name not in STYLES:
        raise TrainError(f"no prompt style is called {name!r}: take one of {', '.join(style_names())}")
    return STYLES[name]()


def style_names() -> list[str]:
    """The names that `style_named` knows."""
    return sorted([*STYLES, "own"])


def style_of(folder: Any) -> Style | None:
    """The style that `prompt_style.yaml` in a checkpoint's folder names, None where it is another's or none.

    LitGPT's Alpaca, ChatML, Llama 3 and Gemma count as ours of that name: they say the same for one turn. The system
    prompt that the model was tuned with is part of it.
    """
    module, name = class_of(Path(folder))
    style = style_like(name, near=False) if module == "litgpt.prompts" else None
    if module == __name__:
        base, system = read_name(name)
        style = next((style() for style in STYLES.values() if style.__name__ == base), None)
        style = _own_in(Path(folder), name, system) if base == "Own" else style
    return style and style.with_system(system_of(Path(folder)))


def style_like(name: str, *, near: bool = True) -> Style | None:
    """The style that says for several turns what LitGPT's class of that name says for one; None where there is none.

    near: one with the same marks and another default system prompt will do.
    """
    names: dict[str, str] = {}
    for head in (style.file.head for style in STYLES.values()):
        names |= {**(head.litgpt_marks if near else {}), **head.litgpt}
    return style_named(names[name]) if name in names else None
