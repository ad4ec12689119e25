"""An Ollama Modelfile: the chat style as a template of Go's language, where to stop, the system prompt, the licence.

No style is translated by hand. What stands around the system prompt, a request and an answer is looked up in what the
style's own template renders; the result must render every chat of a table as the style does, or no template is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.licence import is_licence, licences_of
from train.models.formats.equivalence import CHATS
from train.styles import Style

#: Letters that no style has of itself.
_SYSTEM, _USER, _ANSWER, _NEXT = (f"⟦{mark}⟧" for mark in "suan")
#: White space that a template takes from the ends of a message, where the style does.
_SPACES = (" ", "\n", "\t", "\r", "\v", "\f", "\u00a0", "\u3000")
_MORE_CHATS: tuple[list[dict[str, str]], ...] = (
    [{"role": "user", "content": " \n Ciao {{ .System }} \t"}],
    [{"role": "system", "content": ""}, {"role": "user", "content": "Perché?"}],
    [{"role": "system", "content": "  Sii breve.\n"}, {"role": "user", "content": "\u00a0a"},
     {"role": "assistant", "content": " b\n\n"}, {"role": "user", "content": ""}],
)  # fmt: skip


@dataclass(frozen=True)
class ChatFrame:
    """What a style writes around the messages of a chat.

    opening: before the first request, where there is no system prompt. system_before, system_after: around one, the
    latter up to the first request. answer_before, answer_after: around an answer. next_before: before a later request.
    ask: after the last request. stripped: roles whose messages lose white space at their ends. default: system prompt
    of a chat without one.
    """

    opening: str
    system_before: str
    system_after: str
    answer_before: str
    answer_after: str
    next_before: str
    ask: str
    stripped: frozenset[str]
    default: str

    def prompt(self, messages: Sequence[Mapping[str, str]]) -> str:
        """As Ollama renders the template: `messages` begin with the system prompt, if any, and end with a request."""
        system = messages[0]["content"] if messages[0]["role"] == "system" else ""
        turns = messages[1:] if messages[0]["role"] == "system" else messages
        text, before = "", self.opening
        if system:
            before = self.system_before + self._content("system", system) + self.system_after
        for turn in turns:
            content = self._content(turn["role"], turn["content"])
            if turn["role"] == "user":
                text += before + content
            else:
                text += self.answer_before + content + self.answer_after
            before = self.next_before
        return text + self.ask

    def _content(self, role: str, text: str) -> str:
        return text.strip("".join(_SPACES)) if role in self.stripped else text


def chat_frame(style: Style, eos: str) -> ChatFrame | None:
    """What the style writes around messages; None where it cannot be said so.

    eos: text of the tokenizer's end token.
    """
    bare = style.with_system("")
    chats = [chat for chat in (*CHATS, *_MORE_CHATS) if chat[-1]["role"] == "user"]
    try:
        frame = _frame(style, bare, eos)
        equal = all(frame.prompt(chat) == bare.prompt(chat, eos=eos) for chat in chats)
    except (ValueError, TrainError):
        # A model's own template may refuse a chat, such as one with a system prompt.
        return None
    return frame if equal else None


def _frame(style: Style, bare: Style, eos: str) -> ChatFrame:
    system, user, answer, later = (
        {"role": role, "content": mark}
        for role, mark in (("system", _SYSTEM), ("user", _USER), ("assistant", _ANSWER), ("user", _NEXT))
    )
    opening, ask = _around(bare.prompt([user], eos=eos), _USER)
    system_before, system_after, _ = _around(bare.prompt([system, user], eos=eos), _SYSTEM, _USER)
    _, answer_before, after, _ = _around(bare.prompt([user, answer, later], eos=eos), _USER, _ANSWER, _NEXT)
    _, _, end = _around(bare.text([user, answer], eos=eos), _USER, _ANSWER)
    if not after.startswith(end):
        raise ValueError
    own = style.prompt([user], eos=eos)
    default = ""
    if own != opening + _USER + ask:
        default = own.removeprefix(system_before).removesuffix(system_after + _USER + ask)
        if own != system_before + default + system_after + _USER + ask:
            raise ValueError
    return ChatFrame(
        opening, system_before, system_after, answer_before, end, after[len(end) :], ask,
        frozenset(_stripped(bare, [system, user, answer, later], eos)), default,
    )  # fmt: skip


def _around(text: str, *marks: str) -> tuple[str, ...]:
    """The text before, between and after the marks.

    Raises:
        ValueError: one is not in it once, or they stand in another order.
    """
    parts = []
    for mark in marks:
        before, border, text = text.partition(mark)
        if not border or mark in text:
            raise ValueError
        parts.append(before)
    return (*parts, text)


def _stripped(style: Style, chat: list[dict[str, str]], eos: str) -> Iterator[str]:
    for number, role in enumerate(("system", "user", "assistant")):
        wide = [dict(message) for message in chat]
        wide[number]["content"] = f" {wide[number]['content']} "
        if wide[number]["content"] not in style.prompt(wide, eos=eos):
            yield role


def go_template(frame: ChatFrame) -> str:
    """The frame in Go's template language, as Ollama fills it in: .System, .Messages with .Role and .Content."""
    lines = [
        *_strip_definitions(frame),
        f"{{{{- $before := {_go(frame.opening)} -}}}}",
        "{{- $system := .System -}}",
        "{{- range .Messages -}}",
        '{{- if eq .Role "user" -}}',
        "{{- if $system -}}",
        *_go_message(frame.system_before, frame, "system", "$system", frame.system_after),
        "{{- else -}}",
        "{{- $before -}}",
        "{{- end -}}",
        *_go_message("", frame, "user", ".Content", ""),
        '{{- else if eq .Role "assistant" -}}',
        *_go_message(frame.answer_before, frame, "assistant", ".Content", frame.answer_after),
        "{{- end -}}",
        '{{- if ne .Role "system" -}}',
        '{{- $system = "" -}}',
        f"{{{{- $before = {_go(frame.next_before)} -}}}}",
        "{{- end -}}",
        "{{- end -}}",
        f"{{{{- {_go(frame.ask)} -}}}}",
    ]
    return "\n".join(lines)


