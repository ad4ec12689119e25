"""Prompt styles: how a chat becomes the one text that a model reads, as each family of models was trained.

A style names its pieces (`pieces`), which of them are learnt, and says the same as a chat template (`chat_template`),
so that training, `litgpt generate` and servers see the same text. Styles are LitGPT prompt styles: LitGPT writes their
class into `prompt_style.yaml` beside a tuned model and loads them from there.

    chatml             SmolLM2, Qwen: <|im_start|>role … <|im_end|>
    llama3             Llama 3: headers and <|eot_id|>
    gemma              Gemma 2 and 3: <start_of_turn>; the system prompt goes into the first user turn
    alpaca             LitGPT's wording, English
    alpaca-en, -it, -vi    the same in the sample's language, or in that one where it is unknown
    plain              the texts, a blank line between them
    chatml-it, llama3-vi, …    with the default system prompt of that language where a chat does not say its language

A system message in the chat wins over every default; an empty one turns the default off.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from litgpt.prompts import PromptStyle

from train.errors import TrainError
from train.styles.segment import Piece

#: {role, content}; a user's may have `input`: the end of its content that is material, not request.
Message = Mapping[str, str]

#: Default system prompts: language -> text. Unknown language: none, rather than one in a wrong language.
SYSTEM = {
    "de": "Du bist ein hilfreicher Assistent.",
    "en": "You are a helpful assistant.",
    "es": "Eres un asistente útil.",
    "fr": "Tu es un assistant utile.",
    "it": "Sei un assistente utile.",
    "pt": "És um assistente útil.",
    "vi": "Bạn là một trợ lý hữu ích.",
}


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
    """What is common to all styles; a style says how a turn begins and ends."""

    name: ClassVar[str]
    #: Its name without a language, "" where it has no others.
    family: ClassVar[str] = ""
    #: Text that ends the assistant's turn; "" where it is the tokenizer's end token.
    end_of_turn: ClassVar[str] = ""
    #: Text that the model may write when it goes on after its turn, and must be stopped at.
    stop_strings: ClassVar[tuple[str, ...]] = ()
    #: Marks that the tokenizer reads as one token: inside a text they would forge a turn.
    marks: ClassVar[tuple[str, ...]] = ()
    #: Whether the text begins with the begin token; None: as the tokenizer does.
    bos: ClassVar[bool | None] = None
    #: language -> system prompt of a chat that has none.
    defaults: ClassVar[Mapping[str, str]] = SYSTEM
    #: Language of chats that do not say theirs.
    language: ClassVar[str] = ""
    #: Whether texts are stripped of white space at both ends.
    trimmed: ClassVar[bool] = False

    def system(self, messages: Sequence[Message], language: str = "") -> tuple[str, Sequence[Message]]:
        """(system prompt or "", the turns after it)."""
        if messages and messages[0]["role"] == "system":
            return messages[0]["content"], messages[1:]
        return self.defaults.get(language or self.language, ""), messages

    def preamble(self, system: str, turns: Sequence[Message]) -> str:
        """The text before the first turn."""
        return self.header("system") + self.content(system) + self.footer("system") if system else ""

    def header(self, role: str, language: str = "") -> str:
        raise NotImplementedError

    def footer(self, role: str) -> str:
        """What closes a turn of system or user; the assistant's after `end_of_turn`."""
        raise NotImplementedError

    def content(self, text: str) -> str:
        return text.strip() if self.trimmed else text

    def user(self, message: Message, system: str, language: str = "") -> str:
        """A user's turn; `system`: what is folded into it, for the first one."""
        return self.header("user") + self.content(message["content"]) + self.footer("user")

    def pieces(self, messages: Sequence[Message], language: str = "") -> list[Piece]:
        """The text of a chat, begin token left out: each answer and the end of its turn learnt, all else not.

        Args:
            messages: system first if any, then user and assistant in turn.
        """
        system, turns = self.system(messages, language)
        pieces = [Piece(self.preamble(system, turns), False)]
        for number, turn in enumerate(turns):
            if turn["role"] == "user":
                pieces.append(Piece(self.user(turn, "" if number else system, language), False))
                continue
            pieces.append(Piece(self.header("assistant", language), False))
            pieces.append(Piece(self.content(turn["content"]) + self.end_of_turn, True, not self.end_of_turn))
            pieces.append(Piece(self.footer("assistant"), False))
        return [piece for piece in pieces if piece.text or piece.eos]

    def prompt_pieces(self, messages: Sequence[Message], language: str = "") -> list[Piece]:
        """The pieces up to where the answer begins; `messages` end with a user's turn."""
        header = Piece(self.header("assistant", language), False)
        return [*self.pieces(messages, language), *([header] if header.text else [])]

    def text(self, messages: Sequence[Message], language: str = "", eos: str = "") -> str:
        """The pieces as one text, `eos` written where the end token is."""
        return "".join(piece.text + (eos if piece.eos else "") for piece in self.pieces(messages, language))

    def prompt(self, messages: Sequence[Message], language: str = "", eos: str = "") -> str:
        """The text up to where the answer begins; `messages` end with a user's turn."""
        return self.text(messages, language, eos) + self.header("assistant", language)

    def speaks(self, language: str) -> bool:
        """Whether what the style itself says is in that language, or it says nothing."""
        return True

    def localised(self, language: str | None) -> Style:
        """The style of this family for that language, itself where there is none."""
        return STYLES.get(f"{self.family}-{language}", type(self))()

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
        """Jinja that renders what `pieces` says, begin token included where the style has one."""
        return self.template(bool(self.bos))

    def template(self, bos: bool) -> str:
        """As `chat_template`; `bos`: with the begin token, for a tokenizer that puts one before every text."""
        return (
            ("{{ bos_token }}" if bos else "")
            + "{% set defaults = " + _literal(dict(self.defaults)) + " %}"
            + "{% set told = language if language is defined and language else " + _literal(self.language) + " %}"
            + "{% if messages and messages[0]['role'] == 'system' %}"
            + "{% set system = messages[0]['content'] %}{% set turns = messages[1:] %}"
            + "{% else %}{% set system = defaults.get(told, '') %}{% set turns = messages %}{% endif %}"
            + self.template_turns()
            + "{% if add_generation_prompt %}{{ " + self.template_header() + " }}{% endif %}"
        )  # fmt: skip

    def template_header(self) -> str:
        """An expression of Jinja: what the answer begins after."""
        return _literal(self.header("assistant"))

    def template_turns(self) -> str:
        """The part between `system` and `turns` being set and the generation prompt."""
        text = " | trim" if self.trimmed else ""
        system = [_literal(self.header("system")), f"system{text}", _literal(self.footer("system"))]
        end = _literal(self.end_of_turn) if self.end_of_turn else "eos_token"
        return (
            "{% if system %}{{ " + " ~ ".join(f"({part})" for part in system) + " }}{% endif %}"
            "{% for message in turns %}{% if message['role'] == 'user' %}{{ "
            + _joined([self.header("user")], f"(message['content']{text})", [self.footer("user")])
            + " }}{% else %}{{ "
            + f"{_literal(self.header('assistant'))} ~ (message['content']{text}) ~ {end} ~ "
            + _literal(self.footer("assistant"))
            + " }}{% endif %}{% endfor %}"
        )


