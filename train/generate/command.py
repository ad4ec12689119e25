"""`train generate`: texts from prompts, in batches, seeded per prompt, so that a part done again reads the same."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.atomic_files import write_whole
from train.errors import TrainError
from train.generate.prompts import TASKS, Request, read_requests
from train.models.sampling import Sampling
from train.progress import progress


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = """examples:
  train generate --checkpoint out/tiny-news/final --prompts export/litgpt/val.json --out after.jsonl
  train generate --checkpoint out/gemma/final --prompts export --split test --out after.jsonl --stage after
  train generate --checkpoint out/bloom/final --prompts articles.jsonl --task article --out written.jsonl"""
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder of a model or adapter, of either form")
    parser.add_argument("--base", type=Path, help="folder of the model under an adapter, where it has moved")
    parser.add_argument("--style", help="prompt style, such as chatml, gemma, alpaca-vi (the one it was tuned in)")
    parser.add_argument("--device", help="cpu, cuda, cuda:1 … (CUDA where there is one)")
    parser.add_argument("--quantize", help="4-bit weights: bnb.nf4, bnb.nf4-dq, bnb.fp4, bnb.fp4-dq")
    asked = parser.add_argument_group("prompts")
    asked.add_argument(
        "--prompts", type=Path, nargs="+", required=True, metavar="PATH",
        help="folders of `synth export`, or files of rows with instruction and input, messages, or prompt",
    )  # fmt: skip
    asked.add_argument("--split", default="", help="of a folder: train, val, test or all (test, else val)")
    asked.add_argument("--task", choices=TASKS, help="of article files: headline and lead -> article, or -> summary")
    asked.add_argument("--instruction", default="", help="the words that --task asks in (its own, in it, vi or en)")
    asked.add_argument("--language", default="", help="of rows that do not say theirs")
    asked.add_argument("--limit", type=int, help="prompts to answer, from the first on")
    written = parser.add_argument_group("texts")
    written.add_argument("--out", type=Path, required=True, help="JSON lines: id, prompt, text, model, seed, stage …")
    written.add_argument("--max-new-tokens", type=int, default=120, help="length of an answer (120)")
    written.add_argument("--temperature", type=float, default=0.8, help="0 takes the likeliest token (0.8)")
    written.add_argument("--top-k", type=int, default=50, help="tokens to choose from (50)")
    written.add_argument("--top-p", type=float, default=1.0, help="probability to choose from (1: all)")
    written.add_argument(
        "--stop", action="append", default=[], metavar="TEXT", help="ends an answer, besides the style's"
    )
    written.add_argument("--seed", type=int, default=0)
    written.add_argument("--stage", default="", help="a word kept in each row, such as before or after")
    written.add_argument(
        "--batch-size", type=int, default=8192, metavar="TOKENS",
        help="prompt and answer tokens worked on at once; changes speed and memory, not the texts (8192)",
    )  # fmt: skip


def main(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    requests = read_requests(
        options.prompts, split=options.split, task=options.task or "", instruction=options.instruction,
        language=options.language, limit=options.limit,
    )  # fmt: skip
    done = repair(options.out, (folder_name(options.checkpoint), options.stage, settings.seed, digest(settings)))
    todo = {key: request for key, request in requests.items() if key not in done}
    shortened = write_texts(options, todo, settings) if todo else 0
    sort_lines(options.out, list(requests))
    outcome = {"out": str(options.out), "written": len(todo), "kept": len(requests) - len(todo), "shortened": shortened}
    if options.json:
        print(json.dumps(outcome))
    else:
        cut = f", {shortened} prompts shortened to fit" if shortened else ""
        print(f"{options.out}: {len(todo)} texts written, {outcome['kept']} kept{cut}")
    return 0


@dataclass(frozen=True)
class Settings:
    """What a text depends on besides the model and the prompt."""

    max_new_tokens: int
    sampling: Sampling
    seed: int
    stop: tuple[str, ...] = ()
    style: str = ""
    quantize: str = ""
    #: Digest of the weights: a model trained anew in the same folder is another one.
    weights: str = ""


def settings_of(options: argparse.Namespace) -> Settings:
    """Raises:
    TrainError: an option out of its range.
    """
    if options.max_new_tokens < 1 or options.temperature < 0 or options.top_k < 1 or not 0 < options.top_p <= 1:
        raise TrainError("--max-new-tokens and --top-k must be 1 at least, --temperature 0 at least, --top-p 0 to 1")
    if (options.limit is not None and options.limit < 1) or options.batch_size < 1:
        raise TrainError("--limit and --batch-size must be 1 at least")
    sampling = Sampling(options.temperature, options.top_k, options.top_p)
    return Settings(
        options.max_new_tokens, sampling, options.seed, tuple(options.stop), options.style or "",
        options.quantize or "", weights_of(options.checkpoint, options.base),
    )  # fmt: skip


def weights_of(checkpoint: Path, beneath: Path | None = None) -> str:
    from train.models.checkpoint import base_beneath, model_digest

    return model_digest(checkpoint, base=base_beneath(checkpoint, beneath))


def folder_name(checkpoint: Path) -> str:
    from train.models.language_model import name_of

    return name_of(checkpoint)


def digest(settings: Settings) -> str:
    return hashlib.sha256(repr(settings).encode()).hexdigest()[:8]


def repair(out: Path, made: tuple[str, str, int, str]) -> set[str]:
    """Ids already answered in `out` by the same (model, stage, seed, settings); a line torn by a kill is cut off.

    Raises:
        TrainError: the file holds texts of another model, stage or settings, or something else altogether.
    """
    if not out.exists():
        return set()
    if not out.is_file():
        raise TrainError(f"--out {out} is no file")
    try:
        whole = out.read_bytes()
    except OSError as error:
        raise TrainError(f"cannot read {out}: {error.strerror or error}") from error
    complete = whole[: whole.rfind(b"\n") + 1]
    try:
        rows = [json.loads(line) for line in complete.splitlines() if line.strip()]
        same = all((row["model"], row["stage"], row["seed"], row["settings"]) == made for row in rows)
        done = {row["id"] for row in rows}
    except (ValueError, KeyError, TypeError) as error:
        raise TrainError(f"{out} holds something else than texts of `train generate`: give another --out") from error
    if not same:
        raise TrainError(f"{out} holds texts of another model or other settings: give another --out or remove it")
    if complete != whole:
        with out.open("r+b") as handle:
            handle.truncate(len(complete))
    return done


def write_texts(options: argparse.Namespace, requests: Mapping[str, Request], settings: Settings) -> int:
    """Answer the requests, each batch on disk before the next is begun; how many prompts had to be shortened."""
    from train.models.language_model import load_model

    model = load_model(
        options.checkpoint, device=options.device, quantize=options.quantize, base=options.base, style=options.style
    )
    model.batch_tokens = options.batch_size
    if settings.max_new_tokens >= model.block_size:
        raise TrainError(
            f"--max-new-tokens {settings.max_new_tokens} leaves no room for a prompt in {model.block_size}"
        )
    keys = list(requests)
    prompts = [
        model.prompt(request.messages, request.language, settings.max_new_tokens) for request in requests.values()
    ]
    batches = model.write_batches(
        [prompt.ids for prompt in prompts], settings.max_new_tokens, settings.sampling,
        [seed_of(settings.seed, key) for key in keys], settings.stop,
    )  # fmt: skip
    common = {
        "model": folder_name(options.checkpoint), "seed": settings.seed, "stage": options.stage,
        "settings": digest(settings),
    }  # fmt: skip
    import torch

    try:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        with options.out.open("a", encoding="utf-8") as out:
            for place, text in progress(_Rows(batches, len(keys), out), "generate"):
                line = row_of(requests[keys[place]], prompts[place].text, text) | common
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
    except OSError as error:
        raise TrainError(f"cannot write {options.out}: {error.strerror or error}") from error
    except torch.OutOfMemoryError as error:
        raise TrainError(
            f"the GPU's memory is full: a --batch-size below {options.batch_size}, or --quantize bnb.nf4; "
            "what is written stays"
        ) from error
    return sum(prompt.shortened for prompt in prompts)


class _Rows:
    """(place, text) of each row of the batches; one batch is on disk before the next is worked on."""

    def __init__(self, batches: Iterator[tuple[list[int], list[str]]], count: int, out: Any) -> None:
        self.batches, self.count, self.out = batches, count, out

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[tuple[int, str]]:
        for places, texts in self.batches:
            yield from zip(places, texts, strict=True)
            self.out.flush()
            os.fsync(self.out.fileno())


def row_of(request: Request, prompt: str, text: str) -> dict[str, Any]:
    """What is known of the request and the text; language, reference and sources where the row has them.

    question: the user's turn as it was given; prompt: the whole of what the model read, in its own style.
    """
    more = {"language": request.language, "reference": request.reference, "sources": list(request.sources)}
    asked = {"id": request.id, "question": request.messages[-1]["content"], "prompt": prompt, "text": text}
    return asked | {key: value for key, value in more.items() if value}


def seed_of(seed: int, key: str) -> int:
    """A prompt's own seed: neither its place in the file nor its batch has a part in it."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{key}".encode()).digest()[:4], "big")


def sort_lines(out: Path, order: list[str]) -> None:
    """Put the lines in the order of the prompts: batches are made by length, and the file must not tell how."""
    places = {key: place for place, key in enumerate(order)}
    lines = [line for line in out.read_text(encoding="utf-8").split("\n") if line]
    wanted = sorted(lines, key=lambda line: places.get(json.loads(line)["id"], len(places)))
    if wanted == lines:
        return
    write_whole(out, "".join(f"{line}\n" for line in wanted))
