"""What a folder says of the prompts that its model was tuned with, today's and those of earlier runs."""

from __future__ import annotations

from pathlib import Path

import litgpt.prompts
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from train.styles import STYLES, style_named, style_of, system_of
from train.styles.saved import read_name, tuned_name

ASKED = [{"role": "user", "content": "Chi ha vinto?"}]
systems = st.text(st.characters(codec="utf-8"), max_size=60)


@given(systems, st.sampled_from(sorted(STYLES)))
def test_a_name_says_the_style_and_the_system_prompt(system: str, style: str) -> None:
    name = tuned_name(type(style_named(style)).__name__, system)
    assert read_name(name) == (type(style_named(style)).__name__, system)
    assert "." not in name, "LitGPT takes what is before it for a module"


@pytest.mark.parametrize(
    "system", ["", "Sei un redattore.\nScrivi «breve»: 50 % di meno? Sì & no.", "Bạn là biên tập viên."]
)
@pytest.mark.parametrize("name", ["chatml-it", "llama3", "gemma", "alpaca-vi", "plain"])
def test_litgpt_saves_and_loads_the_system_prompt(name: str, system: str, tmp_path: Path) -> None:
    style = style_named(name).with_system(system)
    litgpt.prompts.save_prompt_style(style, tmp_path)
    expected = style_named(name).prompt([{"role": "system", "content": system}, *ASKED])
    loaded = litgpt.prompts.load_prompt_style(tmp_path)
    assert loaded.apply("Chi ha vinto?") == style_of(tmp_path).prompt(ASKED) == expected  # type: ignore[union-attr]
    assert system_of(tmp_path) == system
    assert style.localised("vi").prompt(ASKED) == style_named(name).localised("vi").with_system(system).prompt(ASKED)


def test_a_chats_own_system_prompt_wins() -> None:
    own = [{"role": "system", "content": "In versi."}, *ASKED]
    assert style_named("chatml").with_system("In prosa.").prompt(own) == style_named("chatml").prompt(own)


@pytest.mark.parametrize("file", ["hyperparameters.yaml", "recipe.yaml"])
@pytest.mark.parametrize("system", ["", "Sii breve.", None])
def test_runs_before_it_was_saved_say_it_in_their_settings(file: str, system: str | None, tmp_path: Path) -> None:
    (tmp_path / "prompt_style.yaml").write_text("class_path: train.styles.ChatMLIt\n")
    settings = {"data": {"class_path": "train.data.Chat", "init_args": {"system": system}}}
    (tmp_path / file).write_text(yaml.safe_dump(settings))
    style = style_of(tmp_path)
    assert style is not None
    assert style.prompt(ASKED) == style_named("chatml-it").with_system(system).prompt(ASKED)
    assert ("Sei un assistente utile." in style.prompt(ASKED)) == (system is None)


@pytest.mark.parametrize(
    "text", ["data: nothing", "data: {init_args: [1]}", "- a", "{", "data: {init_args: {system: 3}}"]
)
def test_settings_that_say_nothing_of_it(text: str, tmp_path: Path) -> None:
    (tmp_path / "hyperparameters.yaml").write_text(text)
    assert system_of(tmp_path) is None


def test_other_names_are_no_styles(tmp_path: Path) -> None:
    import train.styles

    for name in ("Nothing", "Nothing?system=a", "ChatML?other=a"):
        with pytest.raises(AttributeError):
            getattr(train.styles, name)
    (tmp_path / "prompt_style.yaml").write_text("class_path: train.styles.Nothing?system=a\n")
    assert style_of(tmp_path) is None
