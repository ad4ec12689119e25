"""A tiny checkpoint: the folder of an earlier run kept where nothing changed, else made and put in its place."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from train.atomic_files import folder_beside, take_place
from train.data.export_files import read_corpus
from train.errors import TrainError
from train.models.pretraining import BOS, EOS, PAD, encode, pretrain, train_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    from tokenizers import Tokenizer


_MARK = "made-from.json"


#: The prompt style that it is asked in.
_STYLE = "alpaca"


@dataclass(frozen=True)
class Shape:
    """Sizes of the model, in LitGPT's words."""

    vocab_size: int = 4096
    n_layer: int = 2
    n_embd: int = 128
    n_head: int = 4
    n_query_groups: int = 2
    block_size: int = 2048

    @property
    def intermediate_size(self) -> int:
        # Llama's 8/3, rounded up to a multiple of 32.
        return -(-self.n_embd * 8 // 3 // 32) * 32


def check_replaceable(out: Path) -> None:
    """Only an earlier work of this command is ever deleted.

    Raises:
        TrainError: `out` is a file, or a folder that holds something else.
    """
    if out.exists() and not (out / _MARK).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise TrainError(f"{out} holds something that `train tiny` did not make: give another --out")


def earlier_checkpoint(out: Path, digest: str) -> dict[str, Any] | None:
    """What was written of the checkpoint in the folder, where it is whole and made from the same; else None."""
    try:
        record = json.loads((out / _MARK).read_text())
    except (OSError, ValueError):
        return None
    weights = ("lit_model.pth", "model.safetensors")
    whole = record.get("digest") == digest and any((out / name).is_file() for name in weights)
    record.pop("corpus", None)
    return dict(record, kept=True) if whole else None


def make(options: argparse.Namespace, shape: Shape, steps: int, digest: str) -> dict[str, Any]:
    """A checkpoint, written to a new folder that then takes `out`'s place."""
    began = time.monotonic()
    texts = read_corpus(options.corpus)
    with folder_beside(options.out) as temporary:
        try:
            figures = _into(temporary, options, shape, steps, texts)
            outcome = {"digest": digest, **figures, "seconds": round(time.monotonic() - began, 2), "kept": False}
            corpus = [str(path.resolve()) for path in options.corpus]
            (temporary / _MARK).write_text(json.dumps(outcome | {"corpus": corpus}))
        except OSError as error:
            raise TrainError(f"cannot write {options.out}: {error.strerror or error}") from error
        take_place(temporary, options.out)
    return outcome


def _into(folder: Path, options: argparse.Namespace, shape: Shape, steps: int, texts: list[str]) -> dict[str, Any]:
    """The checkpoint itself; its parameters, vocabulary, form and loss."""
    if options.like:
        from train.models.architectures import make_tiny

        more = {"form": options.form, "vocab_size": shape.vocab_size, "pretrain_steps": steps}
        return make_tiny(options.like, texts, folder, options.seed, **more)
    tokenizer = train_tokenizer(texts, shape.vocab_size)
    model, config = build(shape, tokenizer.get_vocab_size(), options.seed)
    loss = pretrain(model, encode(tokenizer, texts), steps, options.seed)
    write(folder, model, config, tokenizer)
    parameters = sum(weight.numel() for weight in model.parameters())
    return {"parameters": parameters, "vocabulary": tokenizer.get_vocab_size(), "form": "litgpt", "loss": loss}


def build(shape: Shape, vocabulary: int, seed: int) -> tuple[Any, Any]:
    """(model, config): litgpt.GPT with seeded random weights, std 0.02 as Llama's."""
    import torch
    from litgpt import GPT, Config

    config = Config(
        name="newsmill-tiny",
        block_size=shape.block_size,
        n_layer=shape.n_layer,
        n_embd=shape.n_embd,
        n_head=shape.n_head,
        n_query_groups=shape.n_query_groups,
        vocab_size=vocabulary,
        padding_multiple=64,
        rotary_percentage=1.0,
        parallel_residual=False,
        bias=False,
        norm_class_name="RMSNorm",
        mlp_class_name="LLaMAMLP",
        intermediate_size=shape.intermediate_size,
    )
    torch.manual_seed(seed)
    model = GPT(config)
    for module in model.modules():
        if isinstance(module, torch.nn.Linear | torch.nn.Embedding):
            torch.nn.init.normal_(module.weight, std=0.02)
    return model, config


def write(folder: Path, model: Any, config: Any, tokenizer: Tokenizer) -> None:
    """A LitGPT checkpoint folder, complete for fine-tuning and for conversion to Hugging Face."""
    import torch
    from litgpt.prompts import save_prompt_style
    from litgpt.utils import save_config

    from train.styles import style_named

    torch.save(model.state_dict(), folder / "lit_model.pth")
    save_config(config, folder)
    save_prompt_style(_STYLE, folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    ids = {name: tokenizer.token_to_id(token) for name, token in (("pad", PAD), ("bos", BOS), ("eos", EOS))}
    tokens = {"pad_token": PAD, "bos_token": BOS, "eos_token": EOS}
    _json(folder / "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", **tokens, "model_max_length": config.block_size,
        "clean_up_tokenization_spaces": False, "add_bos_token": False,
        "chat_template": style_named(_STYLE).chat_template,
    })  # fmt: skip
    token_ids = {f"{name}_token_id": number for name, number in ids.items()}
    _json(folder / "generation_config.json", {**token_ids, "max_length": config.block_size})
    _json(folder / "config.json", {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", **token_ids, "hidden_act": "silu",
        "hidden_size": config.n_embd, "intermediate_size": config.intermediate_size, "head_dim": config.head_size,
        "num_attention_heads": config.n_head, "num_key_value_heads": config.n_query_groups,
        "num_hidden_layers": config.n_layer, "vocab_size": config.padded_vocab_size,
        "max_position_embeddings": config.block_size, "rms_norm_eps": config.norm_eps,
        "rope_theta": float(config.rope_base), "attention_bias": False, "mlp_bias": False,
        "tie_word_embeddings": False, "torch_dtype": "float32",
    })  # fmt: skip


def _json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
