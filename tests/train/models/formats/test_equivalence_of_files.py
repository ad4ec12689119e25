"""The files beside the weights, compared by a tokenizer whose tokens are letters: each thing that can differ, alone.

Covers train.models.formats.equivalence.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from train.models.formats.equivalence import (
    check_generation,
    check_template,
    check_tokenizer,
    check_vocabulary,
    ends_of,
)

HERE = Path()


class Letters:
    """A tokenizer as transformers': a is 0, and `.` the token of the end."""

    all_special_tokens = (".", "")
    bos_token, eos_token = "<", "."
    bos_token_id: int | None = 27
    eos_token_id: int | None = 26
    pad_token_id: int | None = None
    chat_template = "given"

    def __init__(self, **settings: Any) -> None:
        self.texts: list[str] = []
        self.__dict__.update(settings)

    def __call__(self, text: str, *, add_special_tokens: bool) -> dict[str, list[int]]:
        assert not add_special_tokens
        self.texts.append(text)
        return {"input_ids": encode(text)}

    def __len__(self) -> int:
        return 28

    def get_vocab(self) -> dict[str, int]:
        return {chr(97 + number): number for number in range(4)}

    @property
    def added_tokens_decoder(self) -> dict[int, str]:
        return {3: "d"}

    def convert_ids_to_tokens(self, number: int) -> str:
        return f"<{number}>"

    def apply_chat_template(self, chat: Any, *, tokenize: bool, add_generation_prompt: bool, **_: Any) -> Any:
        text = ("<" if self.bos_token else "") + spoken(chat) + ">" * add_generation_prompt
        return {"input_ids": encode(text)} if tokenize else text


def encode(text: str) -> list[int]:
    return [{".": 26, "<": 27}.get(letter, ord(letter) - 97) for letter in text]


def spoken(chat: Any) -> str:
    return "|".join(message["content"] for message in chat)


