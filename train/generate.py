"""`train generate`: texts from prompts, seeded per prompt, so that a part done twice or resumed reads the same."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.rows import read_prompts, request_of
from train.tiny import progress


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "example: train generate --checkpoint out/tiny-news/final --prompts export/litgpt/val.json --out after.jsonl"
    )
    parser.add_argument("--checkpoint", type=Path, required=True, help="LitGPT checkpoint folder")
    parser.add_argument("--prompts", type=Path, required=True, help="rows with instruction (and input), or prompt")
    parser.add_argument("--out", type=Path, required=True, help="JSON lines: id, prompt, text, model, seed, stage")
    parser.add_argument("--limit", type=int, help="prompts to answer, from the first on")
    parser.add_argument("--max-new-tokens", type=int, default=120, help="length of an answer (120)")
    parser.add_argument("--temperature", type=float, default=0.8, help="0 takes the likeliest token (0.8)")
    parser.add_argument("--top-k", type=int, default=50, help="tokens to choose from (50)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stage", default="", help="a word kept in each row, such as before or after")


def main(options: argparse.Namespace) -> int:
    if options.max_new_tokens < 1 or options.temperature < 0 or options.top_k < 1:
        raise TrainError("--max-new-tokens and --top-k must be 1 at least, --temperature 0 at least")
    if options.limit is not None and options.limit < 1:
        raise TrainError("--limit must be 1 at least")
    rows = read_prompts(options.prompts, options.limit)
    settings = Settings(options.max_new_tokens, options.temperature, options.top_k, options.seed)
    done = repair(options.out, (model_name(options.checkpoint), options.stage, settings.seed, digest(settings)))
    todo = {key: row for key, row in rows.items() if key not in done}
    shortened = write_texts(options, todo, settings) if todo else 0
    outcome = {"out": str(options.out), "written": len(todo), "kept": len(rows) - len(todo), "shortened": shortened}
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
    temperature: float
    top_k: int
    seed: int


def model_name(checkpoint: Path) -> str:
    """The last two parts of the folder's name, enough to tell models apart and free of one machine's paths."""
    return "/".join(checkpoint.resolve().parts[-2:])


def repair(out: Path, made: tuple[str, str, int, str]) -> set[str]:
    """Ids already answered in `out` by the same (model, stage, seed, settings); a line torn by a kill is cut off.

    Raises:
        TrainError: the file holds texts of another model, stage or settings, or something else altogether.
    """
    if not out.exists():
        return set()
    whole = out.read_bytes()
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


def digest(settings: Settings) -> str:
    return hashlib.sha256(repr(settings).encode()).hexdigest()[:8]


def write_texts(options: argparse.Namespace, rows: dict[str, dict[str, Any]], settings: Settings) -> int:
    """Answer the rows, each line on disk before the next is begun; how many prompts had to be shortened."""
    writer = Writer(options.checkpoint)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    shortened = 0
    with options.out.open("a", encoding="utf-8") as out:
        for key, row in progress(rows.items(), "generate"):
            prompt, cut = writer.prompt(row, settings.max_new_tokens)
            shortened += cut
            line = {
                "id": key, "prompt": prompt, "text": writer.answer(prompt, key, settings),
                "model": model_name(options.checkpoint), "seed": settings.seed, "stage": options.stage,
                "settings": digest(settings),
            }  # fmt: skip
            try:
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
                out.flush()
                os.fsync(out.fileno())
            except OSError as error:
                raise TrainError(f"cannot write {options.out}: {error.strerror or error}") from error
    return shortened


class Writer:
    """A checkpoint ready to write: LitGPT's model, tokenizer and the prompt style it was tuned with.

    Raises:
        TrainError: the folder is no LitGPT checkpoint; names what it lacks.
    """

    def __init__(self, checkpoint: Path) -> None:
        import torch
        from litgpt import GPT, Config, PromptStyle, Tokenizer
        from litgpt.prompts import has_prompt_style, load_prompt_style
        from litgpt.utils import check_valid_checkpoint_dir

        try:
            check_valid_checkpoint_dir(checkpoint, verbose=False, raise_error=True)
        except FileNotFoundError as error:
            raise TrainError(str(error).splitlines()[0]) from error
        self.config = Config.from_file(checkpoint / "model_config.yaml")
        self.tokenizer = Tokenizer(checkpoint)
        self.style = (
            load_prompt_style(checkpoint) if has_prompt_style(checkpoint) else PromptStyle.from_config(self.config)
        )
        weights = torch.load(checkpoint / "lit_model.pth", mmap=True, weights_only=True)
        with torch.device("meta"):
            self.model = GPT(self.config)
        self.model.load_state_dict(weights.get("model", weights), assign=True)
        # What is computed, not learned, is not in the checkpoint.
        self.model.max_seq_length = self.config.block_size
        self.model.cos, self.model.sin = self.model.rope_cache(device="cuda" if torch.cuda.is_available() else "cpu")
        self.model = self.model.to("cuda" if torch.cuda.is_available() else "cpu").eval()

    def prompt(self, row: dict[str, Any], room: int) -> tuple[str, bool]:
        """(prompt in the model's style, whether the input had to be shortened to leave `room` tokens)."""
        instruction, given = request_of(row)
        most = self.config.block_size - room - 1
        for kept in self._shorter(given):
            prompt = self.style.apply(instruction, input=kept)
            if len(self.tokenizer.encode(prompt)) <= most:
                return prompt, kept != given
        # Not even the bare instruction fits: its end is nearest to the answer.
        tokens = self.tokenizer.encode(self.style.apply(instruction, input=""))
        return self.tokenizer.decode(tokens[-most:]), True

    def _shorter(self, given: str) -> Iterator[str]:
        """The input, then ever less of its end."""
        yield given
        tokens = self.tokenizer.encode(given)
        length = min(len(tokens), self.config.block_size)
        while length > 16:
            length = length * 7 // 8
            yield self.tokenizer.decode(tokens[:length])
        yield ""

    def answer(self, prompt: str, key: str, settings: Settings) -> str:
        """The model's text after the prompt, seeded by (seed, key) alone."""
        import torch
        from litgpt.generate.base import generate

        seed = int.from_bytes(hashlib.sha256(f"{settings.seed}\0{key}".encode()).digest()[:4], "big")
        torch.manual_seed(seed)
        device = next(self.model.parameters()).device
        tokens = self.tokenizer.encode(prompt, device=device)
        with torch.inference_mode():
            self.model.set_kv_cache(batch_size=1, device=device)
            out = generate(
                self.model, tokens, len(tokens) + settings.max_new_tokens,
                temperature=settings.temperature, top_k=settings.top_k,
                eos_id=self.tokenizer.eos_id, include_prompt=False,
            )  # fmt: skip
            self.model.clear_kv_cache()
        ids = [number for number in out.tolist() if number != self.tokenizer.eos_id]
        return str(self.tokenizer.decode(torch.tensor(ids))).strip() if ids else ""
