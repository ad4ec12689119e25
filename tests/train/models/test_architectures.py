"""Tiny models of real architectures: transformers computes the same from LitGPT's weights, and every trait stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.train.conftest import ITALIAN, VIETNAMESE
from train.errors import TrainError
from train.models.architectures import (
    BLOCK_SIZE,
    FAMILIES,
    architecture,
    family_of,
    huggingface_config,
    is_chat,
    is_tied,
    make_tiny,
    special_tokens,
    tiny_config,
)

Run = Callable[..., tuple[int, str, str]]
TEXTS = [ITALIAN, VIETNAMESE]
LITGPT_NAMES = [
    "Llama-3-8B", "Llama-3.2-1B", "Llama-3.2-3B-Instruct", "Gemma-2b", "Gemma-2-2b", "Gemma-3-1b-it", "Gemma-3-4b-it",
    "SmolLM2-360M", "SmolLM2-360M-Instruct", "Qwen3-0.6B", "Qwen3-1.7B-Base", "Qwen3-8B",
]  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The checkpoint folder of a name, made once."""
    root = tmp_path_factory.mktemp("architectures")

    def folder(name: str) -> Path:
        if not (root / name).exists():
            make_tiny(name, TEXTS, root / name)
        return root / name

    return folder


def litgpt_model(folder: Path) -> Any:
    import torch
    from litgpt import GPT, Config

    model = GPT(Config.from_file(folder / "model_config.yaml")).eval()
    model.load_state_dict(torch.load(folder / "lit_model.pth"))
    return model


def same_model_in_transformers(folder: Path) -> Any:
    """LitGPT's weights under transformers' names. LitGPT takes Gemma-2b for a Gemma 2, hence not its chooser."""
    from litgpt.scripts import convert_lit_checkpoint as converter
    from transformers import AutoConfig, AutoModelForCausalLM

    model = litgpt_model(folder)
    of_type = {
        "gemma2": converter.copy_weights_gemma_2,
        "gemma3_text": converter.copy_weights_gemma_3,
        "qwen3": converter.copy_weights_qwen_3,
    }
    config = AutoConfig.from_pretrained(folder)
    weights: dict[str, Any] = {}
    of_type.get(config.model_type, converter.copy_weights_llama)(model.config, weights, model.state_dict())
    # Softcapped attention is only computed exactly by the plain implementation.
    other = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    missing, unexpected = other.load_state_dict(weights, strict=False)
    assert unexpected == []
    assert set(missing) <= {"lm_head.weight"}
    other.tie_weights()
    return other


