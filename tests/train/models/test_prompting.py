"""Which style a folder is asked in, and what ends its texts.

Covers train.models.pretraining.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.train.conftest import ITALIAN, VIETNAMESE
from train.errors import TrainError
from train.models.prompting import ForeignStyle, end_ids, messages_of, style_in

pytest.importorskip("litgpt", reason="litgpt is not installed")

CHAT = [{"role": "user", "content": "Ciao"}]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny SmolLM2 in LitGPT's form, with its chat template and no prompt style."""
    from train.models.architectures import make_tiny

    folder = tmp_path_factory.mktemp("style") / "model"
    make_tiny("SmolLM2-360M", [ITALIAN, VIETNAMESE], folder, form="litgpt")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "model")
    return tmp_path / "model"


def without_template(folder: Path) -> None:
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text())
    config.pop("chat_template", None)
    path.write_text(json.dumps(config))
    (folder / "chat_template.jinja").unlink(missing_ok=True)


def test_the_style_it_was_tuned_in_comes_before_its_template(folder: Path) -> None:
    from litgpt.prompts import save_prompt_style

    from train.styles import style_named

    assert style_in(folder).name == "own"
    save_prompt_style(style_named("alpaca-vi"), folder)
    assert style_in(folder).prompt(CHAT).endswith("### Trả lời:\n")
    assert style_in(folder, name="gemma").end_of_turn == "<end_of_turn>"


def test_an_adapter_takes_its_bases_style_where_it_has_none(folder: Path, tmp_path: Path) -> None:
    from litgpt.prompts import save_prompt_style

    from train.styles import style_named

    adapter = tmp_path / "adapter"
    adapter.mkdir()
    save_prompt_style(style_named("llama3"), folder)
    assert style_in(adapter, beneath=folder).end_of_turn == "<|eot_id|>"


def test_where_nothing_is_known_the_text_is_asked_plainly(folder: Path) -> None:
    without_template(folder)
    assert style_in(folder).name == "plain"


def test_litgpts_other_styles_are_used_as_they_are(folder: Path) -> None:
    from litgpt.prompts import save_prompt_style

    save_prompt_style("phi-1", folder)
    style = style_in(folder)
    assert isinstance(style, ForeignStyle)
    assert style.prompt(CHAT) == "Ciao\n\nAnswer:"


def test_a_template_says_what_ends_a_turn(folder: Path) -> None:
    from train.data.encode import tokenizer_of

    style, tokens = style_in(folder), tokenizer_of(folder)
    assert style.end_of_turn == "<|im_end|>"
    assert set(tokens.encode("<|im_end|>") + tokens.encode("<|endoftext|>")) <= end_ids(folder, tokens, style)


def test_generation_settings_may_name_several_ends(folder: Path) -> None:
    from train.data.encode import tokenizer_of

    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [7, 9]}))
    assert {7, 9} <= end_ids(folder, tokenizer_of(folder), style_in(folder))


def test_a_template_that_refuses_is_one_line(folder: Path) -> None:
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text())
    config["chat_template"] = "{{ raise_exception('no chats today') }}"
    path.write_text(json.dumps(config))
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    with pytest.raises(TrainError, match="no chats today"):
        style_in(folder)


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [*CHAT, {"role": "assistant", "content": "Salve"}]},
        {"prompt": "Ciao"},
        {"instruction": "Ciao"},
        CHAT,
    ],
)
def test_the_request_is_what_comes_before_the_answer(row: Any) -> None:
    assert messages_of(row) == CHAT


@pytest.mark.parametrize("row", [{}, {"messages": []}, {"messages": [{"role": "system", "content": "x"}]}, []])
def test_rows_without_a_request_are_refused(row: Any) -> None:
    with pytest.raises(TrainError):
        messages_of(row)
