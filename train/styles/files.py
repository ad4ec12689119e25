"""The files of the prompt styles: NAME.jinja, whose head in YAML says what a template cannot, and languages.yaml."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from jinja2.sandbox import ImmutableSandboxedEnvironment

from train.errors import TrainError, one_line

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Head:
    """The head of a style's file.

    class_name: its class, which LitGPT writes into prompt_style.yaml; made of the name where it is not given.
    words: the entry of languages.yaml that the template reads. language: whose words it says in a chat of no known
    language; without one it says none there. one_language: the style without a code speaks that language only.
    marks: texts that the tokenizer reads as one token: inside a text they would forge a turn. stop_strings: what the
    model may write when it goes on after its turn; Jinja where they hold words. bos: whether the text begins with the
    begin token; None: as the tokenizer does. litgpt: LitGPT's class of a style that says the same for one turn -> the
    name of ours; litgpt_marks: of one with the same marks and another system prompt.
    """

    class_name: str = ""
    words: str = ""
    language: str = ""
    one_language: bool = False
    marks: tuple[str, ...] = ()
    stop_strings: tuple[str, ...] = ()
    bos: bool | None = None
    litgpt: Mapping[str, str] = field(default_factory=dict)
    litgpt_marks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StyleFile:
    """One style of a file: its name, the name it has without a language, and the words it can say."""

    name: str
    family: str
    head: Head
    body: str
    language: str
    words: Mapping[str, Any]

    @property
    def class_name(self) -> str:
        """The name of its class: chatml-it is ChatMLIt."""
        stem, _, code = self.name.partition("-")
        return (self.head.class_name or stem.title()) + code.title()

    @property
    def source(self) -> str:
        """The template with the words it reads."""
        table = json.dumps(dict(self.words), ensure_ascii=False)
        language = json.dumps(self.language)
        words = f"{{%- set words = {table} -%}}\n{{%- set default_language = {language} -%}}\n"
        return (words if self.head.words else "") + self.body

    @property
    def stop_strings(self) -> tuple[str, ...]:
        """Those of the head in its own words first, then in those of the other languages."""
        own = [self.words[self.language]] if self.language in self.words else []
        environment = ImmutableSandboxedEnvironment()
        texts = (
            environment.from_string(text).render(wording=wording)
            for wording in [*own, *self.words.values()] or [None]
            for text in self.head.stop_strings
        )
        return tuple(dict.fromkeys(texts))


def read_styles(folder: Path = FOLDER) -> list[StyleFile]:
    """Every style of the folder's files, by file and language.

    Raises:
        TrainError: a file has no head, or one that says what is not known.
    """
    return [style for path in sorted(folder.glob("*.jinja")) for style in _styles_of(path)]


def _styles_of(path: Path) -> Iterator[StyleFile]:
    import yaml

    head, _, body = path.read_text(encoding="utf-8").partition("\n---\n")
    try:
        settings = (yaml.safe_load(head.removeprefix("---")) or {}) if body else None
    except yaml.YAMLError as error:
        raise TrainError(f"{path}: its head is no YAML: {one_line(error)}") from error
    if not head.startswith("---") or not isinstance(settings, dict):
        raise TrainError(f"{path}: a prompt style begins with its settings between two lines of `---`")
    yield from _by_language(path.stem, _head(path, settings), body)


def _head(path: Path, settings: dict[str, Any]) -> Head:
    settings = {"class_name" if key == "class" else key: value for key, value in settings.items()}
    names = {each.name for each in fields(Head)}
    if unknown := sorted(set(settings) - names):
        raise TrainError(f"{path}: no setting of a prompt style is called {', '.join(unknown)}")
    for key in ("litgpt", "litgpt_marks"):
        if isinstance(settings.get(key), list):
            settings[key] = dict.fromkeys(settings[key], path.stem)
    values: dict[str, Any] = {}
    for key, value in settings.items():
        values[key] = tuple(value) if isinstance(value, list) else value
    return Head(**values)


def _by_language(name: str, head: Head, body: str) -> Iterator[StyleFile]:
    """The style itself, and one a language that its words are known in."""
    words = {code: entry[head.words] for code, entry in languages().items() if head.words in entry}
    family = name if words else ""
    own = {head.language: words[head.language]} if head.one_language else words
    yield StyleFile(name, "" if head.one_language else family, head, body, head.language, own)
    for code in words:
        yield StyleFile(f"{name}-{code}", family, head, body, code, words)


@functools.cache
def languages() -> dict[str, dict[str, Any]]:
    """languages.yaml: ISO 639-1 code -> entries."""
    import yaml

    return dict(yaml.safe_load((FOLDER / "languages.yaml").read_text(encoding="utf-8")))