def _go(text: str) -> str:
    """A string of Go's."""
    return json.dumps(text, ensure_ascii=False)


def _go_message(before: str, frame: ChatFrame, role: str, value: str, after: str) -> Iterator[str]:
    if before:
        yield f"{{{{- {_go(before)} -}}}}"
    yield f'{{{{- template "strip" {value} -}}}}' if role in frame.stripped else f"{{{{- {value} -}}}}"
    if after:
        yield f"{{{{- {_go(after)} -}}}}"


def _strip_definitions(frame: ChatFrame) -> list[str]:
    """Go's templates have no function that strips: two that call themselves, a letter at a time."""
    if not frame.stripped:
        return []
    outer = _definition("strip", "(slice . 0 {size})", "(slice . {size})", '{{- template "rstrip" . -}}')
    inner = _definition("rstrip", "(slice . (len (slice . {size})))", "(slice . 0 (len (slice . {size})))", "{{- . -}}")
    return outer + inner


def _definition(name: str, end: str, rest: str, otherwise: str) -> list[str]:
    """end, rest: of the text, at a letter of `size` bytes. otherwise: where there is no white space at that end."""
    lines, word = [f'{{{{- define "{name}" -}}}}'], "if"
    for size in sorted({len(space.encode()) for space in _SPACES}):
        spaces = " ".join(json.dumps(space) for space in _SPACES if len(space.encode()) == size)
        condition = f"and (ge (len .) {size}) (eq {end.format(size=size)} {spaces})"
        lines.append(f'{{{{- {word} {condition} -}}}}{{{{- template "{name}" {rest.format(size=size)} -}}}}')
        word = "else if"
    return [*lines, "{{- else -}}", otherwise, "{{- end -}}", "{{- end -}}"]


def modelfile(
    weights: str, style: Style | None, frame: ChatFrame | None, *, context: int, generation: Mapping[str, Any],
    licence: str,
) -> str:  # fmt: skip
    """The text of a Modelfile.

    weights: name of the GGUF file beside it. context: tokens that fit. generation: generation_config.json; without a
    temperature in it the likeliest token is taken, as `train serve` does. licence: its text, "" without.

    Raises:
        TrainError: a text holds three quotation marks, at which Ollama would end it.
    """
    parts = [f"FROM ./{weights}"]
    if style is not None and frame is not None:
        parts.append(f"TEMPLATE {_quoted(go_template(frame))}")
        parts += [f"SYSTEM {_quoted(frame.default)}"] if frame.default else []
    stops = list(style.stop_strings) if style is not None else []
    parts += [f"PARAMETER stop {_quoted(stop)}" for stop in stops]
    parts.append(f"PARAMETER num_ctx {context}")
    sampled = generation.get("do_sample", True) and generation.get("temperature") is not None
    parts.append(f"PARAMETER temperature {generation['temperature'] if sampled else 0}")
    parts += [f"LICENSE {_quoted(licence)}"] if licence else []
    return "\n".join(parts) + "\n"


def _quoted(text: str) -> str:
    """Between quotation marks, three where it has lines or marks of its own: Ollama knows no escapes."""
    if '"""' in text or text.endswith('"'):
        raise TrainError(f"Modelfile: {text[:40]!r} cannot be written in it, for its quotation marks")
    return f'"""{text}"""' if "\n" in text or '"' in text else f'"{text}"'


def licence_text(folder: Path) -> str:
    """The terms, notices and licences that lie beside a model as plain text."""
    terms = [f"{terms.title}\n{terms.link}\n{terms.notice}" for terms in licences_of(folder).values()]
    names = sorted(path for path in folder.glob("*") if is_licence(path) and path.suffix in ("", ".md", ".txt"))
    return "\n\n".join([*terms, *(path.read_text(encoding="utf-8", errors="replace").strip() for path in names)])
