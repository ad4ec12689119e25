"""`train generate`: texts from prompts, in batches, seeded per prompt, so that a part done again reads the same."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from train.command_line import language_code
from train.errors import TrainError
from train.generate.prompts import TASKS, read_requests
from train.generate.texts import Settings, digest, repair, sort_lines, write_texts
from train.models.checkpoint import base_beneath, model_digest
from train.models.language_model import name_of
from train.models.sampling import Sampling


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `train generate`."""
    parser.epilog = """examples:
  train generate --checkpoint out/tiny-news/final --prompts export/litgpt/val.json --out after.jsonl
  train generate --checkpoint out/gemma/final --prompts export --split test --out after.jsonl --stage after
  train generate --checkpoint out/bloom/final --prompts articles.jsonl --task article --out written.jsonl"""
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder of a model or adapter, of either form")
    parser.add_argument("--base", type=Path, help="folder of the model under an adapter, where it has moved")
    parser.add_argument("--style", help="prompt style, such as chatml, gemma, alpaca-vi (the one it was tuned in)")
    parser.add_argument("--device", help="cpu, cuda, cuda:1 … (CUDA where there is one)")
    parser.add_argument("--quantize", help="4-bit weights: bnb.nf4, bnb.nf4-dq, bnb.fp4, bnb.fp4-dq")
    prompts = parser.add_argument_group("prompts")
    prompts.add_argument(
        "--prompts", type=Path, nargs="+", required=True, metavar="PATH",
        help="folders of `synth export`, or files of rows with instruction and input, messages, or prompt",
    )  # fmt: skip
    prompts.add_argument("--split", default="", help="of a folder: train, val, test or all (test, else val)")
    prompts.add_argument("--task", choices=TASKS, help="of article files: headline and lead -> article, or -> summary")
    prompts.add_argument("--instruction", default="", help="the words that --task asks in (its own, in it, vi or en)")
    prompts.add_argument("--language", type=language_code, default="", help="of rows that do not say theirs")
    prompts.add_argument("--limit", type=int, help="prompts to answer, from the first on")
    texts = parser.add_argument_group("texts")
    texts.add_argument("--out", type=Path, required=True, help="JSON lines: id, prompt, text, model, seed, stage …")
    texts.add_argument("--max-new-tokens", type=int, default=120, help="length of an answer (120)")
    texts.add_argument("--temperature", type=float, default=0.8, help="0 takes the likeliest token (0.8)")
    texts.add_argument("--top-k", type=int, default=50, help="tokens to choose from (50)")
    texts.add_argument("--top-p", type=float, default=1.0, help="probability to choose from (1: all)")
    texts.add_argument(
        "--stop", action="append", default=[], metavar="TEXT", help="ends an answer, besides the style's"
    )
    texts.add_argument("--seed", type=int, default=0)
    texts.add_argument("--stage", default="", help="a word kept in each row, such as before or after")
    texts.add_argument(
        "--batch-size", type=int, default=8192, metavar="TOKENS",
        help="prompt and answer tokens worked on at once; changes speed and memory, not the texts (8192)",
    )  # fmt: skip


def check(options: argparse.Namespace) -> Settings:
    """What a text depends on besides the prompt.

    Raises:
        TrainError: an option is out of range, or the checkpoint is no model.
    """
    if options.max_new_tokens < 1 or options.temperature < 0 or options.top_k < 1 or not 0 < options.top_p <= 1:
        raise TrainError("--max-new-tokens and --top-k must be 1 at least, --temperature 0 at least, --top-p 0 to 1")
    if (options.limit is not None and options.limit < 1) or options.batch_size < 1:
        raise TrainError("--limit and --batch-size must be 1 at least")
    sampling = Sampling(options.temperature, options.top_k, options.top_p)
    return Settings(
        options.max_new_tokens, sampling, options.seed, tuple(options.stop), options.style or "",
        options.quantize or "", model_digest(options.checkpoint, base=base_beneath(options.checkpoint, options.base)),
    )  # fmt: skip


def main(options: argparse.Namespace) -> int:
    """Write the texts that are not there yet."""
    settings = check(options)
    requests = read_requests(
        options.prompts, split=options.split, task=options.task or "", instruction=options.instruction,
        language=options.language, limit=options.limit,
    )  # fmt: skip
    finished = repair(options.out, (name_of(options.checkpoint), options.stage, settings.seed, digest(settings)))
    todo = {key: request for key, request in requests.items() if key not in finished}
    shortened = write_texts(options, todo, settings) if todo else 0
    sort_lines(options.out, list(requests))
    outcome = {"out": str(options.out), "written": len(todo), "kept": len(requests) - len(todo), "shortened": shortened}
    if options.json:
        print(json.dumps(outcome))
    else:
        cut = f", {shortened} prompts shortened to fit" if shortened else ""
        print(f"{options.out}: {len(todo)} texts written, {outcome['kept']} kept{cut}")
    return 0