def request_message(instruction: str, given: str = "") -> dict[str, str]:
    """A user's turn of an instruction and, after a blank line, the material it is about."""
    if not given:
        return {"role": "user", "content": instruction}
    return {"role": "user", "content": f"{instruction}\n\n{given}", "input": given}


def _literal(value: object) -> str:
    """A Jinja literal: JSON's escapes are read by Jinja, which would take a bare line end for its own."""
    return json.dumps(value, ensure_ascii=False)


def _joined(before: Iterable[str], middle: str, after: Iterable[str]) -> str:
    return " ~ ".join([*map(_literal, before), middle, *map(_literal, after)])


class ChatML(Style):
    """As SmolLM2 and Qwen were trained. https://huggingface.co/HuggingFaceTB/SmolLM2-360M-Instruct"""

    name = family = "chatml"
    end_of_turn = "<|im_end|>"
    stop_strings = ("<|im_end|>", "<|im_start|>")
    marks = ("<|im_start|>", "<|im_end|>", "<|endoftext|>")

    def header(self, role: str, language: str = "") -> str:
        return f"<|im_start|>{role}\n"

    def footer(self, role: str) -> str:
        return "\n" if role == "assistant" else "<|im_end|>\n"


class Llama3(Style):
    """As Llama 3 was trained; later ones add the day's date, which no sample can know.

    https://huggingface.co/meta-llama/Meta-Llama-3-8B-Instruct
    """

    name = family = "llama3"
    end_of_turn = "<|eot_id|>"
    stop_strings = ("<|eot_id|>", "<|start_header_id|>", "<|end_of_text|>")
    marks = ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|begin_of_text|>", "<|end_of_text|>")
    bos = True
    trimmed = True

    def header(self, role: str, language: str = "") -> str:
        return f"<|start_header_id|>{role}<|end_header_id|>\n\n"

    def footer(self, role: str) -> str:
        return "" if role == "assistant" else "<|eot_id|>"