@pytest.mark.parametrize("name", LITGPT_NAMES)
def test_transformers_computes_the_same(name: str, made: Callable[[str], Path]) -> None:
    import torch

    folder = made(name)
    # Longer than the window of local attention.
    ids = torch.randint(0, 300, (1, 80), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        ours, theirs = litgpt_model(folder)(ids), same_model_in_transformers(folder)(ids).logits
    assert ours.std() > 0.1, "logits too flat to compare"
    assert (ours - theirs).abs().max() < 1e-4


@pytest.mark.parametrize("name", LITGPT_NAMES)
def test_what_makes_the_architecture_stays(name: str) -> None:
    from litgpt import Config

    full, small = Config.from_name(name), tiny_config(name, 300)
    for trait in (
        "name", "norm_class_name", "norm_eps", "norm_qk", "mlp_class_name", "gelu_approximate", "bias", "attn_bias",
        "scale_embeddings", "parallel_residual", "rope_base", "rope_local_base_freq", "rotary_percentage",
        "post_attention_norm", "post_mlp_norm", "attention_logit_softcapping", "final_logit_softcapping",
    ):  # fmt: skip
        assert getattr(small, trait) == getattr(full, trait), trait
    assert small.n_head // small.n_query_groups == full.n_head // full.n_query_groups
    assert (small.n_query_groups == 1) == (full.n_query_groups == 1)
    assert (small.n_embd == small.n_head * small.head_size) == (full.n_embd == full.n_head * full.head_size)
    assert (small.rope_adjustments or {}).get("factor") == (full.rope_adjustments or {}).get("factor")
    if full.sliding_window_size:
        assert set(small.sliding_window_indices) == set(full.sliding_window_indices) == {0, 1}
    assert small.block_size <= BLOCK_SIZE


@pytest.mark.parametrize("name", LITGPT_NAMES)
def test_its_folder_is_complete(name: str, made: Callable[[str], Path]) -> None:
    import torch
    from litgpt import Tokenizer
    from transformers import AutoTokenizer, GenerationConfig

    folder = made(name)
    weights = torch.load(folder / "lit_model.pth")
    assert torch.equal(weights["lm_head.weight"], weights["transformer.wte.weight"]) == is_tied(name)
    theirs, ours = AutoTokenizer.from_pretrained(folder), Tokenizer(folder)
    for role, token in special_tokens(name).items():
        assert getattr(theirs, role) == token
    assert theirs.eos_token_id == ours.eos_id
    for token in family_of(name).special:
        assert ours.encode(token, bos=False).tolist() in ([ours.token_to_id(token)], []), token
    assert theirs.decode(theirs.encode(VIETNAMESE), skip_special_tokens=True) == VIETNAMESE
    stops = GenerationConfig.from_pretrained(folder).eos_token_id
    assert isinstance(stops, list) == is_chat(name)


@pytest.mark.parametrize("name", ["Llama-3.2-1B", "Gemma-2b", "SmolLM2-360M", "Qwen3-0.6B"])
def test_the_published_sizes_give_the_published_configuration(name: str) -> None:
    """The same code that shrinks a configuration writes the full one: parameters as on the hub (10^6)."""
    import torch
    from litgpt import Config
    from transformers import AutoModelForCausalLM

    config = huggingface_config(name, Config.from_name(name), {})
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    millions = sum(weight.numel() for weight in model.parameters()) / 1e6
    published = {"Llama-3.2-1B": 1235.8, "Gemma-2b": 2506.2, "SmolLM2-360M": 361.8, "Qwen3-0.6B": 596.0}
    assert millions == pytest.approx(published[name], abs=0.1)


@pytest.mark.parametrize("name", ["bloom-7b1", "Gemma-3-1b-it", "Qwen3-0.6B"])
def test_hugging_face_form(name: str, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    outcome = make_tiny(name, TEXTS, tmp_path, form="huggingface", pretrain_steps=2)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(tmp_path), AutoTokenizer.from_pretrained(tmp_path)
    assert type(model).__name__ == architecture(family_of(name).model_type)
    assert outcome["form"] == "huggingface"
    assert outcome["loss"] > 0
    turns = [{"role": "user", "content": "Chi ha vinto?"}, {"role": "assistant", "content": "Ravenna."}]
    ids: Any = tokenizer.apply_chat_template(turns, return_tensors="pt", return_dict=True)
    with torch.no_grad():
        assert model(ids["input_ids"]).logits.isfinite().all()


def test_the_seed_decides_the_weights(tmp_path: Path) -> None:
    import torch

    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        make_tiny("Gemma-2b", TEXTS, tmp_path / folder, seed)
    first, again, other = (torch.load(tmp_path / folder / "lit_model.pth") for folder in "abc")
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["lm_head.weight"], other["lm_head.weight"])


@pytest.mark.parametrize(
    ("name", "form", "told"),
    [
        ("Mamba-3", None, "Gemma-"),
        ("Llama-3-9B", None, "Llama-3-9B"),
        ("Qwen3-30B-A3B", None, "mixtures"),
        ("bloom-7b1", "litgpt", "huggingface"),
    ],
)
def test_what_it_cannot_make_is_one_line(name: str, form: Any, told: str, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=told):
        make_tiny(name, TEXTS, tmp_path / "model", form=form)
    assert not (tmp_path / "model").exists()


def test_every_family_is_tried() -> None:
    tried = [*LITGPT_NAMES, "bloom-7b1"]
    assert {id(family_of(name)) for name in tried} == {id(family) for family in FAMILIES.values()}


def test_the_command(tmp_path: Path, train: Run) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text(ITALIAN, encoding="utf-8")
    words = ["tiny", "--like", "SmolLM2-360M", "--corpus", corpus, "--out", tmp_path / "model", "--vocab-size", 300]
    code, out, err = train(*words)
    assert (code, err) == (0, "")
    assert "--config $(train recipe cpu --path)" in out
    code, out, _ = train(*words, "--json")
    assert json.loads(out)["kept"]
    code, out, _ = train(*words, "--form", "huggingface", "--json")
    assert (code, json.loads(out)["kept"]) == (0, False)
    assert not (tmp_path / "model/lit_model.pth").exists(), "the other form stayed"
    assert json.loads(train(*words, "--form", "huggingface", "--json")[1])["kept"]


@pytest.mark.parametrize(
    ("words", "told"),
    [(("--like", "Gemma-2b", "--n-embd", 64), "--n-embd"), (("--form", "litgpt"), "--form"), (("--like", "X"), "X")],
)
def test_the_command_refuses(words: tuple[object, ...], told: str, tmp_path: Path, train: Run) -> None:
    (tmp_path / "corpus.txt").write_text(ITALIAN, encoding="utf-8")
    code, _, err = train("tiny", "--corpus", tmp_path / "corpus.txt", "--out", tmp_path / "model", *words)
    assert code == 2
    assert told in err
    assert err.count("\n") == 1
