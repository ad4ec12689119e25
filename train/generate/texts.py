"""The texts of `train generate`: written in batches, each on disk before the next; earlier ones are kept."""

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
from train.generate.prompts import Request
from train.models.language_model import Written, load_model, name_of
from train.models.sampling import Sampling
from train.progress import progress


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


def digest(settings: Settings) -> str:
    """A short mark of the settings; other settings, another mark."""
    return hashlib.sha256(repr(settings).encode()).hexdigest()[:8]


def repair(out: Path, settings: tuple[str, str, int, str]) -> set[str]:
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
        same = all((row["model"], row["stage"], row["seed"], row["settings"]) == settings for row in rows)
        finished = {row["id"] for row in rows}
    except (ValueError, KeyError, TypeError) as error:
        raise TrainError(f"{out} holds something else than texts of `train generate`: give another --out") from error
    if not same:
        raise TrainError(f"{out} holds texts of another model or other settings: give another --out or remove it")
    if complete != whole:
        with out.open("r+b") as handle:
            handle.truncate(len(complete))
    return finished


def write_texts(options: argparse.Namespace, requests: Mapping[str, Request], settings: Settings) -> int:
    """Answer the requests, each batch on disk before the next is begun; how many prompts had to be shortened."""
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
        "model": name_of(options.checkpoint), "seed": settings.seed, "stage": options.stage,
        "settings": digest(settings),
    }  # fmt: skip
    import torch

    try:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        with options.out.open("a", encoding="utf-8") as out:
            for index, text in progress(_Rows(batches, len(keys), out), "generate"):
                line = row_of(requests[keys[index]], prompts[index].text, text) | common
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

    def __init__(self, batches: Iterator[tuple[list[int], list[Written]]], count: int, out: Any) -> None:
        self.batches, self.count, self.out = batches, count, out

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[tuple[int, str]]:
        for places, batch in self.batches:
            yield from zip(places, (written.text for written in batch), strict=True)
            self.out.flush()
            os.fsync(self.out.fileno())


def row_of(request: Request, prompt: str, text: str) -> dict[str, Any]:
    """What is known of the request and the text; language, reference and sources where the row has them.

    question: the user's turn as it was given; prompt: the whole of what the model read, in its own style.
    """
    more = {"language": request.language, "reference": request.reference, "sources": list(request.sources)}
    fields = {"id": request.id, "question": request.messages[-1]["content"], "prompt": prompt, "text": text}
    return fields | {key: value for key, value in more.items() if value}


def seed_of(seed: int, key: str) -> int:
    """A prompt's own seed: neither its place in the file nor its batch has a part in it."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{key}".encode()).digest()[:4], "big")


def sort_lines(out: Path, order: list[str]) -> None:
    """Put the lines in the order of the prompts: batches are made by length, and the file must not tell how."""
    position = {key: index for index, key in enumerate(order)}
    lines = [line for line in out.read_text(encoding="utf-8").split("\n") if line]
    ordered = sorted(lines, key=lambda line: position.get(json.loads(line)["id"], len(position)))
    if ordered == lines:
        return
    write_whole(out, "".join(f"{line}\n" for line in ordered))