class Gemma(Style):
    """As Gemma 2 and 3 were trained, without a default system prompt. https://huggingface.co/google/gemma-3-1b-it"""

    name = "gemma"
    end_of_turn = "<end_of_turn>"
    stop_strings = ("<end_of_turn>", "<start_of_turn>", "<eos>")
    marks = ("<start_of_turn>", "<end_of_turn>", "<bos>", "<eos>")
    bos = True
    defaults: ClassVar[Mapping[str, str]] = {}
    trimmed = True

    def header(self, role: str, language: str = "") -> str:
        return f"<start_of_turn>{'model' if role == 'assistant' else role}\n"

    def footer(self, role: str) -> str:
        return "\n" if role == "assistant" else "<end_of_turn>\n"

    def preamble(self, system: str, turns: Sequence[Message]) -> str:
        return ""

    def user(self, message: Message, system: str, language: str = "") -> str:
        folded = f"{system}\n\n" if system else ""
        return self.header("user") + folded + self.content(message["content"]) + self.footer("user")

    def template_turns(self) -> str:
        turn = "{% set folded = system ~ '\\n\\n' if loop.first and system else '' %}"
        plain = super().template_turns().partition("{% endif %}")[2]
        return plain.replace(
            "{% if message['role'] == 'user' %}{{ " + _literal(self.header("user")) + " ~ ",
            "{% if message['role'] == 'user' %}" + turn + "{{ " + _literal(self.header("user")) + " ~ folded ~ ",
        )


class Words(NamedTuple):
    """The wording of an Alpaca style: introductions without and with an input, and the headings."""

    intro: str
    intro_input: str
    instruction: str
    input: str
    response: str


#: https://github.com/tatsu-lab/stanford_alpaca, with the line ends of LitGPT; the translations are ours.
ALPACA = {
    "en": Words(
        "Below is an instruction that describes a task. Write a response that appropriately completes the request.",
        "Below is an instruction that describes a task, paired with an input that provides further context. "
        "Write a response that appropriately completes the request.",
        "### Instruction:\n",
        "### Input:\n",
        "### Response:\n",
    ),
    "it": Words(
        "Di seguito è riportata un'istruzione che descrive un compito. "
        "Scrivi una risposta che soddisfi adeguatamente la richiesta.",
        "Di seguito è riportata un'istruzione che descrive un compito, insieme a un input che fornisce ulteriore "
        "contesto. Scrivi una risposta che soddisfi adeguatamente la richiesta.",
        "### Istruzione:\n",
        "### Input:\n",
        "### Risposta:\n",
    ),
    "vi": Words(
        "Dưới đây là một hướng dẫn mô tả một nhiệm vụ. Hãy viết câu trả lời đáp ứng đúng yêu cầu.",
        "Dưới đây là một hướng dẫn mô tả một nhiệm vụ, kèm theo đầu vào cung cấp thêm ngữ cảnh. "
        "Hãy viết câu trả lời đáp ứng đúng yêu cầu.",
        "### Hướng dẫn:\n",
        "### Đầu vào:\n",
        "### Trả lời:\n",
    ),
}


