"""`train tiny`: a checkpoint small enough for any laptop, with a tokenizer made from the corpus.

It exists so that every recipe, conversion and measurement can be tried without a download. By default it is a small
Llama that learns to imitate the corpus's surface, no more; with `--like NAME`, a model of that architecture.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.data.export_files import digest_of, read_corpus
from train.errors import TrainError

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

PAD, BOS, EOS = "<|pad|>", "<|begin|>", "<|end|>"
_MARK = "made-from.json"
# Alpaca turns as a chat template, for what reads the converted checkpoint.
_CHAT = (
    "{% for message in messages %}{% if message['role'] == 'assistant' %}### Response:\n"
    "{% else %}### Instruction:\n{% endif %}{{ message['content'] }}\n\n{% endfor %}"
    "{% if add_generation_prompt %}### Response:\n{% endif %}"
)


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


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "examples:\n  train tiny --corpus export/litgpt/train.json --out checkpoints/tiny\n"
        "  train tiny --like Gemma-2b --corpus export/litgpt/train.json --out checkpoints/tiny-gemma"
    )
    parser.add_argument("--corpus", nargs="+", type=Path, required=True, help="exports, article files or plain text")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint; replaced as a whole")
    parser.add_argument("--like", metavar="NAME", help="architecture to follow: Llama-3-8B, Gemma-2b, bloom-7b1 …")
    parser.add_argument(
        "--form", choices=["litgpt", "huggingface"], help="with --like: kind of folder (litgpt, where LitGPT knows it)"
    )
    parser.add_argument("--vocab-size", type=int, default=4096, help="tokens in the vocabulary, at most (4096)")
    parser.add_argument("--n-layer", type=int, help="transformer blocks (2; not with --like)")
    parser.add_argument("--n-embd", type=int, help="width, a multiple of 8 (128; not with --like)")
    parser.add_argument(
        "--pretrain-steps", type=int, help="steps of plain language modelling (120; with --like 0: random weights)"
    )
    parser.add_argument("--seed", type=int, default=0)


def main(options: argparse.Namespace) -> int:
    shape = shape_of(options)
    steps = _pretrain_steps(options)
    settings = (options.like, options.form) if options.like else ()
    digest = digest_of(options.corpus, shape, steps, options.seed, *settings)
    check_replaceable(options.out)
    outcome = _made_before(options.out, digest) or make(options, shape, steps, digest)
    if options.json:
        print(json.dumps(outcome))
    else:
        loss = f", loss {outcome['loss']:.2f}" if outcome["loss"] is not None else ""
        print(
            f"{options.out}: {outcome['parameters']:,} parameters, {outcome['vocabulary']:,} tokens{loss}, "
            f"{'already there' if outcome['kept'] else format(outcome['seconds'], '.1f') + ' s'}; next: "
            + _next(options, outcome)
        )
    return 0


def _next(options: argparse.Namespace, outcome: dict[str, Any]) -> str:
    if not options.like:
        return "litgpt finetune_lora --config train/recipes/tiny/news.yaml"
    command = "train finetune" if outcome["form"] == "huggingface" else "litgpt finetune_lora"
    return f"{command} --config RECIPE --config train/recipes/cpu.yaml, whose checkpoint_dir is this folder"


def _pretrain_steps(options: argparse.Namespace) -> int:
    default = 0 if options.like else 120
    steps = default if options.pretrain_steps is None else options.pretrain_steps
    if steps < 0:
        raise TrainError("--pretrain-steps must be 0 at least")
    return int(steps)


def shape_of(options: argparse.Namespace) -> Shape:
    """The sizes asked for.

    Raises:
        TrainError: they make no model, or they are the architecture's own (`--like`).
    """
    if options.like and (options.n_layer is not None or options.n_embd is not None):
        raise TrainError("--n-layer and --n-embd do not go with --like: the architecture's ratios give the sizes")
    if options.form and not options.like:
        raise TrainError("--form goes with --like")
    width = 128 if options.n_embd is None else options.n_embd
    layers = 2 if options.n_layer is None else options.n_layer
    if options.vocab_size < 270:
        raise TrainError("--vocab-size must be 270 at least: 256 bytes and the special tokens")
    if width < 8 or width % 8:
        raise TrainError("--n-embd must be a multiple of 8: four heads of even size")
    if layers < 1:
        raise TrainError("--n-layer must be 1 at least")
    return Shape(vocab_size=options.vocab_size, n_layer=layers, n_embd=width)


def check_replaceable(out: Path) -> None:
    """Only an earlier work of this command is ever deleted.

    Raises:
        TrainError: `out` is a file, or a folder that holds something else.
    """
    if out.exists() and not (out / _MARK).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise TrainError(f"{out} holds something that `train tiny` did not make: give another --out")


def _made_before(out: Path, digest: str) -> dict[str, Any] | None:
    try:
        made = json.loads((out / _MARK).read_text())
    except (OSError, ValueError):
        return None
    weights = ("lit_model.pth", "model.safetensors")
    whole = made.get("digest") == digest and any((out / name).is_file() for name in weights)
    made.pop("corpus", None)
    return dict(made, kept=True) if whole else None


def make(options: argparse.Namespace, shape: Shape, steps: int, digest: str) -> dict[str, Any]:
    """A checkpoint, written to a new folder that then takes `out`'s place."""
    began = time.monotonic()
    texts = read_corpus(options.corpus)
    temporary = options.out.with_name(f".{options.out.name}.{os.getpid()}.new")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        made = _into(temporary, options, shape, steps, texts)
        outcome = {"digest": digest, **made, "seconds": round(time.monotonic() - began, 2), "kept": False}
        corpus = [str(path.resolve()) for path in options.corpus]
        (temporary / _MARK).write_text(json.dumps(outcome | {"corpus": corpus}))
        shutil.rmtree(options.out, ignore_errors=True)
        temporary.rename(options.out)
    except OSError as error:
        raise TrainError(f"cannot write {options.out}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
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


def train_tokenizer(texts: list[str], vocab_size: int, special: Sequence[str] = (PAD, BOS, EOS)) -> Tokenizer:
    """A byte-level BPE: every text of every language can be written in it, nothing is unknown."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    # Vietnamese is written in two Unicode forms; one of them must win.
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def encode(tokenizer: Tokenizer, texts: list[str], eos: str = EOS) -> torch.Tensor:
    """All texts as one stream of token ids, int64 [tokens], each closed by the end token."""
    import torch

    end = tokenizer.token_to_id(eos)
    stream: list[int] = []
    for text in texts:
        stream += [*tokenizer.encode(text).ids, end]
    return torch.tensor(stream, dtype=torch.int64)


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


def pretrain(model: Any, stream: torch.Tensor, steps: int, seed: int, length: int = 256, rows: int = 4) -> float | None:
    """Plain next-token training on random windows of the corpus; the mean loss of the last steps, None without any."""
    import torch

    if not steps:
        return None
    length = min(length, len(stream) - 1)
    if length < 2:
        raise TrainError("the corpus is too short to learn from: a few hundred words at least")
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.1, betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=steps, pct_start=0.1)
    if hasattr(model, "max_seq_length"):
        model.max_seq_length = length
    losses: list[float] = []
    for _ in progress(range(steps), "tiny"):
        starts = torch.randint(0, len(stream) - length, (rows,), generator=generator).tolist()
        windows = torch.stack([stream[start : start + length + 1] for start in starts])
        logits = model(windows[:, :-1])
        # A model of transformers answers with more than the numbers.
        logits = getattr(logits, "logits", logits)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    last = losses[-10:]
    return sum(last) / len(last)


def progress(steps: Any, title: str) -> Any:
    """The steps, with a bar on stderr where that is a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(steps, description=title, console=console, transient=True) if console.is_terminal else steps


def write(folder: Path, model: Any, config: Any, tokenizer: Tokenizer) -> None:
    """A LitGPT checkpoint folder, complete for fine-tuning and for conversion to Hugging Face."""
    import torch
    from litgpt.prompts import save_prompt_style
    from litgpt.utils import save_config

    torch.save(model.state_dict(), folder / "lit_model.pth")
    save_config(config, folder)
    save_prompt_style("alpaca", folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    ids = {name: tokenizer.token_to_id(token) for name, token in (("pad", PAD), ("bos", BOS), ("eos", EOS))}
    tokens = {"pad_token": PAD, "bos_token": BOS, "eos_token": EOS}
    _json(folder / "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", **tokens, "model_max_length": config.block_size,
        "clean_up_tokenization_spaces": False, "add_bos_token": False, "chat_template": _CHAT,
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
