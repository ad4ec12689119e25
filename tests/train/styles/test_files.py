"""Style files: a style is one file; what older files and folders name is still there; wrong heads are one line."""

from __future__ import annotations

from pathlib import Path

import litgpt.prompts
import pytest
import yaml

import train.styles
from tests.train.data.chat_fixtures import several_turns, tokens
from train.data.encode import Conversation, encode
from train.errors import TrainError
from train.styles import STYLES, load_styles, style_named
from train.styles.files import FOLDER, languages, read_styles

#: Every class that a prompt_style.yaml written until November 2026 may name.
CLASSES = [
    "ChatML", "Llama3", "Gemma", "Alpaca", "AlpacaEn", "AlpacaIt", "AlpacaVi", "Plain",
    *(f"{family}{code}" for family in ("ChatML", "Llama3") for code in ("De", "En", "Es", "Fr", "It", "Pt", "Vi")),
]  # fmt: skip
NEW = """\
---
words: system
marks: ["[INST]", "[/INST]"]
stop_strings: ["[INST]"]
litgpt: [Llama2]
litgpt_marks: {A: mistral-it}
---
{%- set system = words.get(language or default_language, "") -%}
{%- if system -%}{{- "<<SYS>>" ~ system ~ "\n" -}}{%- endif -%}
{%- for message in messages -%}
  {%- if message["role"] == "user" -%}
    {{- "[INST] " ~ message["content"] ~ " [/INST]" -}}
  {%- else -%}
    {%- generation -%}{{- " " ~ message["content"] ~ eos_token -}}{%- endgeneration -%}
  {%- endif -%}
{%- endfor -%}
"""


def test_a_style_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "mistral.jinja").write_text(NEW, encoding="utf-8")
    styles = load_styles(tmp_path)
    assert set(styles) == {"mistral", *(f"mistral-{code}" for code in languages())}
    style = styles["mistral-it"]()
    assert style.text([{"role": "user", "content": "Chi?"}], eos="</s>") == (
        "<<SYS>>Sei un assistente utile.\n[INST] Chi? [/INST]"
    )
    assert (style.stop_strings, style.end_of_turn, style.bos) == (("[INST]",), "", None)
    assert (style.head.litgpt, style.head.litgpt_marks) == ({"Llama2": "mistral"}, {"A": "mistral-it"})
    assert (style.marks, style.head.words) == (("[INST]", "[/INST]"), "system")
    assert "generation" not in style.chat_template
    (row,) = encode(Conversation(several_turns()), styles["mistral"](), tokens())
    learnt = [tokens().decode(row.ids[start:end]) for start, end in row.learnt]
    assert learnt == [" Approvato il piano.<|end|>", " Sei, però senza effetto.<|end|>"]


@pytest.mark.parametrize("name", CLASSES)
def test_folders_tuned_earlier_are_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "prompt_style.yaml").write_text(yaml.safe_dump({"class_path": f"train.styles.{name}"}))
    style = litgpt.prompts.load_prompt_style(tmp_path)
    assert type(style) is getattr(train.styles, name)
    assert style.apply("Chi?").count("Chi?") == 1


def test_no_other_classes_and_every_file_is_listed() -> None:
    assert sorted(style.__name__ for style in STYLES.values()) == sorted(CLASSES)
    assert {style.name.partition("-")[0] for style in read_styles()} == {path.stem for path in FOLDER.glob("*.jinja")}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ messages }}", "begins with its settings between two lines of `---`"),
        ("---\nmark: [a]\n---\nx", "no setting of a prompt style is called mark"),
        ("---\n[\n---\nx", "its head is no YAML"),
        ("---\n- a\n---\nx", "begins with its settings"),
    ],
)
def test_a_file_that_is_no_style_is_one_line(text: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.jinja").write_text(text, encoding="utf-8")
    with pytest.raises(TrainError) as error:
        load_styles(tmp_path)
    assert str(error.value).startswith(f"{tmp_path / 'wrong.jinja'}: ")
    assert problem in str(error.value)
    assert "\n" not in str(error.value)


def test_stop_strings_in_its_own_words_first() -> None:
    assert style_named("alpaca-vi").stop_strings == ("\n### Hướng dẫn:", "\n### Instruction:", "\n### Istruzione:")
    assert style_named("alpaca").stop_strings == ("\n### Instruction:",)
