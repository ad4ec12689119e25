"""`train tiny`: a checkpoint small enough for any laptop, with a tokenizer made from the corpus.

It exists so that every recipe, conversion and measurement can be tried without a download. By default it is a small
Llama that learns to imitate the corpus's surface, no more; with `--like NAME`, a model of that architecture.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from train.data.export_files import digest_of
from train.errors import TrainError
from train.tiny.checkpoint import Shape, check_replaceable, earlier_checkpoint, make


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
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
    """Make the checkpoint, or keep the one that is there, and report it."""
    shape = shape_of(options)
    steps = _pretrain_steps(options)
    settings = (options.like, options.form) if options.like else ()
    digest = digest_of(options.corpus, shape, steps, options.seed, *settings)
    check_replaceable(options.out)
    outcome = earlier_checkpoint(options.out, digest) or make(options, shape, steps, digest)
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
        return "litgpt finetune_lora --config $(train recipe tiny/news --path)"
    if outcome["form"] == "huggingface":
        return "train finetune --config RECIPE --config cpu, whose checkpoint_dir is this folder"
    cpu = "$(train recipe cpu --path)"
    return f"litgpt finetune_lora --config RECIPE --config {cpu}, whose checkpoint_dir is this folder"


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