STYLE: Any = SimpleNamespace(
    exact=False,
    name="letters", bos=None, end_of_turn="z", text=lambda chat, eos="": spoken(chat),
    prompt=lambda chat, eos="": spoken(chat) + ">",
)  # fmt: skip


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The same letters in the other form."""
    other = SimpleNamespace(encode=encode, adds_bos=True, bos_id=27, eos_id=26)
    monkeypatch.setattr("train.data.encode.tokenizer_of", lambda _: other)
    monkeypatch.setattr("train.data.encode.encode_prompt", lambda chat, *_: encode(f"<{spoken(chat)}>"))
    return other


def test_the_same_tokens_for_texts_special_tokens_and_a_chat(tokens: Any) -> None:
    letters = Letters()
    texts = [chr(97 + number) for number in range(20)]
    assert list(check_tokenizer(letters, HERE, texts, STYLE)) == []
    assert letters.texts == [*texts[:12], ".a .\n", "a|Sì."]
    letters.texts.clear()
    assert list(check_tokenizer(letters, HERE, ["ab"], None)) == []
    assert letters.texts == ["ab", ".a .\n"]


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (lambda text: [0, 1, 9, 3, 4], "[2, 3, 4] and [9, 3, 4] at place 2"),
        (lambda text: encode(text)[:3], "[3, 4] and [] at place 3"),
        (lambda text: [*encode(text), 5], "[] and [5] at place 5"),
    ],
)
def test_the_first_token_that_differs_is_told(tokens: Any, other: Any, found: str) -> None:
    tokens.encode = other
    assert list(check_tokenizer(Letters(), HERE, ["abcde", "abcdef"], None)) == [
        f"tokenizer: other tokens for 'abcde': {found}"
    ]


def test_begin_and_end_are_the_same_tokens(tokens: Any) -> None:
    tokens.bos_id, tokens.eos_id = None, 3
    assert list(check_tokenizer(Letters(), HERE, ["a"], None)) == [
        "special tokens: bos is 27 in transformers, None in the other form",
        "special tokens: eos is 26 in transformers, 3 in the other form",
    ]


def test_every_token_that_is_used_has_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"hub": 27, "lit": 27}
    monkeypatch.setattr("train.models.checkpoint.huggingface_config", lambda _: SimpleNamespace(vocab_size=rows["hub"]))
    monkeypatch.setattr(
        "train.models.checkpoint.litgpt_config", lambda _: SimpleNamespace(padded_vocab_size=rows["lit"])
    )
    hub, lit = tmp_path / "hub", tmp_path / "lit"
    letters = Letters(bos_token_id=None)
    assert list(check_vocabulary(letters, hub, lit, ["a"])) == []
    for folder, name in ((hub, "config.json"), (lit, "model_config.yaml")):
        folder.mkdir()
        (folder / name).write_text("{}")
    assert list(check_vocabulary(letters, hub, lit, ["a"])) == []
    # 27 rows have no row 27; two models say two numbers.
    letters.bos_token_id = 27
    beyond = f"vocabulary: <27> is token 27, the model in {hub} has only 27 rows"
    rows["lit"] = 28
    assert list(check_vocabulary(letters, hub, lit, ["a"])) == [
        f"vocabulary: 27 rows in {hub}, 28 rows in {lit}", beyond,
    ]  # fmt: skip


def settings(folder: Path, **files: Any) -> Path:
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def test_generation_stops_where_answers_end(tmp_path: Path) -> None:
    letters, style = Letters(), SimpleNamespace(end_of_turn="z")
    assert ends_of(letters, style) == {".": 26, "z": 25}  # type: ignore[arg-type]
    assert ends_of(letters, SimpleNamespace(end_of_turn="yz")) == ends_of(letters, None) == {".": 26}  # type: ignore[arg-type]
    assert ends_of(Letters(eos_token_id=None), None) == {}
    assert list(check_generation(letters, tmp_path, None)) == []
    settings(tmp_path, config={"eos_token_id": 26, "pad_token_id": 28, "bos_token_id": -1})
    strange = [f"special tokens: {name} of config.json is no token" for name in ("bos -1", "pad 28")]
    assert list(check_generation(letters, tmp_path, None)) == [*strange, "generation config: there is none"]
    settings(tmp_path, config={"bos_token_id": 0, "pad_token_id": 27}, generation_config={"eos_token_id": [26, 25]})
    assert list(check_generation(letters, tmp_path, style)) == []  # type: ignore[arg-type]
    settings(tmp_path, generation_config={"eos_token_id": 26})
    assert list(check_generation(letters, tmp_path, style)) == [  # type: ignore[arg-type]
        "generation config: writing does not stop at z (25), only at [26]"
    ]


def test_a_chat_template_says_what_training_said(tokens: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = Letters()
    assert list(check_template(letters, HERE, STYLE)) == []
    assert list(check_template(Letters(chat_template=None), HERE, None)) == []
    assert list(check_template(Letters(chat_template=None), HERE, STYLE)) == [
        "chat template: there is none, the model was tuned with prompt style letters"
    ]
    monkeypatch.setattr("train.data.encode.encode_prompt", lambda *_: [1])
    assert list(check_template(letters, HERE, STYLE)) == [
        "chat template: other tokens than in training for '<Riassumi: «Ciao».>'"
    ]
    # Without a begin token in training the template must not say one.
    tokens.adds_bos = False
    assert list(check_template(letters, HERE, STYLE)) == [
        "chat template: it says '<Riassumi: «Ciao».>' where prompt style letters says 'Riassumi: «Ciao».>'"
    ]


def test_a_tokenizer_is_loaded_once_for_folders_with_the_same_files(tmp_path: Path) -> None:
    """Of 262,144 tokens it takes seconds; another template is another tokenizer."""
    from tokenizers import Tokenizer, models

    from train.models.formats.equivalence import load_tokenizer

    folders = [tmp_path / name for name in ("a", "b", "c")]
    for folder in folders:
        folder.mkdir()
        Tokenizer(models.WordLevel({"a": 0, "b": 1}, unk_token="a")).save(str(folder / "tokenizer.json"))
        (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    (folders[2] / "chat_template.jinja").write_text("{{ messages }}")
    first, same, other = map(load_tokenizer, folders)
    assert first is same
    assert other is not first
    assert other.chat_template == "{{ messages }}"
    (folders[0] / "chat_template.jinja").write_text("{{ bos_token }}")
    assert load_tokenizer(folders[0]).chat_template == "{{ bos_token }}"