class Alpaca(Style):
    """Headings of instruction, input and response, after an introduction that stands for the system prompt.

    This one is LitGPT's, English whatever the sample's language; the others speak the sample's where they know it.
    """

    name = "alpaca"
    language = "en"
    defaults: ClassVar[Mapping[str, str]] = {}
    #: language of the sample -> wording.
    wordings: ClassVar[Mapping[str, Words]] = {}

    def speaks(self, language: str) -> bool:
        return language in ("", self.language, *self.wordings)

    def words(self, language: str = "") -> Words:
        return self.wordings.get(language) or ALPACA[self.language]

    @property
    def stop_strings(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(f"\n{words.instruction.strip()}" for words in (self.words(), *self.wordings.values()))

    def system(self, messages: Sequence[Message], language: str = "") -> tuple[str, Sequence[Message]]:
        if messages and messages[0]["role"] == "system":
            return messages[0]["content"], messages[1:]
        return self.words(language)[bool(messages and messages[0].get("input"))], messages

    def preamble(self, system: str, turns: Sequence[Message]) -> str:
        return f"{system}\n\n" if system else ""

    def header(self, role: str, language: str = "") -> str:
        words = self.words(language)
        return words.response if role == "assistant" else words.instruction

    def footer(self, role: str) -> str:
        return "\n\n"

    def user(self, message: Message, system: str, language: str = "") -> str:
        words, content, given = self.words(language), message["content"], message.get("input") or ""
        if not given or not content.endswith(f"\n\n{given}"):
            return f"{words.instruction}{content}\n\n"
        return f"{words.instruction}{content[: -len(given) - 2]}\n\n{words.input}{given}\n\n"

    def template_turns(self) -> str:
        wordings = {language: list(words) for language, words in self.wordings.items()}
        return (
            "{% set words = " + _literal(wordings) + ".get(told, " + _literal(list(self.words())) + ") %}"
            "{% if not messages or messages[0]['role'] != 'system' %}"
            "{% set system = words[1] if messages and messages[0].get('input') else words[0] %}{% endif %}"
            "{% if system %}{{ system ~ '\\n\\n' }}{% endif %}"
            "{% for message in turns %}{% if message['role'] == 'user' %}"
            "{% set given = message.get('input') or '' %}{% set tail = '\\n\\n' ~ given %}"
            "{% if given and message['content'].endswith(tail) %}"
            "{{ words[2] ~ message['content'][:message['content'] | length - tail | length] ~ '\\n\\n' ~ words[3]"
            " ~ given ~ '\\n\\n' }}{% else %}{{ words[2] ~ message['content'] ~ '\\n\\n' }}{% endif %}"
            "{% else %}{{ words[4] ~ message['content'] ~ eos_token ~ '\\n\\n' }}{% endif %}{% endfor %}"
        )  # fmt: skip

    def template_header(self) -> str:
        return "words[4]"


class AlpacaEn(Alpaca):
    name = "alpaca-en"
    family = "alpaca"
    wordings = ALPACA


class AlpacaIt(AlpacaEn):
    name = "alpaca-it"
    language = "it"


class AlpacaVi(AlpacaEn):
    name = "alpaca-vi"
    language = "vi"


class Plain(Style):
    """The texts alone, for base models that are to go on with a text."""

    name = "plain"
    defaults: ClassVar[Mapping[str, str]] = {}

    def header(self, role: str, language: str = "") -> str:
        return ""

    def footer(self, role: str) -> str:
        return "\n\n"


def _of_languages(base: type[Style]) -> dict[str, type[Style]]:
    """A class a language, found by its name in this module: LitGPT saves no more of a style than that name."""
    classes = {}
    for language in base.defaults:
        name = f"{base.__name__}{language.title()}"
        fixed = {
            "name": f"{base.name}-{language}",
            "language": language,
            "__module__": __name__,
            "__doc__": base.__doc__,
        }
        globals()[name] = classes[f"{base.name}-{language}"] = type(name, (base,), fixed)
    return classes


#: name -> class.
STYLES: dict[str, type[Style]] = {
    **{style.name: style for style in (ChatML, Llama3, Gemma, Alpaca, AlpacaEn, AlpacaIt, AlpacaVi, Plain)},
    **_of_languages(ChatML),
    **_of_languages(Llama3),
}


def style_named(name: str) -> Style:
    """The style of that name.

    Raises:
        TrainError: there is none; names those there are.
    """
    if name not in STYLES:
        raise TrainError(f"no prompt style is called {name!r}: take one of {', '.join(sorted(STYLES))}")
    return STYLES[name]()


def style_of(folder: Any) -> Style | None:
    """The style that `prompt_style.yaml` in a checkpoint's folder names, None where it is another's or none.

    LitGPT's Alpaca, ChatML, Llama 3 and Gemma count as ours of that name: they say the same for one turn.
    """
    from pathlib import Path

    import yaml

    try:
        named = yaml.safe_load((Path(folder) / "prompt_style.yaml").read_text(encoding="utf-8"))["class_path"]
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return None
    module, _, name = str(named).rpartition(".")
    if module == __name__:
        return next((style() for style in STYLES.values() if style.__name__ == name), None)
    theirs = {"Alpaca": "alpaca", "ChatML": "chatml", "Qwen3": "chatml", "Llama3": "llama3-en", "Gemma": "gemma"}
    return style_named(theirs[name]) if module == "litgpt.prompts" and name in theirs else None
