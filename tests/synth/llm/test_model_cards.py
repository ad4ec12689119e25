"""The table of models: sizes, prices, and a user's own rows before ours."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from synth.llm import Limits, LLMError, load_llm, model_card
from synth.llm.model_cards import ModelCard

TABLE = yaml.safe_load((Path(__file__).resolve().parents[3] / "synth/llm/model_cards.yaml").read_text())


@pytest.mark.parametrize("name", sorted(TABLE["models"]))
def test_every_row_of_ours_is_whole(name: str) -> None:
    card = model_card(name)
    assert card.context is not None
    assert card.max_output is not None
    assert 0 < card.max_output <= card.context
    assert card.input_price is not None
    assert card.output_price is not None
    assert 0 < card.input_price < card.output_price < 1000


def test_the_table_says_when_and_from_where() -> None:
    assert TABLE["as_of"]
    assert all(source.startswith("https://") for source in TABLE["sources"].values())


def test_cost() -> None:
    card = ModelCard("m", input_price=0.15, output_price=0.6)
    assert card.cost(1_000_000, 0) == pytest.approx(0.15)
    assert card.cost(1000, 500) == pytest.approx(0.00045)
    assert card.cost(None, 5) is None
    assert ModelCard("m").cost(1, 1) is None
    assert ModelCard("m", input_price=0.0, output_price=0.0).cost(5, 5) == 0


@pytest.mark.parametrize(
    "name", ["gpt-4o-mini", "openai:gpt-4o-mini", "gpt-4o-mini-2024-07-18", "openai:gpt-4o-mini-latest"]
)
def test_a_version_at_the_end_changes_nothing(name: str) -> None:
    assert model_card(name).input_price == 0.15
    assert model_card(name).name == name


@pytest.mark.parametrize("name", ["llama3:8b", "gpt-4o-audio", "gpt", ""])
def test_what_is_not_there_is_unknown(name: str) -> None:
    card = model_card(name)
    assert (card.context, card.max_output, card.input_price, card.output_price) == (None, None, None, None)


def test_the_offline_model_costs_nothing() -> None:
    assert model_card("extractive/1").cost(10, 10) == 0


def test_a_table_of_ones_own_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "models.yaml"
    own.write_text("models: {gpt-4o: {input: 9}, llama3:8b: {context: 8192, input: 0, output: 0}}")
    assert model_card("gpt-4o", own) == ModelCard("gpt-4o", 128000, 16384, 9, 10)
    assert model_card("openai:llama3:8b", own) == ModelCard("openai:llama3:8b", 8192, None, 0, 0)
    monkeypatch.setenv("NEWSMILL_MODELS", str(own))
    assert model_card("gpt-4o").input_price == 9


@pytest.mark.parametrize(
    "text",
    [
        "", "models: []", "models: {a: 1}", "models: {a: {price: 1}}", "models: {a: {input: -1}}", "a: [", "\x00",
        "models: {a: {input: x}}", "models: {a: {input: .nan}}", "models: {a: {input: true}}",
        "models: {a: {context: 0}}", "models: {a: {context: 1.5}}",
    ],
)  # fmt: skip
def test_senseless_tables_are_refused_in_one_line(tmp_path: Path, text: str) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(text)
    with pytest.raises(LLMError) as caught:
        model_card("a", own)
    assert caught.value.reason == "bad_models"
    assert "\n" not in str(caught.value)
    assert "own.yaml" in str(caught.value)


def test_a_missing_table(tmp_path: Path) -> None:
    with pytest.raises(LLMError, match="cannot read"):
        model_card("a", tmp_path / "none.yaml")


def test_a_limit_of_cost_needs_a_price(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LLM_BASE_URL", "http://127.0.0.1:11434/v1")
    limits = Limits(max_cost=1.0)
    with pytest.raises(LLMError, match="--max-cost needs the price of llama3:8b") as caught:
        load_llm("openai:llama3:8b", limits=limits)
    assert caught.value.reason == "no_price"
    assert "--models" in str(caught.value)
    load_llm("openai:llama3:8b", limits=Limits())
    own = tmp_path / "own.yaml"
    own.write_text("models: {llama3:8b: {input: 0, output: 0}}")
    load_llm("openai:llama3:8b", limits=limits, models=own)
