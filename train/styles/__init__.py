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

from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.styles.own import Own, own_class, unpacked
from train.styles.saved import class_of, read_name, system_of, template_in
from train.styles.style import STYLES, Request, Style, load_styles, request_message, tuned
from train.styles.template import Message, Segment

__all__ = [
    "STYLES", "Message", "Request", "Segment", "Style", "load_styles", "request_message", "style_like",
    "style_named", "style_names", "style_of", "system_of",
]  # fmt: skip

# LitGPT saves no more of a style than the name of its class in this module.
globals().update({style.__name__: style for style in STYLES.values()})


def __getattr__(name: str) -> type[Style]:
    """A class that a prompt_style.yaml names with its system prompt, or with a model's own template."""
    base, system = read_name(name)
    if base == "Own":
        return _own(name, system)
    style = next((style for style in STYLES.values() if style.__name__ == base), None)
    if style is None or system is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return tuned(style.name, system)


def _own(name: str, system: str | None) -> type[Style]:
    try:
        return own_class(unpacked(template_in(name)), system)
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
    if name == Own.name:
        return Own()
    if name not in STYLES:
        raise TrainError(f"no prompt style is called {name!r}: take one of {', '.join(style_names())}")
    return STYLES[name]()


def style_names() -> list[str]:
    """The names that `style_named` knows."""
    return sorted([*STYLES, Own.name])


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
