"""Tiny Llamas in Hugging Face form, a base and models tuned from it, made once for all tests of merging."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEXTS = [
    "Il consiglio di Ravenna ha approvato il piano per il lungofiume: dodici voti a favore, però sei contrari.",
    "Thành phố Đà Nẵng khởi công tuyến đường ven biển dài mười hai kilômét, dự kiến hoàn thành cuối năm sau.",
]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def write_tokenizer(folder: Path, chat: str | None = CHATML, added: tuple[str, ...] = ()) -> int:
    """A small byte-level tokenizer; how many tokens it has."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in added])
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": SPECIAL[0], "eos_token": SPECIAL[2],
        "pad_token": SPECIAL[0], "model_max_length": 256, "clean_up_tokenization_spaces": False,
    }  # fmt: skip
    if chat:
        settings["chat_template"] = chat
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    generation = {"bos_token_id": 0, "eos_token_id": [2, 0], "pad_token_id": 0}
    (folder / "generation_config.json").write_text(json.dumps(generation), encoding="utf-8")
    return int(tokenizer.get_vocab_size())


def write_model(folder: Path, rows: int, seed: int = 0, tied: bool = True, dtype: str = "float32", **sizes: int) -> Any:
    """A Llama of a few thousand weights, saved beside the tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    shape = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2} | sizes
    model = LlamaForCausalLM(LlamaConfig(
        vocab_size=rows, num_key_value_heads=1, max_position_embeddings=256, tie_word_embeddings=tied,
        bos_token_id=0, eos_token_id=2, pad_token_id=0, **shape,
    )).to(getattr(torch, dtype))  # fmt: skip
    model.save_pretrained(folder)
    return model


def make_model(folder: Path, seed: int = 0, *, chat: str | None = CHATML, **more: Any) -> Path:
    folder.mkdir(parents=True)
    write_model(folder, write_tokenizer(folder, chat), seed, **more)
    # transformers wrote its own beside the weights.
    write_tokenizer(folder, chat)
    return folder


def weights_of(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.safetensors")):
        found |= load_file(path)
    return found


def tuned_from(base: Path, folder: Path, seed: int, names: str = "proj") -> Path:
    """The base with noise on some of its weights, as a fine-tuning leaves it."""
    import shutil

    import torch
    from safetensors.torch import save_file

    shutil.copytree(base, folder)
    generator = torch.Generator().manual_seed(seed)
    weights = weights_of(base)
    for name, weight in weights.items():
        if names in name:
            noise = 0.02 * torch.randn(weight.shape, generator=generator)
            weights[name] = (weight.float() + noise).to(weight.dtype)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """base, muri, alpaca, lima: the last three tuned from the first, which knows no chat."""
    folder = tmp_path_factory.mktemp("merging")
    base = make_model(folder / "base", chat=None)
    for seed, name in enumerate(("muri", "alpaca", "lima"), 1):
        tuned_from(base, folder / name, seed)
        settings = json.loads((folder / name / "tokenizer_config.json").read_text())
        (folder / name / "tokenizer_config.json").write_text(json.dumps(settings | {"chat_template": CHATML}))
    return folder


@pytest.fixture
def write_recipe(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str, name: str = "merge.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write
